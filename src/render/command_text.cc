#include "render/command_text.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/width.h"

namespace oomkit {
namespace {

std::string signal_text(int number) {
  const char* const name = ::sigabbrev_np(number);
  std::string text = "signal " + std::to_string(number);
  if (name != nullptr) text += std::string(" (SIG") + name + ")";
  return text;
}

// A short command's share of a second is what is looked for.
std::string run_time_text(std::chrono::microseconds time) {
  constexpr std::chrono::microseconds kSecond = std::chrono::seconds(1);
  constexpr std::chrono::microseconds kShort = std::chrono::seconds(10);
  if (time.count() == 0) return "0 s";
  if (time < kSecond)
    return std::to_string(std::max<std::int64_t>((time.count() + 500) / 1000, 1)) + " ms";
  if (time >= kShort) return duration_text(std::chrono::duration<double>(time).count());
  const auto hundredths = (time.count() + 5000) / 10000;
  std::string text = std::to_string(hundredths % 100);
  if (text.size() < 2) text.insert(0, "0");
  return std::to_string(hundredths / 100) + "." + text + " s";
}

std::string times_text(std::int64_t count) {
  if (count <= 0) return "never";
  return count == 1 ? "once" : grouped_text(static_cast<std::uint64_t>(count)) + " times";
}

std::string processes_text(std::uint64_t count) {
  return grouped_text(count) + (count == 1 ? " process" : " processes");
}

std::string end_text(const CommandRun& run) {
  const std::string command = visible(run.words.empty() ? "" : run.words.front());
  std::string text = run.exit_code
                         ? command + " ended with status " + std::to_string(*run.exit_code)
                         : command + " was ended by " + signal_text(run.signal.value_or(0));
  return text + " after " + run_time_text(run.wall);
}

class CommandStats {
 public:
  CommandStats(const CommandRun& run, const Paint& paint, std::string& out)
      : run_(run), paint_(paint), out_(out) {}

  void write() {
    paint_.append(out_, Role::strong, end_text(run_));
    out_ += '\n';
    peaks();
    events();
    pressure();
    row("largest process", size_text(to_bytes(run_.largest_process)) + " resident");
    row("processor time",
        run_time_text(run_.user) + " user, " + run_time_text(run_.system) + " system");
  }

 private:
  void row(std::string_view label, const std::string& text) {
    constexpr std::size_t kLabelWidth = 18;
    out_ += "  ";
    out_ += label;
    out_.append(kLabelWidth - std::min(display_width(label), kLabelWidth - 1), ' ');
    out_ += text;
    out_ += '\n';
  }

  static std::string of_limit(Bytes peak, const std::optional<Bytes>& limit) {
    return size_text(peak) + (limit ? " of " + size_text(*limit) : "");
  }

  void peaks() {
    const CommandUsage& usage = run_.usage;
    row("memory peak", usage.memory_peak
                           ? of_limit(*usage.memory_peak, run_.limits.memory)
                           : std::string("not known: this kernel has no memory.peak (5.19)"));
    if (usage.swap_peak && (run_.limits.swap || *usage.swap_peak > Bytes(0)))
      row("swap peak", of_limit(*usage.swap_peak, run_.limits.swap));
    if (usage.memsw_peak && run_.limits.swap && run_.limits.memory) {
      row("with swap", of_limit(*usage.memsw_peak, *run_.limits.memory + *run_.limits.swap));
    }
  }

  void events() {
    const auto& events = run_.usage.events;
    const bool limited = run_.limits.memory.has_value();
    // Version 1's word, then version 2's.
    for (const char* name : {"failcnt", "max"}) {
      const auto count = events.find(name);
      if (count && (limited || *count > 0))
        row("limit met", times_text(*count) + " (" + name + ")");
    }
    if (const auto high = events.find("high"); high && (*high > 0 || run_.limits.high))
      row("throttled", times_text(*high) + " (high)");
    const auto kills = oom_kills(run_).value_or(0);
    if (kills > 0) row("killed for it", times_text(kills) + " (oom_kill)");
  }

  void pressure() {
    const auto& pressure = run_.usage.pressure;
    if (!pressure || !pressure->some) return;
    std::string text = "some " + stall_text(pressure->some->total);
    if (pressure->full) text += ", full " + stall_text(pressure->full->total);
    row("memory pressure", text);
  }

  std::string stall_text(std::chrono::microseconds total) const {
    const double share = run_.wall.count() > 0
                             ? std::chrono::duration<double>(total).count() /
                                   std::chrono::duration<double>(run_.wall).count()
                             : 0;
    return run_time_text(total) + " (" + share_percent_text(std::min(share, 1.0)) + ")";
  }

  const CommandRun& run_;
  const Paint& paint_;
  std::string& out_;
};

}  // namespace

std::optional<std::int64_t> oom_kills(const CommandRun& run) {
  return run.usage.events.find("oom_kill");
}

std::string command_stats_text(const CommandRun& run, const Paint& paint) {
  std::string out;
  CommandStats(run, paint, out).write();
  return out;
}

std::vector<std::string> command_notes(const CommandRun& run) {
  std::vector<std::string> notes;
  if (run.stopped == CommandStop::second_interrupt)
    notes.emplace_back("it did not end at ^C, so everything in its cgroup was killed");
  if (run.stopped == CommandStop::grace_over)
    notes.emplace_back("it did not end when asked to, so everything in its cgroup was killed");
  if (run.left_over > 0)
    notes.push_back("killed " + processes_text(run.left_over) + " that it left behind");
  if (!run.removed) {
    notes.push_back("its cgroup " + run.cgroup +
                    " is still there: something in it would not end; rmdir removes it later");
  }
  return notes;
}

std::string command_kill_text(const CommandRun& run, std::string_view why_no_log) {
  // Not "so many processes": the chosen one of a group is counted twice.
  std::string text = "the kernel killed in its cgroup for lack of memory, ";
  text += times_text(oom_kills(run).value_or(0)) + " (oom_kill)";
  const bool at_limit =
      run.limits.memory && run.usage.memory_peak && *run.usage.memory_peak >= *run.limits.memory;
  if (at_limit) {
    text += ": the limit of " + size_text(*run.limits.memory) + " was reached";
  } else if (run.usage.memory_peak) {
    text += "; the cgroup's peak was " + size_text(*run.usage.memory_peak);
  }
  text += ". Who and why is in the kernel's log";
  if (!why_no_log.empty()) {
    text += ", which cannot be read: ";
    text += why_no_log;
  } else {
    text += ", which does not have it any more";
  }
  return text;
}

}  // namespace oomkit
