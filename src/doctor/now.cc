// How it stands at this moment: what is left, what is lost in waiting, who died already.
#include <algorithm>

#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"

namespace oomkit::doctor {
namespace {

std::string percent_of(std::int32_t centipercent) {
  const std::int32_t tenths = (centipercent + 5) / 10;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

std::string next_victim(const Facts& facts) {
  const auto& prediction = facts.prediction();
  if (!prediction || prediction->would_kill.empty()) return "";
  const Task& task = facts.snapshot().tasks[prediction->would_kill.front()];
  return " Next to die would be " + process_text(task.comm, task.pid) + ".";
}

// "40 min", "5 h", "12 days".
std::string rough_time(HostTime time) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time).count();
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(time).count();
  constexpr std::int64_t kSomeHours = 2;
  constexpr std::int64_t kSomeDays = 48;
  if (hours < kSomeHours) return count_text(std::max<std::int64_t>(minutes, 1), "minute");
  if (hours < kSomeDays) return std::to_string(hours) + " hours";
  return std::to_string(hours / 24) + " days";
}

Diagnosis without_pressure(const Facts& facts) {
  Diagnosis check;
  check.status = CheckStatus::notice;
  if (!facts.since({4, 20, 0})) {
    check.value = "none: this kernel is older than 4.20, the first that has it";
    check.why = "Thrashing shows late or never; killers that act on pressure cannot run here.";
    return check;
  }
  if (!facts.boot_options_known()) {
    return not_known(
        "/proc/pressure/memory cannot be read, nor the kernel's command line: "
        "whether pressure (PSI) is measured.");
  }
  const bool switched_off = facts.boot_option("psi") == "0";
  check.value = switched_off ? "off by psi=0 on the kernel's command line" : "not measured";
  check.why =
      "How much time tasks lose to a shortage shows before anybody is killed, and "
      "systemd-oomd and oomd act on nothing else.";
  check.fix = {switched_off ? "# take psi=0 off the kernel's command line and reboot"
                            : "# put psi=1 on the kernel's command line and reboot"};
  return check;
}

}  // namespace

std::optional<Diagnosis> check_headroom(const Facts& facts) {
  const auto ram = facts.ram();
  const auto available = facts.meminfo("MemAvailable");
  if (!ram || *ram <= Bytes(0) || !available) {
    return not_known("MemTotal or MemAvailable cannot be read: how much memory is left.");
  }
  const Bytes swap_total = facts.meminfo("SwapTotal").value_or(Bytes(0));
  const Bytes swap_free = facts.meminfo("SwapFree").value_or(Bytes(0));
  Diagnosis check;
  check.value = text_of({size_text(*available), " of ", size_text(*ram), " available"});
  if (swap_total > Bytes(0)) check.value += ", " + size_text(swap_free) + " of swap free";
  check.numbers.add("available_bytes", available->count());
  check.numbers.add("total_bytes", ram->count());
  check.numbers.add("swap_free_bytes", swap_free.count());
  const Bytes left = *available + swap_free;
  const Bytes all = *ram + swap_total;
  constexpr std::int64_t kCritical = 25;  // One part in so many.
  constexpr std::int64_t kLow = 10;
  if (left >= all / kLow) return check;
  check.status = left < all / kCritical ? CheckStatus::critical : CheckStatus::warning;
  check.why = text_of({"Of RAM and swap together ", share_text(left, all), " is left."}) +
              next_victim(facts);
  check.fix = {"oom top   # who holds it, and how long it lasts"};
  return check;
}

std::optional<Diagnosis> check_pressure(const Facts& facts) {
  const auto& host = facts.snapshot().host_state;
  if (!host || !host->pressure_memory || !host->pressure_memory->some)
    return without_pressure(facts);
  const PressureLine some = *host->pressure_memory->some;
  const PressureLine full = host->pressure_memory->full.value_or(PressureLine{});
  Diagnosis check;
  check.value = "memory some " + percent_of(some.avg60_centipercent) + ", full " +
                percent_of(full.avg60_centipercent) + " over the last minute";
  check.numbers.add("some_avg60_centipercent", some.avg60_centipercent);
  check.numbers.add("full_avg60_centipercent", full.avg60_centipercent);
  constexpr std::int32_t kStalled = 4000;
  constexpr std::int32_t kSlow = 1000;
  if (full.avg60_centipercent < kSlow) return check;
  check.status = full.avg60_centipercent >= kStalled ? CheckStatus::critical : CheckStatus::warning;
  check.why = "For " + percent_of(full.avg60_centipercent) +
              " of the time every task that had work waited for memory: pages are thrown out and "
              "read back, and the kernel may not kill anybody while that goes on." +
              next_victim(facts);
  check.fix = {"oom top   # which cgroup is short"};
  return check;
}

std::optional<Diagnosis> check_past_kills(const Facts& facts) {
  const auto counted = facts.vmstat("oom_kill");
  const auto& log = facts.log();
  if (!counted && !log) {
    return not_known(
        "Neither oom_kill of /proc/vmstat (4.13) nor the kernel's log can be read: "
        "whether anybody was killed since boot.");
  }
  const std::int64_t in_log = log ? static_cast<std::int64_t>(log->count) : 0;
  const std::int64_t kills = std::max(counted.value_or(0), in_log);
  Diagnosis check;
  check.numbers.add("kills", kills);
  const auto& uptime = facts.snapshot().uptime;
  const std::string since =
      uptime ? " in the " + rough_time(*uptime) + " since boot" : " since boot";
  if (kills == 0) {
    check.value = "none" + since;
    return check;
  }
  check.value = count_text(kills, "kill") + since;
  constexpr auto kWeek = std::chrono::hours(24 * 7);
  const bool seldom = uptime && kills <= *uptime / kWeek;
  check.status = seldom ? CheckStatus::notice : CheckStatus::warning;
  check.why = "The kernel's OOM killer has been at work.";
  if (log && log->last) {
    check.why = "The last was " + process_text(log->last->comm, log->last->pid);
    if (log->last->uptime && uptime && *log->last->uptime <= *uptime)
      check.why += ", " + rough_time(*uptime - *log->last->uptime) + " ago";
    check.why += log->last->memcg ? ", for the limit of " + *log->last->memcg + "."
                                  : ", when the host was short.";
  } else if (log) {
    check.why += " The log that could be read (" + log->source + ") does not go back that far.";
  }
  check.fix = {log && log->count > 0 ? "oom explain --kmsg" : "oom explain --journal"};
  return check;
}

}  // namespace oomkit::doctor
