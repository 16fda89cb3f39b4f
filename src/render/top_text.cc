#include "render/top_text.h"

#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/gaps.h"
#include "render/quantity.h"
#include "render/text_table.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

std::string name_and_pid(const Task& task) {
  return visible(task.comm) + " (" + std::to_string(task.pid) + ")";
}

// "mysqld (2211), java (4410) and 3 others"
std::string names_text(const Snapshot& snapshot, const std::vector<std::size_t>& tasks,
                       std::size_t shown_max) {
  std::string text;
  const std::size_t shown = std::min(tasks.size(), shown_max);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == tasks.size() ? " and " : ", ";
    text += name_and_pid(snapshot.tasks[tasks[i]]);
  }
  if (tasks.size() > shown) text += " and " + std::to_string(tasks.size() - shown) + " others";
  return text;
}

std::string percent_text(std::int32_t centipercent) {
  const std::int32_t tenths = (centipercent + 5) / 10;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

std::string pressure_text(const std::optional<Pressure>& pressure) {
  if (!pressure || !pressure->some) return "";
  std::string text = "psi memory some " + percent_text(pressure->some->avg10_centipercent);
  if (pressure->full) text += " full " + percent_text(pressure->full->avg10_centipercent);
  return text;
}

std::string commit_text(const HostState& host) {
  const auto committed = host.amount("Committed_AS");
  const auto limit = host.amount("CommitLimit");
  if (!committed || !limit) return "";
  std::string text = "commit " + size_text(*committed) + " of " + size_text(*limit);
  const auto mode = host.sysctl.find("vm.overcommit_memory");
  if (mode == 0) text += " (mode 0: not enforced)";
  if (mode == 1) text += " (mode 1: nothing is refused)";
  if (mode == 2) text += " (mode 2: enforced)";
  return text;
}

std::string swap_text(const HostState& host) {
  const auto total = host.amount("SwapTotal");
  const auto free = host.amount("SwapFree");
  if (!total || !free || *total == Bytes(0)) return "";
  std::string text = "swap " + size_text(*total - *free) + " of " + size_text(*total) + " used";
  Bytes zram;
  for (const ZramDevice& device : host.zram)
    zram += device.memory.value_or(Bytes(0));
  if (zram > Bytes(0)) text += ", " + size_text(zram) + " of RAM for zram";
  return text;
}

// What is put side by side, three blanks between, as many in a line as fit.
void append_segments(std::string& out, const std::vector<std::string>& segments,
                     std::size_t columns) {
  constexpr std::size_t kGap = 3;
  std::size_t used = 0;
  for (const std::string& segment : segments) {
    if (segment.empty()) continue;
    const std::size_t width = display_width(segment);
    if (used > 0 && used + kGap + width > columns) {
      out += '\n';
      used = 0;
    }
    if (used > 0) append_spaces(out, kGap);
    if (used == 0 && width > columns) {
      append_wrapped(out, segment, columns, 2, 0);
      continue;
    }
    out += segment;
    used += width + (used > 0 ? kGap : 0);
  }
  if (used > 0) out += '\n';
}

class TopText {
 public:
  TopText(const TopReport& report, const TopTextOptions& options, std::string& out)
      : report_(report),
        snapshot_(report.snapshot),
        options_(options),
        paint_(options.colour),
        out_(out) {}

  void write() {
    const TopScope* const host = !report_.scopes.empty() && !report_.scopes.front().memcg
                                     ? &report_.scopes.front()
                                     : nullptr;
    if (host != nullptr) {
      verdict(*host);
      append_segments(out_, headroom_texts(report_), options_.columns);
      out_ += '\n';
      tasks(*host);
    } else if (!report_.scopes.empty()) {
      one_memcg(report_.scopes.front());
    }
    if (host != nullptr && report_.scopes.size() > 1) memcgs();
    if (report_.verification) verification(*report_.verification);
    gaps();
  }

 private:
  void line(Role role, std::string_view text) {
    paint_.begin(out_, role);
    append_wrapped(out_, text, options_.columns, 2, 0);
    out_.pop_back();
    paint_.end(out_, role);
    out_ += '\n';
  }

  void verdict(const TopScope& scope) {
    if (scope.prediction && scope.prediction->shortage.nodes) {
      const bool policy = scope.prediction->shortage.nodes->mempolicy;
      line(Role::plain, "when memory of node " + scope.name.substr(scope.name.find(':') + 1) +
                            " alone is short, for a task whose " +
                            (policy ? "memory policy" : "cpuset") + " allows no other:");
    }
    line(Role::strong, verdict_text(snapshot_, scope.prediction));
    line(Role::plain, host_text(snapshot_));
  }

  void one_memcg(const TopScope& scope) {
    if (report_.asked_for) {
      line(Role::plain, visible(*report_.asked_for) +
                            " has no limit of its own; what bounds it is " + visible(scope.name) +
                            ".");
    }
    line(Role::strong, verdict_text(snapshot_, scope.prediction));
    std::vector<std::string> segments = {visible(scope.name), used_text(scope)};
    if (scope.headroom) segments.push_back(size_text(*scope.headroom) + " left");
    if (scope.droppable && *scope.droppable > Bytes(0)) {
      segments.push_back(size_text(*scope.droppable) +
                         " of the use is file cache, which goes first");
    }
    if (scope.growth_bytes_per_s) segments.push_back(growth_text(scope));
    append_segments(out_, segments, options_.columns);
    out_ += '\n';
    tasks(scope);
  }

  static std::string used_text(const TopScope& scope) {
    std::string text = scope.usage ? size_text(*scope.usage) : "unknown use";
    if (scope.limit) text += " of " + size_text(*scope.limit);
    return text;
  }
  static std::string growth_text(const TopScope& scope) {
    const double growth = *scope.growth_bytes_per_s;
    std::string text = growth > 0 ? "+" : "";
    text += rate_text(growth);
    if (scope.eta_s) text += ": full in about " + duration_text(*scope.eta_s);
    return text;
  }

  static constexpr std::size_t kCells = 9;
  using Cells = std::array<std::string, kCells>;

  Cells task_cells(const PredictedTask& predicted, std::size_t rank, bool swap) const {
    const Task& task = snapshot_.tasks[predicted.index];
    const auto size = [&](const std::optional<Pages>& pages) {
      if (!pages) return std::string("?");
      const Bytes bytes = to_bytes(*pages, *snapshot_.page_size);
      return bytes == Bytes(0) ? std::string(kDash) : brief_size(bytes);
    };
    Cells cells;
    cells[0] = predicted.spared ? std::string(kDash) : std::to_string(rank);
    cells[1] = std::to_string(task.pid);
    cells[2] = visible(task.comm);
    const auto score = computed_score(report_, predicted.index);
    cells[3] = predicted.spared || !score ? std::string(kDash) : std::to_string(*score);
    cells[4] = task.oom_score_adj ? std::to_string(*task.oom_score_adj) : "?";
    cells[5] = size(task.rss);
    if (swap) cells[6] = size(task.swapents);
    const auto pgtables = pgtables_bytes(task, *snapshot_.page_size);
    cells[7] = pgtables ? brief_size(*pgtables) : "?";
    if (predicted.spared) {
      cells[8] = predicted.spared == Spared::adj_minus_1000
                     ? "never  "
                     : "never: " + std::string(spared_text(*predicted.spared)) + "  ";
    }
    return cells;
  }

  // Ranked ones, and of the spared those that would be among them for their size.
  std::vector<std::size_t> rows_of(const Prediction& prediction) const {
    std::vector<std::size_t> rows;
    const auto own = [](const PredictedTask& task) {
      return task.badness.rss + task.badness.swap + task.badness.pgtables;
    };
    Pages smallest(INT64_MAX);
    for (std::size_t i = 0; i < prediction.tasks.size(); ++i) {
      const PredictedTask& task = prediction.tasks[i];
      if (!task.spared && rows.size() < options_.tasks_max) {
        rows.push_back(i);
        smallest = std::min(smallest, own(task));
      }
    }
    constexpr std::size_t kSparedMax = 3;
    std::size_t spared = 0;
    for (std::size_t i = 0; i < prediction.tasks.size() && spared < kSparedMax; ++i) {
      const PredictedTask& task = prediction.tasks[i];
      // Those whom somebody protects are always worth a line.
      const bool large = own(task) >= smallest || rows.empty();
      if (!task.spared || (!large && task.spared != Spared::adj_minus_1000)) continue;
      rows.push_back(i);
      ++spared;
    }
    return rows;
  }

  void tasks(const TopScope& scope) {
    if (!scope.prediction) return;
    const auto swap_total =
        snapshot_.host_state ? snapshot_.host_state->amount("SwapTotal") : Bytes(1);
    const bool swap = swap_total != Bytes(0);
    const std::vector<std::size_t> rows = rows_of(*scope.prediction);
    std::vector<Cells> table;
    constexpr std::array<std::string_view, kCells> kTitles = {
        "RANK", "PID", "TASK", "SCORE", "ADJ", "RSS", "SWAP", "PGTBL", "CGROUP"};
    std::size_t used = 0;
    std::array<std::size_t, kCells> widths{};
    for (const std::size_t row : rows) {
      table.push_back(task_cells(scope.prediction->tasks[row], row + 1, swap));
      for (std::size_t i = 0; i + 1 < kCells; ++i)
        widths[i] = std::max(widths[i], display_width(table.back()[i]));
    }
    for (std::size_t i = 0; i + 1 < kCells; ++i) {
      if (widths[i] > 0) used += std::max(widths[i], display_width(kTitles[i])) + 2;
    }
    std::size_t room = options_.columns > used ? options_.columns - used : 0;
    // On a narrow terminal, whose cgroup it is says more than the page tables.
    constexpr std::size_t kRoomMin = 16;
    if (room < kRoomMin) {
      room += std::max(widths[7], display_width(kTitles[7])) + 2;
      for (Cells& cells : table)
        cells[7].clear();
    }
    TextTable text;
    for (std::size_t i = 0; i < kCells; ++i) {
      const bool left = i == 2 || i + 1 == kCells;
      text.add_column(kTitles[i], left ? TextTable::Align::left : TextTable::Align::right);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const PredictedTask& predicted = scope.prediction->tasks[rows[i]];
      std::string& last = table[i].back();
      const std::size_t taken = display_width(last);
      if (room > taken) last += path_end(cgroup_of(snapshot_, predicted.index), room - taken);
      while (!last.empty() && last.back() == ' ')
        last.pop_back();
      Role role = rows[i] == 0 && !predicted.spared ? Role::critical : Role::plain;
      if (predicted.spared) role = Role::aside;
      text.add_row({table[i].begin(), table[i].end()}, role);
    }
    text.append_to(out_, paint_, 0, options_.columns);
  }

  void memcgs() {
    out_ += '\n';
    paint_.append(out_, Role::strong, "memory cgroups by time left");
    out_ += '\n';
    const std::size_t shown = std::min(report_.scopes.size() - 1, options_.tasks_max);
    std::vector<std::array<std::string, 6>> rows;
    std::size_t used = 0;
    std::array<std::size_t, 6> widths{};
    for (std::size_t i = 1; i <= shown; ++i) {
      const TopScope& scope = report_.scopes[i];
      std::array<std::string, 6> cells;
      cells[1] =
          scope.usage && scope.limit ? brief_share(*scope.usage, *scope.limit) : used_text(scope);
      if (scope.headroom) cells[2] = brief_size(*scope.headroom);
      if (scope.growth_bytes_per_s) {
        const double growth = *scope.growth_bytes_per_s;
        cells[3] = growth == 0 ? std::string(kDash) : (growth > 0 ? "+" : "") + rate_text(growth);
        cells[4] = scope.eta_s ? duration_text(*scope.eta_s) : std::string(kDash);
      }
      cells[5] = would_kill_text(snapshot_, scope);
      for (std::size_t c = 1; c < cells.size(); ++c)
        widths[c] = std::max(widths[c], display_width(cells[c]));
      rows.push_back(std::move(cells));
    }
    // A victim's name is cut before a cgroup's is.
    constexpr std::size_t kVictimMax = 24;
    widths[5] = std::min(widths[5], kVictimMax);
    for (std::size_t c = 1; c < widths.size(); ++c)
      used += widths[c] > 0 ? widths[c] + 2 : 0;
    const std::size_t room =
        std::max<std::size_t>(options_.columns > used ? options_.columns - used : 0, 12);
    TextTable table;
    table.add_column("CGROUP", TextTable::Align::left);
    table.add_column("USED", TextTable::Align::right);
    table.add_column("LEFT", TextTable::Align::right);
    table.add_column("GROWTH", TextTable::Align::right);
    table.add_column("TIME", TextTable::Align::right);
    table.add_column("WOULD KILL", TextTable::Align::left);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i][0] = path_end(report_.scopes[i + 1].name, room);
      constexpr double kSoon = 60;
      const bool soon = report_.scopes[i + 1].eta_s.value_or(kSoon) < kSoon;
      table.add_row({rows[i].begin(), rows[i].end()}, soon ? Role::warning : Role::plain);
    }
    table.append_to(out_, paint_, 0, options_.columns);
    const std::size_t rest = report_.scopes.size() - 1 - shown;
    if (rest > 0) out_ += "and " + std::to_string(rest) + " more (-n shows more)\n";
  }

  void verification(const Verification& verification) {
    out_ += '\n';
    std::string text = "verified: " + grouped_text(verification.compared) + " processes, " +
                       grouped_text(verification.equal) + " scores equal to the kernel's";
    const std::size_t by_one = verification.differences.size() - verification.beyond_one;
    if (by_one > 0) text += ", " + grouped_text(by_one) + " differ by 1";
    if (verification.beyond_one > 0) {
      text += ", " + grouped_text(verification.beyond_one) + " differ by more";
    }
    if (verification.unknown > 0) text += ", " + grouped_text(verification.unknown) + " not known";
    line(verification.beyond_one > 0 ? Role::critical : Role::plain, text);
    constexpr std::size_t kShownMax = 20;
    std::size_t shown = 0;
    // The largest difference first.
    for (auto at = verification.differences.rbegin();
         at != verification.differences.rend() && shown < kShownMax; ++at, ++shown) {
      line(Role::plain, "  " + name_and_pid(snapshot_.tasks[at->task]) + ": ours " +
                            std::to_string(at->ours) + ", the kernel's " +
                            std::to_string(at->kernels));
    }
  }

  void gaps() {
    bool first = true;
    for (const std::string& sentence : gap_sentences(snapshot_.gaps)) {
      if (first) out_ += '\n';
      first = false;
      line(Role::aside, sentence);
    }
  }

  const TopReport& report_;
  const Snapshot& snapshot_;
  const TopTextOptions& options_;
  Paint paint_;
  std::string& out_;
};

}  // namespace

std::string brief_size(Bytes bytes) {
  std::string text = size_text(bytes);
  const std::size_t point = text.find('.');
  const std::size_t blank = text.find(' ');
  if (point != std::string::npos && point >= 2 && blank > point) text.erase(point, blank - point);
  return text;
}

std::string brief_share(Bytes part, Bytes whole) {
  std::string of = brief_size(part);
  const std::string all = brief_size(whole);
  const std::size_t unit = of.find(' ');
  if (all.substr(all.find(' ')) == of.substr(unit)) of.erase(unit);
  return of + " of " + all;
}

std::string would_kill_text(const Snapshot& snapshot, const TopScope& scope) {
  if (!scope.prediction) return "?";
  const Prediction& prediction = *scope.prediction;
  if (prediction.outcome == OomOutcome::waits) return "nobody: tasks wait";
  if (prediction.outcome == OomOutcome::panics) return "panic";
  if (prediction.would_kill.empty()) return "nobody";
  std::string text = name_and_pid(snapshot.tasks[prediction.would_kill.front()]);
  if (prediction.would_kill.size() > 1) {
    text += " +" + std::to_string(prediction.would_kill.size() - 1);
  } else if (prediction.tied > 1) {
    text += " or " + name_and_pid(snapshot.tasks[prediction.tasks[1].index]);
  }
  return text;
}

std::string path_end(std::string_view path, std::size_t columns) {
  const std::string text = visible(path);
  if (display_width(text) <= columns) return text;
  // Whole names from the end, as many as fit; of a name that is too long its beginning.
  std::size_t begin = text.size();
  for (std::size_t at = text.rfind('/'); at != std::string::npos && at > 0;
       at = text.rfind('/', at - 1)) {
    if (display_width(std::string_view(text).substr(at)) + 1 > columns) break;
    begin = at;
  }
  if (begin < text.size()) return "\u2026" + text.substr(begin);
  const std::size_t slash = text.rfind('/');
  return shortened(text.substr(slash == std::string::npos ? 0 : slash + 1), columns);
}

std::string verdict_text(const Snapshot& snapshot, const std::optional<Prediction>& prediction) {
  if (!prediction) return "who would die is not known: the totals cannot be read";
  switch (prediction->outcome) {
    case OomOutcome::panics:
      return "nobody dies: the machine panics (vm.panic_on_oom)";
    case OomOutcome::waits:
      return "nobody dies: tasks wait until memory is freed (oom_kill_disable)";
    case OomOutcome::nothing_to_kill:
      if (prediction->shortage.manual) return "nobody to kill: no process here may be killed";
      return prediction->memcg ? "nobody to kill: no process here may be killed"
                               : "nobody to kill: the machine would panic";
    case OomOutcome::kills_allocating:
      return "whoever asks for memory dies (vm.oom_kill_allocating_task); the worst is " +
             names_text(snapshot, {prediction->would_kill.front()}, 1);
    case OomOutcome::kills:
      break;
  }
  constexpr std::size_t kNamesMax = 4;
  if (prediction->would_kill.size() > 1) {
    return "next to die, as a group: " + names_text(snapshot, prediction->would_kill, kNamesMax) +
           " (memory.oom.group of " + visible(snapshot.memcgs->nodes[*prediction->group].path) +
           ")";
  }
  const std::string victim = names_text(snapshot, prediction->would_kill, 1);
  if (prediction->tied <= 1) return "next to die: " + victim;
  std::vector<std::size_t> others;
  for (std::size_t i = 1; i < prediction->tied; ++i)
    others.push_back(prediction->tasks[i].index);
  return "next to die: " + victim + ", equal to the page with " +
         names_text(snapshot, others, kNamesMax);
}

std::string host_text(const Snapshot& snapshot) {
  std::string text = snapshot.host ? visible(*snapshot.host) : "host";
  if (snapshot.kernel_release) text += ", kernel " + visible(*snapshot.kernel_release);
  if (!snapshot.host_state) return text;
  const HostState& host = *snapshot.host_state;
  if (const auto ram = host.amount("MemTotal")) text += ", " + size_text(*ram) + " RAM";
  if (const auto swap = host.amount("SwapTotal")) {
    text += *swap == Bytes(0) ? ", no swap" : ", " + size_text(*swap) + " swap";
  }
  if (host.tasks_seen) {
    text += ", " +
            grouped_text(static_cast<std::uint64_t>(std::max<std::int64_t>(*host.tasks_seen, 0))) +
            " processes";
  }
  return text;
}

std::vector<std::string> headroom_texts(const TopReport& report) {
  std::vector<std::string> segments;
  const auto& headroom = report.headroom;
  if (headroom && headroom->available) {
    segments.push_back("available " + size_text(*headroom->available));
  }
  if (headroom) {
    segments.push_back("to the low watermark " + size_text(headroom->to_low()));
    std::string to_min = "to min " + size_text(headroom->to_min());
    const TopScope* const host =
        report.scopes.empty() || report.scopes.front().memcg ? nullptr : &report.scopes.front();
    if (host != nullptr && host->growth_bytes_per_s && *host->growth_bytes_per_s > 4096) {
      to_min += ", falling " + rate_text(*host->growth_bytes_per_s);
      if (host->eta_s) to_min += ": about " + duration_text(*host->eta_s);
    }
    segments.push_back(std::move(to_min));
  }
  if (report.snapshot.host_state) {
    segments.push_back(commit_text(*report.snapshot.host_state));
    segments.push_back(swap_text(*report.snapshot.host_state));
    segments.push_back(pressure_text(report.snapshot.host_state->pressure_memory));
  }
  return segments;
}

std::string top_text(const TopReport& report, const TopTextOptions& options) {
  std::string out;
  TopText(report, options, out).write();
  return out;
}

}  // namespace oomkit
