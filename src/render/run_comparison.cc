#include "render/run_comparison.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/json_writer.h"
#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/text_table.h"

namespace oomkit {
namespace {

// A soft difference is worth a line from this share of the larger value on.
constexpr double kShare = 0.05;

std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "nobody" : text;
}

using Counts = std::map<std::string, std::int64_t, std::less<>>;

Counts events_by_kind(const RunRecord& record) {
  Counts counts;
  for (const RunEvent& event : record.events)
    ++counts[event.kind];
  return counts;
}

class Comparer {
 public:
  Comparer(const RunRecord& a, const RunRecord& b) : a_(a), b_(b) {}

  RunComparison run() {
    text("victims", names_text(a_.victims), names_text(b_.victims), true);
    text("survivors", names_text(a_.survivors), names_text(b_.survivors), true);
    compare_events();
    result_.same = result_.differences.empty();
    text("scenario", a_.scenario, b_.scenario);
    text("world", a_.world, b_.world);
    text("kernel", a_.kernel.value_or("unknown"), b_.kernel.value_or("unknown"));
    text("seed", std::to_string(a_.seed), std::to_string(b_.seed));
    text("ended", a_.ended.value_or("unknown"), b_.ended.value_or("unknown"));
    duration("duration", a_.duration_ms, b_.duration_ms);
    compare_kill_times();
    compare_processes();
    compare_cgroups();
    compare_host();
    return std::move(result_);
  }

 private:
  void compare_events() {
    const Counts a = events_by_kind(a_);
    const Counts b = events_by_kind(b_);
    Counts kinds = a;
    kinds.insert(b.begin(), b.end());
    const auto of = [](const Counts& counts, const std::string& kind) {
      const auto it = counts.find(kind);
      return std::to_string(it == counts.end() ? 0 : it->second);
    };
    for (const auto& [kind, count] : kinds)
      text("events." + kind, of(a, kind), of(b, kind), true);
  }

  void compare_kill_times() {
    std::size_t number = 0;
    auto in_b = b_.events.begin();
    const auto is_kill = [](const RunEvent& event) { return event.kind == "oom_kill"; };
    for (const RunEvent& event : a_.events) {
      if (!is_kill(event)) continue;
      in_b = std::find_if(in_b, b_.events.end(), is_kill);
      if (in_b == b_.events.end()) return;
      duration("kill " + std::to_string(++number) + " (" + event.comm.value_or("?") + ")",
               event.t_ms, in_b->t_ms);
      ++in_b;
    }
  }

  void compare_processes() {
    for (const RunProcess& process : a_.processes) {
      const auto other =
          std::find_if(b_.processes.begin(), b_.processes.end(), [&](const RunProcess& it) {
            return it.comm == process.comm && it.instance == process.instance;
          });
      const std::string what = process.comm + "." + std::to_string(process.instance);
      if (other == b_.processes.end()) continue;
      text(what + " state", process.state, other->state);
      size(what + " rss", process.rss, other->rss);
      size(what + " swap", process.swap, other->swap);
    }
  }

  void compare_cgroups() {
    for (const RunCgroup& cgroup : a_.cgroups) {
      const auto other = std::find_if(b_.cgroups.begin(), b_.cgroups.end(),
                                      [&](const RunCgroup& it) { return it.path == cgroup.path; });
      if (other == b_.cgroups.end()) continue;
      size(cgroup.path + " usage", cgroup.usage, other->usage);
      size(cgroup.path + " peak", cgroup.max_usage, other->max_usage);
      size(cgroup.path + " swap", cgroup.swap, other->swap);
    }
  }

  void compare_host() {
    size("host total", a_.host.total, b_.host.total);
    size("host available", a_.host.available, b_.host.available);
    if (a_.host.psi && b_.host.psi) {
      duration("host psi some", a_.host.psi->some_us / 1000, b_.host.psi->some_us / 1000);
      duration("host psi full", a_.host.psi->full_us / 1000, b_.host.psi->full_us / 1000);
    }
  }

  void text(std::string what, std::string a, std::string b, bool hard = false) {
    if (a != b) result_.differences.push_back({std::move(what), std::move(a), std::move(b), hard});
  }

  static bool close(std::int64_t a, std::int64_t b) {
    const auto x = static_cast<double>(a);
    const auto y = static_cast<double>(b);
    return std::abs(x - y) <= kShare * std::max(std::abs(x), std::abs(y));
  }
  void duration(std::string what, std::int64_t a, std::int64_t b) {
    if (close(a, b)) return;
    const auto seconds = [](std::int64_t ms) {
      return duration_text(static_cast<double>(ms) / 1000.0);
    };
    text(std::move(what), seconds(a), seconds(b));
  }
  void size(std::string what, const std::optional<Bytes>& a, const std::optional<Bytes>& b) {
    if (!a || !b || close(a->count(), b->count())) return;
    text(std::move(what), size_text(*a), size_text(*b));
  }

  const RunRecord& a_;
  const RunRecord& b_;
  RunComparison result_;
};

}  // namespace

RunComparison compare_runs(const RunRecord& a, const RunRecord& b) {
  return Comparer(a, b).run();
}

void append_comparison(TextScreen screen, const RunComparison& comparison,
                       const std::string& a_name, const std::string& b_name) {
  const bool any = !comparison.differences.empty();
  screen.out += comparison.same
                    ? any ? "The same victims, survivors and events; what else differs:\n\n"
                          : "The same in victims, survivors, events, times and sizes.\n"
                    : "They differ in what must agree (marked !):\n\n";
  if (!any) return;
  const std::string a_title = visible(a_name);
  const std::string b_title = visible(b_name);
  TextTable table;
  table.add_column("", TextTable::Align::left);
  table.add_column("", TextTable::Align::left);
  table.add_column(a_title, TextTable::Align::left);
  table.add_column(b_title, TextTable::Align::left);
  for (const RunDifference& difference : comparison.differences) {
    table.add_row({difference.hard ? "!" : " ", visible(difference.what), visible(difference.a),
                   visible(difference.b)},
                  difference.hard ? Role::critical : Role::plain);
  }
  table.append_to(screen.out, screen.paint, 0, screen.columns);
}

std::string comparison_json(const RunComparison& comparison, const std::string& a_name,
                            const std::string& b_name) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.compare/1");
  json.field("a", std::string_view(a_name));
  json.field("b", std::string_view(b_name));
  json.field("same", comparison.same);
  json.key("differences");
  json.begin_array();
  for (const RunDifference& difference : comparison.differences) {
    json.begin_object();
    json.field("what", std::string_view(difference.what));
    json.field("a", std::string_view(difference.a));
    json.field("b", std::string_view(difference.b));
    json.field("hard", difference.hard);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
