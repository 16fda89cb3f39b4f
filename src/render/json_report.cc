#include "render/json_report.h"

#include <charconv>
#include <string>
#include <variant>

#include "kernel/gfp.h"
#include "render/quantity.h"

namespace oomkit {
namespace {

std::optional<Bytes> kib_bytes(const std::optional<KiB>& kib) {
  return kib ? std::optional(to_bytes(*kib)) : std::nullopt;
}

std::string_view name_of(Victim::Role role) {
  switch (role) {
    case Victim::Role::chosen:
      return "chosen";
    case Victim::Role::child:
      return "child";
    case Victim::Role::group_member:
      return "group_member";
    case Victim::Role::shares_memory:
      return "shares_memory";
  }
  return "chosen";
}

void write_strings(JsonWriter& json, std::string_view name, const std::vector<std::string>& list) {
  json.plain_key(name);
  json.begin_array();
  for (const std::string& item : list)
    json.value(item);
  json.end_array();
}

// The mask as the log has it, and its flags as printed: [] for a printed "()", null where
// the kernel printed none.
void write_gfp(JsonWriter& json, const std::optional<std::uint64_t>& mask,
               const std::optional<std::string>& text) {
  json.plain_key("gfp_mask");
  if (mask) {
    char digits[24] = "0x";
    const auto [end, error] = std::to_chars(digits + 2, digits + sizeof(digits), *mask, 16);
    json.value(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  } else {
    json.null();
  }
  if (!text) {
    json.plain_key("gfp_flags");
    return json.null();
  }
  write_strings(json, "gfp_flags",
                text->empty() ? std::vector<std::string>{} : split_gfp_text(*text));
}

// The flags by our tables, where the kernel did not print them.
void write_gfp_decoded(JsonWriter& json, const OomReport& report) {
  const Trigger& trigger = *report.trigger;
  if (trigger.gfp_text || !trigger.gfp_mask || !report.at.kernel_release) return;
  const auto version = parse_kernel_version(*report.at.kernel_release);
  if (!version) return;
  write_strings(json, "gfp_decoded", decode_gfp(*trigger.gfp_mask, gfp_layout(*version)));
}

void write_trigger(JsonWriter& json, const OomReport& report) {
  static const Trigger unknown;
  const Trigger& trigger = report.trigger ? *report.trigger : unknown;
  json.plain_key("trigger");
  json.begin_object();
  json.plain_key("comm");
  if (report.trigger) {
    json.value(trigger.comm);
  } else {
    json.null();
  }
  json.plain_field("pid", trigger.pid);
  json.plain_field("uid", trigger.uid);
  write_gfp(json, trigger.gfp_mask, trigger.gfp_text);
  if (report.trigger) write_gfp_decoded(json, report);
  json.plain_field("order", trigger.order);
  json.plain_field("oom_score_adj", trigger.oom_score_adj);
  json.plain_field("oom_adj", trigger.oom_adj);
  json.plain_field("nodemask", trigger.nodemask);
  json.plain_field("cpu", trigger.cpu);
  json.plain_field("line", trigger.line);
  json.end_object();
}

void write_selection(JsonWriter& json, const OomReport& report) {
  static const Selection unknown;
  const Selection& selection = report.selection ? *report.selection : unknown;
  json.plain_field("constraint", name_of(report.constraint));
  json.plain_field("constraint_source", name_of(report.constraint_source));
  json.plain_field("constraint_word", selection.constraint_word);
  json.plain_field("nodemask", selection.nodemask);
  json.plain_field("cpuset", selection.cpuset);
  json.plain_field("mems_allowed", selection.mems_allowed);
  json.plain_key("chosen");
  if (!report.selection) return json.null();
  json.begin_object();
  json.plain_field("comm", selection.comm);
  json.plain_field("pid", selection.pid);
  json.plain_field("uid", selection.uid);
  json.plain_field("score", selection.score);
  json.plain_field("line", selection.line);
  json.end_object();
}

// A userspace killer names its victim's score; the kernel named that of its choice, up to
// 5.1, on the line before the kill.
std::optional<std::int64_t> score_of(const OomReport& report, const Victim& victim) {
  const bool chosen = victim.role == Victim::Role::chosen && report.selection;
  return !victim.score && chosen ? report.selection->score : victim.score;
}

void write_victim(JsonWriter& json, const OomReport& report, const Victim& victim) {
  json.begin_object();
  json.plain_field("pid", victim.pid);
  json.plain_field("comm", victim.comm);
  json.plain_field("uid", victim.uid);
  json.plain_field("total_vm_bytes", kib_bytes(victim.total_vm));
  json.plain_field("anon_rss_bytes", kib_bytes(victim.anon_rss));
  json.plain_field("file_rss_bytes", kib_bytes(victim.file_rss));
  json.plain_field("shmem_rss_bytes", kib_bytes(victim.shmem_rss));
  json.plain_field("pgtables_bytes", kib_bytes(victim.pgtables));
  json.plain_field("oom_score_adj", victim.oom_score_adj);
  json.plain_field("reaped", victim.reaped);
  json.plain_field("killer", name_of(report.killer));
  json.plain_field("role", name_of(victim.role));
  json.plain_field("rss_bytes", kib_bytes(victim.rss));
  json.plain_field("score", score_of(report, victim));
  json.plain_field("signal", victim.signal);
  json.plain_field("escalated_to", victim.escalated_to);
  json.plain_field("cgroup", victim.cgroup);
  json.plain_field("already_exiting", victim.already_exiting);
  json.plain_field("reaped_anon_rss_bytes", kib_bytes(victim.reaped_anon_rss));
  json.plain_field("reaped_file_rss_bytes", kib_bytes(victim.reaped_file_rss));
  json.plain_field("reaped_shmem_rss_bytes", kib_bytes(victim.reaped_shmem_rss));
  json.plain_field("line", victim.line);
  json.plain_field("reap_line", victim.reap_line);
  json.end_object();
}

void write_time(JsonWriter& json, const Snapshot& at) {
  json.plain_key("time");
  if (at.time) {
    json.value(iso_time_text(*at.time));
  } else {
    json.null();
  }
  json.plain_field("time_zone_known", at.time ? std::optional(at.time->zone_known) : std::nullopt);
  json.plain_field("time_year_known", at.time ? std::optional(at.time->year_known) : std::nullopt);
  json.plain_field("uptime_s", at.uptime
                                   ? std::optional(static_cast<double>(at.uptime->count()) / 1e9)
                                   : std::nullopt);
}

void write_head(JsonWriter& json, std::size_t index, const OomReport& report) {
  json.plain_field("index", static_cast<std::uint64_t>(index));
  json.plain_field("input", report.input);
  json.plain_field("first_line", report.first_line);
  json.plain_field("last_line", report.last_line);
  write_time(json, report.at);
  json.plain_field("host", report.at.host);
  json.plain_field("kernel", report.at.kernel_release);
  json.plain_field("hardware", report.hardware);
  json.plain_field("taint", report.taint);
  json.plain_field("killer", name_of(report.killer));
  json.plain_field("killer_reason", report.killer_reason);
  json.plain_field("complete", report.complete);
  json.plain_key("missing");
  json.begin_array();
  for (const Part part : report.missing)
    json.value(name_of(part));
  json.end_array();
  json.plain_field("begins_cut", report.begins_cut);
  json.plain_field("ends_cut", report.ends_cut);
  json.plain_field("elided", report.elided);
  json.plain_field("lines_lost", report.lines_lost);
  json.plain_field("damaged_lines", report.damaged_lines);
  json.plain_field("suppressed_before", report.suppressed_before);
  json.plain_field("tasks_dropped", report.tasks_dropped);
}

void write_predicted(JsonWriter& json, const Explanation& explanation) {
  json.plain_key("predicted_victim");
  const auto& tasks = explanation.report.at.tasks;
  if (!explanation.predicted || *explanation.predicted >= tasks.size()) return json.null();
  const Task& task = tasks[*explanation.predicted];
  json.begin_object();
  json.plain_field("pid", task.pid);
  json.plain_field("comm", task.comm);
  json.plain_field("agrees", explanation.predicted_agrees);
  json.end_object();
}

void write_name_sums(JsonWriter& json, const std::vector<NameSum>& sums) {
  json.plain_key("by_name");
  json.begin_array();
  for (const NameSum& sum : sums) {
    json.begin_object();
    json.plain_field("comm", sum.comm);
    json.plain_field("count", static_cast<std::uint64_t>(sum.count));
    json.plain_field("rss_bytes", sum.rss);
    json.plain_field("swap_bytes", sum.swap);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_findings(JsonWriter& json, const std::vector<Finding>& findings) {
  json.plain_key("findings");
  json.begin_array();
  for (const Finding& finding : findings) {
    json.begin_object();
    json.plain_field("id", name_of(finding.id));
    json.plain_field("severity", name_of(finding.severity));
    json.plain_field("title", finding.title);
    json.plain_field("detail", finding.detail);
    json.plain_key("numbers");
    json.begin_object();
    for (const Number& number : finding.numbers) {
      json.key(number.name);
      std::visit([&](const auto value) { json.value(value); }, number.value);
    }
    json.end_object();
    json.plain_key("lines");
    json.begin_array();
    for (const std::uint64_t line : finding.lines)
      json.value(line);
    json.end_array();
    write_strings(json, "advice", finding.advice);
    json.end_object();
  }
  json.end_array();
}

void write_report(JsonWriter& json, std::size_t index, const Explanation& explanation,
                  const Drain& drain) {
  const OomReport& report = explanation.report;
  json.begin_object();
  write_head(json, index, report);
  write_trigger(json, report);
  write_selection(json, report);
  json.plain_field("verdict", name_of(report.verdict));
  json.plain_field("verdict_text", explanation.verdict);
  json.plain_field("headline", explanation.headline);
  json.plain_field("who_asked", explanation.who_asked);
  json.plain_key("page_size_bytes");
  if (report.at.page_size) {
    json.value(bytes_of(*report.at.page_size));
  } else {
    json.null();
  }
  json.plain_field("manual", report.manual);
  json.plain_field("allocating_task_killed", report.allocating_task_killed);
  json.plain_field("panic_text", report.panic_text);
  json.plain_field("oom_group", report.oom_group);
  write_memcg(json, explanation);
  write_host_memory(json, explanation);
  write_ledger(json, explanation);
  json.plain_field("tasks_listed", static_cast<std::uint64_t>(report.at.tasks.size()));
  write_tasks(json, explanation, drain);
  json.plain_key("victims");
  json.begin_array();
  for (const Victim& victim : report.victims)
    write_victim(json, report, victim);
  json.end_array();
  write_predicted(json, explanation);
  write_name_sums(json, explanation.by_name);
  write_strings(json, "stack", report.stack);
  write_findings(json, explanation.findings);
  json.end_object();
}

void write_other(JsonWriter& json, const OtherEvent& event) {
  json.begin_object();
  json.plain_field("class", name_of(event.kind));
  json.plain_field("input", event.input);
  json.plain_field("first_line", event.first_line);
  json.plain_field("last_line", event.last_line);
  json.plain_field("comm", event.comm);
  json.plain_field("order", event.order);
  write_gfp(json, event.gfp_mask, event.gfp_text);
  json.plain_field("sentence", event.sentence);
  json.end_object();
}

}  // namespace oomkit
