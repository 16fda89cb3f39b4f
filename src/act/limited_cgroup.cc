#include "act/limited_cgroup.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "act/limit_plan.h"
#include "core/lines.h"
#include "io/machine.h"
#include "io/memory_hierarchy.h"
#include "io/own_cgroup.h"
#include "sources/cgroup_text.h"
#include "sources/host_text.h"

namespace oomkit {
namespace {

constexpr std::string_view kPrefix = "oomkit-run-";
constexpr std::size_t kTextMax = std::size_t{1} << 20;

std::optional<std::string> read_text(const std::string& path) {
  auto text = read_whole(path, kTextMax);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

std::optional<Bytes> read_bytes(const std::string& path) {
  const auto text = read_text(path);
  return text ? parse_bytes(*text) : std::nullopt;
}

bool has_swap() {
  // One line for each device, below the line of titles.
  const std::string text = read_text("/proc/swaps").value_or("");
  return std::count(text.begin(), text.end(), '\n') > 1;
}

LimitSupport support_of(int version, const std::string& folder) {
  const char* swap = version == 1 ? "/memory.memsw.limit_in_bytes" : "/memory.swap.max";
  return {version, is_file(folder + swap), is_file(folder + "/memory.oom.group"), has_swap()};
}

Status set_limits(const CommandLimits& limits, int version, const std::string& folder) {
  OOMKIT_TRY(const std::vector<LimitWrite> writes,
             plan_limits(limits, support_of(version, folder)));
  for (const LimitWrite& write : writes) {
    if (const Status set = set_cgroup_file(folder, write.file, write.value); !set)
      return tl::unexpected(set.error());
  }
  return {};
}

Error with_remedy(Error error, int version) {
  if (version == 1) {
    error.what += "; cgroup v1 leaves this to root: run it with sudo";
  } else {
    error.what +=
        "; run it with sudo, or in a delegated scope: systemd-run --user --scope -p Delegate=yes "
        "oom run ...";
  }
  // Whatever was said, this machine is what lacks something.
  if (error.code != ErrorCode::unsupported) error.code = ErrorCode::denied;
  return error;
}

// "oom_kill 3" in lines.
void add_counts(std::string_view text, NamedAmounts<std::int64_t>& events) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string_view name = take_word(line);
    const auto count = whole_number<std::int64_t>(take_word(line));
    if (!name.empty() && count) events.set(name, *count);
  }
}

void read_v1(const std::string& folder, CommandUsage& usage) {
  usage.memory_peak = read_bytes(folder + "/memory.max_usage_in_bytes");
  usage.memsw_peak = read_bytes(folder + "/memory.memsw.max_usage_in_bytes");
  if (const auto failcnt = read_bytes(folder + "/memory.failcnt"))
    usage.events.set("failcnt", failcnt->count());
  MemcgNode control;
  if (parse_oom_control(read_text(folder + "/memory.oom_control").value_or(""), control)) {
    if (const auto kills = control.events.find("oom_kill")) usage.events.set("oom_kill", *kills);
  }
}

void read_v2(const std::string& folder, CommandUsage& usage) {
  usage.memory_peak = read_bytes(folder + "/memory.peak");
  usage.swap_peak = read_bytes(folder + "/memory.swap.peak");
  add_counts(read_text(folder + "/memory.events").value_or(""), usage.events);
}

}  // namespace

Status LimitedCgroup::add(const std::string& parent, Guardian& guardian) {
  OOMKIT_TRY(const std::string folder, make_cgroup(parent, kPrefix));
  folders_.push_back(folder);
  return guardian.watch(Undo::cgroup, folder);
}

// What cannot be had is done without.
void LimitedCgroup::add_companions(Guardian& guardian) {
  const auto unified = find_hierarchy("");
  if (unified && add(unified->folder, guardian) && is_file(folders_.back() + "/cgroup.freeze"))
    return;
  if (const auto freezer = find_hierarchy("freezer"))
    static_cast<void>(add(freezer->folder, guardian));
}

Result<LimitedCgroup> LimitedCgroup::create(const CommandLimits& limits, Guardian& guardian) {
  OOMKIT_TRY(CgroupHome home, CgroupHome::create(guardian));
  LimitedCgroup cgroup(std::move(home));
  const int version = cgroup.version();
  if (const Status made = cgroup.add(cgroup.home_.folder(), guardian); !made)
    return tl::unexpected(with_remedy(made.error(), version));
  if (const Status set = set_limits(limits, version, cgroup.folders_.front()); !set)
    return tl::unexpected(set.error());
  if (version == 1) cgroup.add_companions(guardian);
  return cgroup;
}

std::string LimitedCgroup::path() const {
  const std::string& folder = folders_.front();
  const std::string above = home_.path() == "/" ? "" : home_.path();
  return above + folder.substr(folder.rfind('/'));
}

std::size_t LimitedCgroup::count_processes() const {
  return oomkit::count_processes(folders_.front());
}

bool LimitedCgroup::end_processes() const {
  bool ended = true;
  // The companions first: they can do it at once.
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder)
    ended = oomkit::end_processes(*folder) && ended;
  return ended;
}

CommandUsage LimitedCgroup::usage() const {
  CommandUsage usage;
  version() == 1 ? read_v1(folders_.front(), usage) : read_v2(folders_.front(), usage);
  for (const std::string& folder : folders_) {
    if (usage.pressure) break;
    if (const auto text = read_text(folder + "/memory.pressure"))
      usage.pressure = parse_pressure(*text);
  }
  return usage;
}

bool LimitedCgroup::remove() {
  bool removed = true;
  for (; !folders_.empty(); folders_.pop_back())
    removed = remove_cgroup(folders_.back()) && removed;
  return removed;
}

}  // namespace oomkit
