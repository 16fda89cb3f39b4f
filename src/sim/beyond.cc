// What the model does not know, found before anything runs: each with its place in the file.
#include <algorithm>
#include <array>
#include <string>

#include "scenario/names.h"
#include "sim/profile.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 15> kWrittenFiles = {
    "memory.max",           "memory.high",           "memory.low",         "memory.min",
    "memory.oom.group",     "memory.swap.max",       "memory.reclaim",     "cgroup.subtree_control",
    "cgroup.freeze",        "cgroup.kill",           "memory.oom_control", "memory.swappiness",
    "memory.use_hierarchy", "memory.limit_in_bytes", "memory.failcnt"};
constexpr std::array<std::string_view, 3> kWrittenV1Files = {
    "memory.memsw.limit_in_bytes", "memory.max_usage_in_bytes", "memory.soft_limit_in_bytes"};
constexpr std::array<std::string_view, 24> kReadFiles = {"memory.current",
                                                         "memory.usage_in_bytes",
                                                         "memory.peak",
                                                         "memory.max_usage_in_bytes",
                                                         "memory.max",
                                                         "memory.high",
                                                         "memory.swap.max",
                                                         "memory.min",
                                                         "memory.low",
                                                         "memory.swap.current",
                                                         "memory.oom.group",
                                                         "memory.limit_in_bytes",
                                                         "memory.failcnt",
                                                         "memory.swappiness",
                                                         "memory.pressure",
                                                         "io.pressure",
                                                         "cpu.pressure",
                                                         "memory.oom_control",
                                                         "memory.events",
                                                         "memory.events.local",
                                                         "memory.swap.events",
                                                         "memory.stat",
                                                         "memory.kmem.usage_in_bytes",
                                                         "memory.memsw.usage_in_bytes"};
constexpr std::array<std::string_view, 9> kProcessFiles = {
    "oom_score", "oom_score_adj", "oom_adj", "status",      "limits",
    "wchan",     "maps",          "comm",    "smaps_rollup"};
constexpr std::array<std::string_view, 7> kHostFiles = {
    "/proc/meminfo",     "/proc/vmstat",       "/proc/buddyinfo", "/proc/pressure/memory",
    "/proc/pressure/io", "/proc/pressure/cpu", "/proc/swaps"};
constexpr std::array<std::string_view, 9> kSysctls = {
    "vm.overcommit_memory", "vm.overcommit_ratio", "vm.overcommit_kbytes",
    "vm.swappiness",        "vm.panic_on_oom",     "vm.oom_kill_allocating_task",
    "vm.oom_dump_tasks",    "vm.min_free_kbytes",  "vm.watermark_scale_factor"};
constexpr Bytes kHugePagesFrom(512 << 20);

bool is_one_of(std::string_view word, Words words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class BeyondFinder {
 public:
  BeyondFinder(const Scenario& scenario, std::string_view kernel, bool has_resident)
      : scenario_(scenario), profile_(sim::find_profile(kernel)), has_resident_(has_resident) {}

  std::vector<Diagnostic> run() {
    const HostSpec& host = scenario_.host;
    if (profile_ != nullptr && host.cgroup == CgroupVersion::v1 && !profile_->has_v1)
      refuse(0, "kernel " + std::string(profile_->label) + " has no memory controller of cgroup v1",
             "5.10 and 6.1 have one");
    for (const Setting& setting : host.sysctl)
      check_sysctl(setting.file, 0);
    for (const std::string& parameter : host.boot_parameters) {
      if (parameter != "swapaccount=1")
        refuse(0, "the model does not know the boot parameter \"" + parameter + "\"");
    }
    if (profile_ != nullptr && profile_->version < KernelVersion{5, 11}) check_swap_accounting();
    for (const CgroupSpec& cgroup : scenario_.cgroups) {
      for (const Setting& setting : cgroup.set)
        check_written(setting.file, cgroup.line);
    }
    for (const ProcessSpec& process : scenario_.processes)
      check_steps(process.steps);
    for (const EventSpec& event : scenario_.events)
      check_action(event, event.line);
    for (const ListenerSpec& listener : scenario_.listeners) {
      for (const Action& action : listener.then)
        check_action(action, listener.line);
    }
    if (!has_resident_ && scenario_.end.when && scenario_.end.when->counter == "guard_kills")
      refuse(0, "there is no guard in this run", "--policy FILE brings one");
    return std::move(found_);
  }

 private:
  void refuse(std::size_t line, std::string message, std::string hint = {}) {
    Diagnostic diagnostic;
    diagnostic.line = line;
    diagnostic.column = line == 0 ? 0 : 1;
    diagnostic.message = std::move(message);
    diagnostic.hint = hint.empty() ? "oom rehearse does it on a real kernel" : std::move(hint);
    found_.push_back(std::move(diagnostic));
  }

  // Debian's 5.10 counts swap for cgroups only when it is told to.
  void check_swap_accounting() {
    const auto& parameters = scenario_.host.boot_parameters;
    const bool counts =
        std::find(parameters.begin(), parameters.end(), "swapaccount=1") != parameters.end();
    if (counts || scenario_.host.swap == Bytes(0)) return;
    for (const CgroupSpec& cgroup : scenario_.cgroups) {
      for (const Setting& setting : cgroup.set) {
        if (setting.file.find("swap") != std::string::npos)
          refuse(cgroup.line, "5.10 has no " + setting.file + " without swapaccount=1",
                 "[host] boot = [\"swapaccount=1\"]");
      }
    }
  }

  void check_sysctl(std::string_view name, std::size_t line) {
    const bool is_vm = name.starts_with("vm.");
    if (is_vm ? is_one_of(name, kSysctls)
              : name.starts_with("net.") || name == "kernel.core_pattern")
      return;
    refuse(line, "the model does not know the sysctl " + std::string(name));
  }

  void check_written(std::string_view file, std::size_t line) {
    if (is_one_of(file, kWrittenFiles) || is_one_of(file, kWrittenV1Files)) return;
    refuse(line, "the model does not know the cgroup file " + std::string(file));
  }

  void check_steps(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (step.huge && scenario_.host.memory >= kHugePagesFrom)
        refuse(step.line, "the model knows no transparent huge pages",
               "kernels have them off below 512M");
      check_steps(step.steps);
    }
  }

  void check_read(std::string_view file, std::size_t line) {
    bool known = is_one_of(file, kHostFiles) || file.starts_with("/dev/core.") ||
                 file.starts_with("/sys/module/oomkit_pages/parameters/");
    if (file.starts_with("/proc/{"))
      known = is_one_of(file.substr(file.find('}') + 2), kProcessFiles);
    if (file.starts_with("/proc/sys/")) {
      std::string name(file.substr(10));
      std::replace(name.begin(), name.end(), '/', '.');
      known = is_one_of(name, kSysctls) || name == "vm.admin_reserve_kbytes" ||
              name == "vm.user_reserve_kbytes";
    }
    if (const auto parts = split_cgroup_file(file)) known = is_one_of(parts->file, kReadFiles);
    if (!known) refuse(line, "the model has no file " + std::string(file));
  }

  void check_write(const Action& action, std::size_t line) {
    const std::string_view file = action.file;
    if (const auto parts = split_cgroup_file(file)) return check_written(parts->file, line);
    if (file.starts_with("/proc/sys/")) {
      std::string name(file.substr(10));
      std::replace(name.begin(), name.end(), '/', '.');
      return check_sysctl(name, line);
    }
    const bool known = file.starts_with("/sys/module/oomkit_pages/parameters/") ||
                       (file.starts_with("/proc/{") &&
                        (file.ends_with("}/oom_score_adj") || file.ends_with("}/oom_adj")));
    if (!known) refuse(line, "the model cannot write to " + std::string(file));
  }

  void check_action(const Action& action, std::size_t line) {
    using Kind = Action::Kind;
    switch (action.kind) {
      case Kind::write:
        return check_write(action, line);
      case Kind::read:
        return check_read(action.file, line);
      case Kind::sysctl:
        for (const Setting& setting : action.sysctl)
          check_sysctl(setting.file, line);
        return;
      case Kind::sysrq:
        if (action.sysrq != 'f') refuse(line, "of sysrq the model knows f alone");
        return;
      case Kind::load_module:
      case Kind::unload_module:
        if (!action.module.starts_with("oomkit_pages"))
          refuse(line, "of modules the model knows oomkit_pages alone");
        return;
      case Kind::capture:
        return refuse(line, "the model has no files to capture");
      case Kind::signal:
      case Kind::state:
      case Kind::mark:
        return;
    }
  }

  const Scenario& scenario_;
  const sim::KernelProfile* profile_;
  bool has_resident_;
  std::vector<Diagnostic> found_;
};

}  // namespace

std::vector<Diagnostic> beyond_model(const Scenario& scenario, std::string_view kernel,
                                     bool has_resident) {
  return BeyondFinder(scenario, kernel, has_resident).run();
}

}  // namespace oomkit
