#include "differential_compare.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "klog/reader.h"

namespace oomkit {
namespace {

std::map<std::string, int> counts_of_events(const RunRecord& record) {
  std::map<std::string, int> counts;
  for (const RunEvent& event : record.events)
    ++counts[event.kind];
  return counts;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

class HeldAtKills final : public ReportSink {
 public:
  void on_report(OomReport&& report) override {
    for (const Victim& victim : report.victims) {
      if (!victim.comm || !victim.anon_rss || !victim.file_rss || !victim.shmem_rss) continue;
      held_.emplace_back(*victim.comm, *victim.anon_rss + *victim.file_rss + *victim.shmem_rss);
    }
  }
  void on_other(OtherEvent&&) override {}

  std::vector<std::pair<std::string, KiB>> held_;
};

std::vector<std::pair<std::string, KiB>> held_at_kills(const std::string& log) {
  HeldAtKills sink;
  LogReader reader("log", sink);
  reader.feed(log);
  reader.finish();
  return sink.held_;
}

void compare_held(Comparison& result, const WorldRun& model, const WorldRun& real) {
  const auto in_model = held_at_kills(model.kernel_log);
  const auto on_kernel = held_at_kills(real.kernel_log);
  if (in_model.size() != on_kernel.size()) return;
  for (std::size_t i = 0; i < on_kernel.size(); ++i) {
    if (in_model[i].first != on_kernel[i].first) return;
    const std::int64_t there = on_kernel[i].second.count();
    result.held.count(std::abs(in_model[i].second.count() - there) * 50 <= there);
  }
}

// A boost (after a fragmenting allocation) raises low and high by as much as it is, and in the
// record of a zone with one, min is what it is without.
void compare_levels(Comparison& result, const RunHost& model, const RunHost& real) {
  for (const RunZone& zone : real.zones) {
    if (zone.managed <= Bytes(0)) continue;
    const auto same = std::find_if(model.zones.begin(), model.zones.end(), [&](const RunZone& it) {
      return it.node == zone.node && it.name == zone.name;
    });
    if (same == model.zones.end()) {
      result.levels.count(false);
      continue;
    }
    const Bytes boost = zone.low - same->low;
    const bool boosted = boost > Bytes(0) && zone.high - same->high == boost &&
                         (zone.min - same->min == boost || zone.min == same->min);
    result.levels.count(zone.managed == same->managed && (boosted || zone == *same));
  }
  result.levels.count(model.total == real.total);
  result.levels.count(model.commit_limit == real.commit_limit);
}

void compare_scores(Comparison& result, const RunRecord& model, const RunRecord& real) {
  for (const RunProcess& process : real.processes) {
    const auto same =
        std::find_if(model.processes.begin(), model.processes.end(), [&](const RunProcess& it) {
          return it.comm == process.comm && it.instance == process.instance;
        });
    if (same == model.processes.end() || !process.oom_score || !same->oom_score) continue;
    result.scores.count(*process.oom_score == *same->oom_score);
  }
}

std::optional<std::int64_t> count_named(const NamedCounts& counts, const std::string& name) {
  for (const auto& [each, count] : counts) {
    if (each == name) return count;
  }
  return std::nullopt;
}

void compare_cgroups(Comparison& result, const RunRecord& model, const RunRecord& real) {
  constexpr std::int64_t kStalls = 20'000;  // Less than that is chance.
  for (const RunCgroup& group : real.cgroups) {
    const auto same = std::find_if(model.cgroups.begin(), model.cgroups.end(),
                                   [&](const RunCgroup& it) { return it.path == group.path; });
    if (same == model.cgroups.end()) continue;
    for (const auto& [name, count] : group.events) {
      // What the model has no sockets for.
      if (const auto in_model = count_named(same->events, name))
        result.memory_events.count(*in_model == count);
    }
    if (!group.psi || !same->psi) continue;
    const std::int64_t there = group.psi->full_us;
    const std::int64_t here = same->psi->full_us;
    if (std::max(there, here) < kStalls) continue;
    result.full.count(here <= 2 * there && there <= 2 * here);
  }
}

}  // namespace

bool same_outcome(const RunRecord& a, const RunRecord& b) {
  return a.victims == b.victims && sorted(a.survivors) == sorted(b.survivors) &&
         counts_of_events(a) == counts_of_events(b);
}

Comparison compare_worlds(const WorldRun& model, const WorldRun& real) {
  Comparison result;
  result.victims = model.record.victims == real.record.victims &&
                   sorted(model.record.survivors) == sorted(real.record.survivors);
  result.events = counts_of_events(model.record) == counts_of_events(real.record);
  compare_levels(result, model.record.host, real.record.host);
  compare_scores(result, model.record, real.record);
  compare_held(result, model, real);
  compare_cgroups(result, model.record, real.record);
  return result;
}

std::string kills_of(const RunRecord& record) {
  std::string text;
  for (const RunEvent& event : record.events) {
    if (event.kind != "oom_kill" || !event.comm) continue;
    const std::int64_t tenths = event.t_ms / 100;
    text += (text.empty() ? "" : ", ") + *event.comm + " " + std::to_string(tenths / 10) + "." +
            std::to_string(tenths % 10) + " s";
  }
  return text.empty() ? "nobody" : text;
}

}  // namespace oomkit
