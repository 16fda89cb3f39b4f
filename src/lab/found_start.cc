#include "lab/found_start.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/size_text.h"
#include "core/text.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

Pages pages_of_kib(KiB amount) {
  return floor_pages(to_bytes(amount), PageSize::k4K);
}
Pages pages_of_bytes(Bytes amount) {
  return floor_pages(amount, PageSize::k4K);
}

// The newest of the model's kernels that is not newer than the host's, or the oldest.
std::string nearest_kernel(const Snapshot& snapshot) {
  const std::vector<std::string> known = simulated_kernels();
  const auto release = parse_kernel_version(snapshot.kernel_release.value_or(""));
  std::string nearest = release ? known.front() : known.back();
  for (const std::string& label : known) {
    if (release && *parse_kernel_version(label) <= *release) nearest = label;
  }
  return nearest;
}

class StartMaker {
 public:
  explicit StartMaker(const Snapshot& snapshot) : snapshot_(snapshot) {}

  Result<FoundStart> run() {
    if (snapshot_.page_size.value_or(PageSize::k4K) != PageSize::k4K)
      return fail(ErrorCode::unsupported, "the model has pages of 4 KiB, and this host has not");
    if (!snapshot_.host_memory || !snapshot_.host_state || snapshot_.host_memory->zones.empty())
      return fail(ErrorCode::usage,
                  "the snapshot does not tell the host's zones: one of oom snapshot does");
    start_.kernel = nearest_kernel(snapshot_);
    start_.scenario.name = "found";
    if (Status zones = take_zones(); !zones) return tl::unexpected(zones.error());
    take_host();
    take_memcgs();
    take_tasks();
    return std::move(start_);
  }

 private:
  Status take_zones() {
    std::map<int, Bytes> nodes;
    for (const Zone& zone : snapshot_.host_memory->zones) {
      const auto amount = [&](std::string_view name) {
        return pages_of_kib(zone.find(name).value_or(KiB(0)));
      };
      if (amount("managed") <= Pages(0)) continue;
      if (!zone.find("free") || !zone.find("min") || !zone.find("high"))
        return fail(ErrorCode::usage, "the snapshot does not tell the levels of zone " + zone.name);
      FoundZone found;
      found.node = zone.node.value_or(0);
      found.name = zone.name;
      found.present = amount("present");
      found.managed = amount("managed");
      found.free = std::min(amount("free"), found.managed);
      found.levels = {amount("min"), amount("low"), amount("high")};
      const std::size_t count = std::min(zone.lowmem_reserve.size(), found.reserve.size());
      std::copy_n(zone.lowmem_reserve.begin(), count, found.reserve.begin());
      nodes[found.node] += to_bytes(found.managed, PageSize::k4K);
      start_.host.zones.push_back(std::move(found));
    }
    // The model's nodes have the numbers from 0 on.
    if (nodes.empty() || nodes.rbegin()->first != static_cast<int>(nodes.size()) - 1)
      return fail(ErrorCode::unsupported,
                  "the model knows no host whose nodes are not numbered "
                  "from 0 on, each with memory");
    for (const auto& [node, memory] : nodes) {
      if (nodes.size() > 1) start_.scenario.host.nodes.push_back(memory);
    }
    return {};
  }

  Pages meminfo(std::string_view name) const {
    return pages_of_kib(snapshot_.host_state->meminfo.find(name).value_or(KiB(0)));
  }

  void take_host() {
    const HostState& state = *snapshot_.host_state;
    HostSpec& host = start_.scenario.host;
    FoundHost& found = start_.host;
    host.memory = to_bytes(meminfo("MemTotal"), PageSize::k4K);
    // The model takes the first page of an area for its header, which SwapTotal lacks already.
    const Pages swap = meminfo("SwapTotal");
    if (swap > Pages(0)) host.swap = to_bytes(swap + Pages(1), PageSize::k4K);
    host.swap_kind = state.zram.empty() ? SwapKind::disk : SwapKind::zram;
    host.cpus = static_cast<int>(std::clamp<std::int64_t>(state.processors.value_or(1), 1, 64));
    const bool v2 = !snapshot_.memcgs || snapshot_.memcgs->version == 2;
    host.cgroup = v2 ? CgroupVersion::v2 : CgroupVersion::v1;
    for (const std::string_view name :
         {"vm.overcommit_memory", "vm.overcommit_ratio", "vm.swappiness", "vm.panic_on_oom",
          "vm.oom_kill_allocating_task", "vm.oom_dump_tasks"}) {
      if (const auto value = state.sysctl.find(name))
        host.sysctl.push_back({std::string(name), std::to_string(*value)});
    }
    if (const auto kbytes = state.sysctl.find("vm.overcommit_kbytes"); kbytes && *kbytes > 0)
      host.sysctl.push_back({"vm.overcommit_kbytes", std::to_string(*kbytes)});
    found.min_free = KiB(state.sysctl.find("vm.min_free_kbytes").value_or(0));
    found.active_file = meminfo("Active(file)");
    found.inactive_file = meminfo("Inactive(file)");
    found.slab_reclaimable = meminfo("SReclaimable");
    found.slab_unreclaimable = meminfo("SUnreclaim");
    found.kernel_stack = meminfo("KernelStack");
    found.page_tables = meminfo("PageTables");
    found.swap_used = swap - meminfo("SwapFree");
    found.committed = meminfo("Committed_AS");
  }

  void take_memcgs() {
    if (!snapshot_.memcgs) return;
    const bool v2 = snapshot_.memcgs->version == 2;
    for (const MemcgNode& node : snapshot_.memcgs->nodes) {
      if (node.path == "/" || !node.parent) continue;
      CgroupSpec spec;
      spec.path = node.path;
      const auto set = [&](const char* file, std::optional<Bytes> value) {
        if (value && *value > Bytes(0)) spec.set.push_back({file, std::to_string(value->count())});
      };
      const auto size = [](const std::optional<MemcgLimit>& limit) {
        return limit ? limit->size : std::nullopt;
      };
      set(v2 ? "memory.max" : "memory.limit_in_bytes", size(node.limit));
      set("memory.memsw.limit_in_bytes", size(node.memsw_limit));
      set("memory.high", size(node.high));
      set("memory.min", node.min);
      set("memory.low", node.low);
      if (const auto swap = size(node.swap_limit))
        spec.set.push_back({"memory.swap.max", std::to_string(swap->count())});
      if (node.oom_group.value_or(false)) spec.set.push_back({"memory.oom.group", "1"});
      if (node.oom_kill_disable.value_or(false)) spec.set.push_back({"memory.oom_control", "1"});
      start_.scenario.cgroups.push_back(std::move(spec));
      FoundMemcg found;
      found.usage = pages_of_bytes(node.usage.value_or(Bytes(0)));
      const auto stat = [&](std::string_view name) {
        return pages_of_bytes(node.stat.bytes(name).value_or(Bytes(0)));
      };
      found.active_file = stat(v2 ? "active_file" : "total_active_file");
      found.inactive_file = stat(v2 ? "inactive_file" : "total_inactive_file");
      start_.host.memcgs.push_back(found);
    }
  }

  // Forks share pages: all that processes count together may be more than there is.
  double share_of_own() const {
    Pages sum;
    for (const Task& task : snapshot_.tasks)
      sum += task.rss_anon.value_or(Pages(0));
    const Pages there = meminfo("AnonPages");
    if (sum <= there || there <= Pages(0)) return 1;
    return static_cast<double>(there.count()) / static_cast<double>(sum.count());
  }

  void take_tasks() {
    const double own = share_of_own();
    for (std::size_t i = 0; i < snapshot_.tasks.size(); ++i) {
      const Task& task = snapshot_.tasks[i];
      const bool has_state = i < snapshot_.task_states.size();
      const TaskState state = has_state ? snapshot_.task_states[i] : TaskState{};
      // PID 1 is never chosen. Kernel threads and zombies hold nothing.
      if (task.pid == 1 || state.kernel_thread.value_or(false) || state.exiting.value_or(false))
        continue;
      const Pages rss = task.rss.value_or(Pages(0));
      const Pages anon = task.rss_anon.value_or(rss);
      if (anon + rss + task.swapents.value_or(Pages(0)) <= Pages(0)) continue;
      ProcessSpec spec;
      spec.name = task.comm;
      spec.oom_score_adj = task.oom_score_adj.value_or(0);
      spec.uid = static_cast<int>(std::clamp<std::int64_t>(task.uid.value_or(0), 0, 65534));
      if (snapshot_.memcgs && state.memcg) spec.cgroup = cgroup_of(*state.memcg);
      FoundTask found;
      found.pid = task.pid;
      found.anon = Pages(static_cast<std::int64_t>(static_cast<double>(anon.count()) * own));
      found.shared_anon = anon - found.anon;
      found.file = task.rss_file.value_or(Pages(0));
      found.shmem = task.rss_shmem.value_or(Pages(0));
      found.swapped = task.swapents.value_or(Pages(0));
      if (const auto tables = pgtables_bytes(task, PageSize::k4K))
        found.tables = pages_of_bytes(*tables);
      found.total_vm = task.total_vm.value_or(rss);
      start_.scenario.processes.push_back(std::move(spec));
      start_.host.tasks.push_back(found);
    }
  }

  std::string cgroup_of(std::size_t index) const {
    const std::string& path = snapshot_.memcgs->nodes.at(index).path;
    const bool known = std::any_of(start_.scenario.cgroups.begin(), start_.scenario.cgroups.end(),
                                   [&](const CgroupSpec& spec) { return spec.path == path; });
    return known ? path : "/";
  }

  const Snapshot& snapshot_;
  FoundStart start_;
};

}  // namespace

Result<FoundStart> start_from(const Snapshot& snapshot) {
  return StartMaker(snapshot).run();
}

Result<AskedGrowth> parse_growth(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::usage, "--what-if \"" + std::string(text) + "\": " + why +
                                      "; as in \"web grow 2G at 50M/s\"");
  };
  constexpr std::string_view kVerb = " grow ";
  const std::size_t verb = text.rfind(kVerb);
  if (verb == std::string_view::npos) return refuse("expected NAME grow SIZE at RATE/s");
  AskedGrowth growth;
  growth.name = trim(text.substr(0, verb));
  if (growth.name.empty() || growth.name.size() > 15)
    return refuse("a process's name has 1 to 15 bytes");
  std::string_view rest = text.substr(verb + kVerb.size());
  const std::size_t at = rest.find(" at ");
  const auto size = parse_size(trim(rest.substr(0, at)));
  if (!size || *size <= Bytes(0)) return refuse("expected a size behind grow");
  constexpr Bytes kSizeMax(std::int64_t{1} << 50);
  if (*size > kSizeMax) return refuse("no machine has so much");
  growth.size = *size;
  if (at == std::string_view::npos) return growth;
  std::string_view rate = trim(rest.substr(at + 4));
  if (!rate.ends_with("/s")) return refuse("a rate ends with /s");
  rate.remove_suffix(2);
  const auto parsed = parse_size(rate);
  if (!parsed || *parsed <= Bytes(0)) return refuse("expected a rate behind at");
  growth.rate = *parsed;
  return growth;
}

std::chrono::milliseconds growing_time(const AskedGrowth& growth) {
  constexpr Bytes kFullSpeed(200 << 20);  // A second; a fault takes some 20 us.
  const std::int64_t rate = std::min(growth.rate.value_or(kFullSpeed), kFullSpeed).count();
  const std::int64_t size = growth.size.count();
  return std::chrono::milliseconds(size / rate * 1000 + size % rate * 1000 / rate);
}

void add_growth(const AskedGrowth& growth, Scenario& scenario, const FoundHost* found) {
  ProcessSpec* grower = nullptr;
  Pages most;
  for (std::size_t i = 0; i < scenario.processes.size(); ++i) {
    ProcessSpec& spec = scenario.processes[i];
    if (spec.name != growth.name) continue;
    const bool is_found = found != nullptr && i < found->tasks.size();
    const Pages held = is_found ? found->tasks[i].anon + found->tasks[i].swapped : Pages(0);
    if (grower != nullptr && held <= most) continue;
    grower = &spec;
    most = held;
  }
  if (grower == nullptr) {
    scenario.processes.emplace_back();
    grower = &scenario.processes.back();
    grower->name = growth.name;
  }
  // In pieces, as a program grows: of one that is larger than the machine the kernel's guess about
  // overcommit would grant nothing at all.
  constexpr Bytes kPiece(16 << 20);
  Step step;
  step.kind = Step::Kind::alloc;
  step.rate = growth.rate;
  step.size = kPiece;
  step.times = static_cast<int>(growth.size.count() / kPiece.count());
  if (step.times > 0) grower->steps.push_back(step);
  step.times = 1;
  step.size = Bytes(growth.size.count() % kPiece.count());
  if (step.size > Bytes(0)) grower->steps.push_back(std::move(step));
}

}  // namespace oomkit
