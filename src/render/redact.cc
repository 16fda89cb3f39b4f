#include "render/redact.h"

#include <utility>

namespace oomkit {

void Redactor::redact(std::optional<CgroupIdentity>& identity) {
  if (!identity) return;
  const auto stand_in = [&](std::string_view kind, std::optional<std::string>& name) {
    if (name) name = stand_ins_.name(kind, *name);
  };
  if (identity->pod_uid) identity->pod_uid = stand_ins_.id("pod", *identity->pod_uid);
  if (identity->container_id)
    identity->container_id = stand_ins_.id("container", *identity->container_id);
  stand_in("unit", identity->unit);
  stand_in("guest", identity->lxc);
  stand_in("job", identity->job);
  stand_in("user", identity->user);
}

void Redactor::redact(OomReport& report) {
  if (report.at.host) report.at.host = stand_ins_.host(*report.at.host);
  report.input = stand_ins_.input(report.input);
  if (auto& memcg = report.at.memcg) {
    path(memcg->oom_path);
    path(memcg->task_path);
    memcg->stat_path = stand_ins_.path(memcg->stat_path);
    for (MemcgSubtreeStat& child : memcg->subtree)
      child.path = stand_ins_.path(child.path);
  }
  const auto user = [&](auto& uid) {
    if (uid) uid = stand_ins_.user(*uid);
  };
  for (Task& task : report.at.tasks)
    user(task.uid);
  for (Victim& victim : report.victims) {
    user(victim.uid);
    path(victim.cgroup);
  }
  if (report.trigger) user(report.trigger->uid);
  if (report.selection) {
    user(report.selection->uid);
    path(report.selection->cpuset);
  }
  path(report.oom_group);
  text(report.panic_text);
  text(report.killer_reason);
}

void Redactor::redact(std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    text(finding.title);
    text(finding.detail);
    for (std::string& advice : finding.advice)
      text(advice);
  }
}

Explanation Redactor::redacted(const Explanation& explanation) {
  Explanation copy = explanation;
  stand_ins_.forget();
  // Names first, from the fields that hold them; sentences repeat them. A container's id
  // is learned before its path, which contains it.
  redact(copy.limit_owner);
  redact(copy.victim_owner);
  if (copy.pod_name) copy.pod_name = stand_ins_.name("namespace/pod", *copy.pod_name);
  redact(copy.report);
  text(copy.verdict);
  text(copy.headline);
  text(copy.who_asked);
  if (copy.ledger) {
    for (LedgerRow& row : copy.ledger->rows)
      text(row.note);
  }
  redact(copy.findings);
  return copy;
}

Incident Redactor::redacted(const Incident& incident) {
  Incident copy = incident;
  stand_ins_.forget();
  if (copy.host) copy.host = stand_ins_.host(*copy.host);
  std::optional<CgroupIdentity> identity = identify_cgroup(copy.scope, std::nullopt);
  redact(identity);
  copy.scope = stand_ins_.path(copy.scope);
  text(copy.title);
  redact(copy.findings);
  return copy;
}

OtherEvent Redactor::redacted(const OtherEvent& event) {
  OtherEvent copy = event;
  copy.input = stand_ins_.input(copy.input);
  text(copy.sentence);
  return copy;
}

InputLine Redactor::redacted(const InputLine& input) {
  InputLine copy = input;
  copy.name = stand_ins_.input(copy.name);
  return copy;
}

namespace {

class RedactingRenderer final : public Renderer {
 public:
  explicit RedactingRenderer(std::unique_ptr<Renderer> inner) : inner_(std::move(inner)) {}

  void begin() override { inner_->begin(); }
  void report(std::size_t index, const Explanation& explanation) override {
    inner_->report(index, redactor_.redacted(explanation));
  }
  void other(const OtherEvent& event) override { inner_->other(redactor_.redacted(event)); }
  void incident(const Incident& incident) override {
    inner_->incident(redactor_.redacted(incident));
  }
  void end(const std::vector<InputLine>& inputs, const DamageCounts& damage) override {
    std::vector<InputLine> redacted;
    redacted.reserve(inputs.size());
    for (const InputLine& input : inputs)
      redacted.push_back(redactor_.redacted(input));
    inner_->end(redacted, damage);
  }
  void flush() override { inner_->flush(); }

 private:
  std::unique_ptr<Renderer> inner_;
  Redactor redactor_;
};

}  // namespace

std::unique_ptr<Renderer> make_redacting_renderer(std::unique_ptr<Renderer> inner) {
  return std::make_unique<RedactingRenderer>(std::move(inner));
}

}  // namespace oomkit
