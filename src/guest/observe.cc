#include "guest/observe.h"

#include <array>
#include <cerrno>

#include "guest/proc_text.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

std::string_view read_text(const PathText& path, std::span<char> buffer) {
  return read_file(path.c_str(), buffer).text;  // Empty when it is not there: then unknown.
}

std::optional<std::int64_t> read_number(const PathText& path, std::span<char> buffer) {
  Cursor cursor(read_text(path, buffer));
  return cursor.take_integer<std::int64_t>();
}

void tell_process(Protocol& protocol, const Slot& slot, std::span<char> buffer) {
  const std::int32_t pid = slot.pid.load();
  JsonLine line(protocol.outlet(), "process");
  line.field("comm", std::string_view(slot.comm));
  line.field("instance", slot.instance);
  line.field("pid", pid);
  if (slot.state.load() == static_cast<std::uint32_t>(SlotState::gone)) {
    const std::int32_t signal = signal_of(slot.exit_status);
    line.field("state", signal != 0 ? "killed" : "exited");
    line.field(signal != 0 ? "signal" : "exit_code", signal != 0 ? signal : slot.exit_status);
    return;
  }
  line.field("state", state_word(state_letter(pid, buffer)));
  const std::string_view status = read_text(PathText("/proc/", pid, "/status"), buffer);
  line.field("rss_bytes", number_of(status, "VmRSS:"));
  line.field("swap_bytes", number_of(status, "VmSwap:"));
  line.field("oom_score", read_number(PathText("/proc/", pid, "/oom_score"), buffer));
}

void tell_counts(JsonLine& line, std::string_view text) {
  for_each_count(text,
                 [&](std::string_view name, std::int64_t number) { line.field(name, number); });
}

void tell_pressure(JsonLine& line, std::string_view text) {
  const auto some = pressure_total(text, "some");
  if (!some) return;
  line.begin_object("psi");
  line.field("some_us", *some);
  line.field("full_us", pressure_total(text, "full").value_or(0));
  line.close();
}

void tell_cgroup_v2(JsonLine& line, const PathText& folder, std::span<char> buffer) {
  const auto file = [&](std::string_view name) { return PathText(folder.view(), name); };
  line.field("usage_bytes", read_number(file("/memory.current"), buffer));
  line.field("max_usage_bytes", read_number(file("/memory.peak"), buffer));
  line.field("swap_bytes", read_number(file("/memory.swap.current"), buffer));
  line.begin_object("events");
  tell_counts(line, read_text(file("/memory.events"), buffer));
  line.close();
  tell_pressure(line, read_text(file("/memory.pressure"), buffer));
}

void tell_cgroup_v1(JsonLine& line, const PathText& folder, std::span<char> buffer) {
  const auto file = [&](std::string_view name) { return PathText(folder.view(), name); };
  line.field("usage_bytes", read_number(file("/memory.usage_in_bytes"), buffer));
  line.field("max_usage_bytes", read_number(file("/memory.max_usage_in_bytes"), buffer));
  line.field("swap_bytes", number_of(read_text(file("/memory.stat"), buffer), "swap"));
  line.begin_object("events");
  tell_counts(line, read_text(file("/memory.oom_control"), buffer));
  if (const auto failcnt = read_number(file("/memory.failcnt"), buffer))
    line.field("failcnt", *failcnt);
  line.close();
}

}  // namespace

char state_letter(std::int32_t pid, std::span<char> buffer) {
  return state_of_stat(read_text(PathText("/proc/", pid, "/stat"), buffer)).value_or('\0');
}

std::string_view state_word(char letter) {
  return letter == 'D' ? "blocked" : "alive";
}

void tell_processes(Protocol& protocol, Board& board, std::span<char> buffer) {
  for (std::size_t i = 0; i < board.slots_taken(); ++i) {
    const Slot& slot = board.slot(i);
    if (slot.pid.load() != 0) tell_process(protocol, slot, buffer);
  }
}

void tell_cgroups(Protocol& protocol, const Plan& plan, std::span<char> buffer) {
  const Stage& stage = *plan.stage;
  for (const CgroupSpec& cgroup : plan.scenario->cgroups) {
    const PathText folder = memory_folder(stage, cgroup.path);
    JsonLine line(protocol.outlet(), "cgroup");
    line.field("path", std::string_view(cgroup.path));
    stage.cgroup == CgroupVersion::v2 ? tell_cgroup_v2(line, folder, buffer)
                                      : tell_cgroup_v1(line, folder, buffer);
  }
}

void tell_host(Protocol& protocol, std::int64_t page_size, std::span<char> buffer) {
  JsonLine line(protocol.outlet(), "host");
  const std::string_view meminfo = read_text(PathText("/proc/meminfo"), buffer);
  line.field("total_bytes", number_of(meminfo, "MemTotal:"));
  line.field("free_bytes", number_of(meminfo, "MemFree:"));
  line.field("available_bytes", number_of(meminfo, "MemAvailable:"));
  line.field("commit_limit_bytes", number_of(meminfo, "CommitLimit:"));
  line.field("committed_bytes", number_of(meminfo, "Committed_AS:"));
  line.field("swap_total_bytes", number_of(meminfo, "SwapTotal:"));
  line.field("swap_free_bytes", number_of(meminfo, "SwapFree:"));
  line.begin_array("zones");
  for_each_zone(read_text(PathText("/proc/zoneinfo"), buffer), [&](const ZoneText& zone) {
    line.begin_item();
    line.field("node", zone.node);
    line.field("name", zone.name);
    line.field("min_bytes", zone.min * page_size);
    line.field("low_bytes", zone.low * page_size);
    line.field("high_bytes", zone.high * page_size);
    line.field("managed_bytes", zone.managed * page_size);
    line.close();
  });
  line.close();
  tell_pressure(line, read_text(PathText("/proc/pressure/memory"), buffer));
  line.begin_object("vmstat");
  tell_counts(line, read_text(PathText("/proc/vmstat"), buffer));
  line.close();
}

void tell_progress(Protocol& protocol, std::int64_t t_ms, Board& board, std::int64_t oom_kills) {
  constexpr std::size_t kShown = 32;
  JsonLine line(protocol.outlet(), "progress");
  line.field("t_ms", t_ms);
  line.begin_array("processes");
  std::size_t shown = 0;
  for (std::size_t i = 0; i < board.slots_taken() && shown < kShown; ++i) {
    const Slot& slot = board.slot(i);
    if (slot.state.load() != static_cast<std::uint32_t>(SlotState::ready)) continue;
    line.begin_item();
    line.field("comm", std::string_view(slot.comm));
    line.field("instance", slot.instance);
    line.field("rss_bytes", slot.held_bytes.load(std::memory_order_relaxed));
    line.close();
    ++shown;
  }
  line.close();
  line.field("oom_kills", oom_kills);
}

}  // namespace oomkit::guest
