// What the scenario does from outside: writes, signals, looks, the driver, sysrq.
#include <algorithm>
#include <cerrno>
#include <csignal>

#include "core/size_text.h"
#include "core/text.h"
#include "kernel/badness.h"
#include "scenario/names.h"
#include "scenario/signals.h"
#include "sim/errno_name.h"
#include "sim/world.h"

namespace oomkit::sim {
namespace {

constexpr std::string_view kDriverFolder = "/sys/module/oomkit_pages/parameters/";

// "max", "-1" or a size as the kernel's memparse() reads it.
std::optional<Pages> pages_of_text(std::string_view text) {
  text = trim(text);
  if (text == "max" || text == "-1") return kNoLimit;
  const auto bytes = parse_size(text);
  if (!bytes) return std::nullopt;
  return floor_pages(*bytes, PageSize::k4K);
}

std::optional<std::int64_t> number_of_text(std::string_view text) {
  Cursor cursor(trim(text));
  const auto number = cursor.take_integer<std::int64_t>();
  return number && cursor.at_end() ? number : std::nullopt;
}

}  // namespace

Process* World::find_process(std::string_view name) {
  int instance = 1;
  const auto is_comm = [&](std::string_view comm) {
    return std::any_of(known_.begin(), known_.end(),
                       [&](const Process* process) { return process->comm == comm; });
  };
  const std::size_t dot = name.rfind('.');
  if (!is_comm(name) && dot != std::string_view::npos) {
    instance = static_cast<int>(number_of_text(name.substr(dot + 1)).value_or(1));
    name = name.substr(0, dot);
  }
  for (Process* process : known_) {
    if (process->comm == name && process->instance == instance) return process;
  }
  return nullptr;
}

char World::state_letter(const Process& process) const {
  if (process.life == Life::gone) return 'X';
  if (process.stopped) return 'T';
  if (process.thread->is_runnable()) return 'R';
  return process.uninterruptible ? 'D' : 'S';
}

Co<void> World::perform(const Action& action, std::string_view by) {
  RunEvent event;
  if (!by.empty()) event.by = by;
  switch (action.kind) {
    case Action::Kind::write:
      co_return co_await perform_write(action, by);
    case Action::Kind::sysctl:
      for (const Setting& setting : action.sysctl) {
        event.kind = "write";
        std::string path = "/proc/sys/" + setting.file;
        std::replace(path.begin() + 10, path.end(), '.', '/');
        event.file = path;
        event.value = setting.value;
        event.error.reset();
        if (const int error = write_sysctl(setting.file, setting.value); error != 0)
          event.error = errno_name(error);
        tell(event);
      }
      co_return;
    case Action::Kind::signal:
      perform_signal(action, by);
      co_return;
    case Action::Kind::sysrq:
      event.kind = "sysrq";
      event.value = std::string(1, action.sysrq);
      tell(std::move(event));
      co_await kernel_.manual_oom(init_);
      co_return;
    case Action::Kind::read:
      perform_read(action, by);
      co_return;
    case Action::Kind::state:
      perform_state(action, by);
      co_return;
    case Action::Kind::load_module:
    case Action::Kind::unload_module: {
      const bool loads = action.kind == Action::Kind::load_module;
      event.kind = "module";
      event.name = action.module;
      event.value = loads ? "loaded" : "unloaded";
      const int error = loads ? driver_.load(action.parameters) : driver_.unload();
      if (error != 0) event.error = errno_name(error);
      tell(std::move(event));
      co_return;
    }
    case Action::Kind::mark:
      event.kind = "mark";
      event.value = action.name;
      tell(std::move(event));
      ++marks_reached_;
      reach(action.name, SimTime(0));
      co_return;
    case Action::Kind::capture:
      co_return;  // Refused beforehand.
  }
}

Co<void> World::perform_write(const Action& action, std::string_view by) {
  std::string_view path = action.file;
  int error = 0;
  if (path.starts_with(kDriverFolder)) {
    error = co_await driver_.put(init_, path.substr(kDriverFolder.size()), action.value);
  } else if (path.starts_with("/proc/{")) {
    const std::size_t close = path.find('}');
    Process* process = find_process(path.substr(7, close - 7));
    const std::string_view file = path.substr(close + 2);
    if (process == nullptr || process->life == Life::gone) {
      error = ENOENT;
    } else {
      error = co_await write_process_file(*process, file, action.value);
    }
  } else if (path.starts_with("/proc/sys/")) {
    std::string name(path.substr(10));
    std::replace(name.begin(), name.end(), '/', '.');
    error = write_sysctl(name, action.value);
  } else if (path == "/proc/sysrq-trigger") {
    co_await kernel_.manual_oom(init_);
  } else if (const auto parts = split_cgroup_file(path)) {
    error = co_await write_cgroup_file(init_, parts->cgroup, parts->file, action.value);
  }
  if (kernel_.is_halted()) co_return;
  RunEvent event;
  event.kind = "write";
  if (!by.empty()) event.by = by;
  event.file = action.file;
  event.value = action.value;
  if (error != 0) event.error = errno_name(error);
  tell(std::move(event));
}

Co<int> World::write_process_file(Process& process, std::string_view file, std::string_view value) {
  const auto number = number_of_text(value);
  if (!number) co_return EINVAL;
  if (file == "oom_score_adj") {
    if (*number < -1000 || *number > 1000) co_return EINVAL;
    process.oom_score_adj = static_cast<int>(*number);
  } else {
    if (*number < -17 || *number > 15) co_return EINVAL;
    process.oom_score_adj = score_adj_of_oom_adj(static_cast<int>(*number));
  }
  // Those that share its memory follow, but for one that has only borrowed it.
  for (Process* other : known_) {
    if (other != &process && other->mm != nullptr && other->mm == process.mm &&
        !other->is_vfork_child)
      other->oom_score_adj = process.oom_score_adj;
  }
  co_return 0;
}

Co<int> World::write_cgroup_file(Process& writer, std::string_view path, std::string_view file,
                                 std::string_view value) {
  Memcg* found = kernel_.memcgs().find(path);
  if (found == nullptr) co_return ENOENT;
  Memcg& group = *found;
  const auto pages = pages_of_text(value);
  const auto number = number_of_text(value);
  if (file == "memory.oom.group" || file == "memory.oom_control") {
    if (!number || *number < 0 || *number > 1) co_return EINVAL;
    if (file == "memory.oom.group") {
      group.oom_group = *number == 1;
    } else {
      group.oom_kill_disable = *number == 1;
      if (*number == 0) kernel_.wake_oom_waiters(group);
    }
    co_return 0;
  }
  if (file == "memory.swappiness") {
    if (!number || *number < 0 || *number > 200) co_return EINVAL;
    group.swappiness = static_cast<int>(*number);
    co_return 0;
  }
  if (file == "memory.failcnt" || file == "memory.max_usage_in_bytes") {
    group.memory.failcnt = file == "memory.failcnt" ? 0 : group.memory.failcnt;
    if (file != "memory.failcnt") group.memory.watermark = group.memory.usage;
    co_return 0;
  }
  if (file == "cgroup.freeze") {
    group.frozen = number == 1;
    for (Process* process : known_) {
      if (process->life == Life::alive && process->memcg->is_within(group))
        scheduler_.wake(*process->thread);
    }
    co_return 0;
  }
  if (file == "cgroup.kill") {
    for (Process* process : known_) {
      if (process->life == Life::alive && process->memcg->is_within(group))
        kernel_.send_signal(*process, SIGKILL);
    }
    co_return 0;
  }
  if (file == "memory.use_hierarchy") {
    const auto& groups = kernel_.memcgs().groups();
    const bool has_children = std::any_of(groups.begin(), groups.end(), [&](const auto& each) {
      return each->path.starts_with(std::string(path) + "/");
    });
    // From 5.11 on it is 1 and stays so.
    if (!kernel_.memcgs().is_flat()) co_return value == "1" ? 0 : EINVAL;
    co_return has_children ? EBUSY : 0;
  }
  if (file == "cgroup.subtree_control") co_return 0;
  if (!pages) co_return EINVAL;
  if (file == "memory.max") co_return co_await kernel_.set_max(writer, group, *pages);
  if (file == "memory.high") co_return co_await kernel_.set_high(writer, group, *pages);
  if (file == "memory.reclaim")
    co_return co_await kernel_.reclaim_proactively(writer, group, *pages);
  if (file == "memory.limit_in_bytes")
    co_return co_await kernel_.set_limit_v1(writer, group, *pages, false);
  if (file == "memory.memsw.limit_in_bytes")
    co_return co_await kernel_.set_limit_v1(writer, group, *pages, true);
  if (file == "memory.min") group.min = *pages;
  if (file == "memory.low") group.low = *pages;
  if (file == "memory.swap.max") group.swap.max = *pages;
  if (file == "memory.soft_limit_in_bytes") group.soft_limit = *pages;
  co_return 0;
}

int World::write_sysctl(std::string_view name, std::string_view value) {
  sysctl_texts_[std::string(name)] = trim(value);
  Sysctls& sysctls = kernel_.sysctls();
  const auto number = number_of_text(value);
  if (!name.starts_with("vm.")) return 0;
  if (!number || *number < 0) return EINVAL;
  const std::int64_t n = *number;
  if (name == "vm.overcommit_memory") {
    if (n > 2) return EINVAL;
    kernel_.set_overcommit(static_cast<OvercommitMode>(n));
  } else if (name == "vm.overcommit_ratio") {
    sysctls.overcommit_ratio = static_cast<int>(n);
    sysctls.overcommit_kbytes = KiB(0);
  } else if (name == "vm.overcommit_kbytes") {
    sysctls.overcommit_kbytes = KiB(n);
  } else if (name == "vm.swappiness") {
    if (n > 200) return EINVAL;
    sysctls.swappiness = static_cast<int>(n);
  } else if (name == "vm.panic_on_oom") {
    if (n > 2) return EINVAL;
    sysctls.panic_on_oom = static_cast<int>(n);
  } else if (name == "vm.oom_kill_allocating_task") {
    sysctls.oom_kill_allocating_task = n != 0;
  } else if (name == "vm.oom_dump_tasks") {
    sysctls.oom_dump_tasks = n != 0;
  } else if (name == "vm.min_free_kbytes") {
    kernel_.machine().set_min_free(KiB(n));
  } else if (name == "vm.watermark_scale_factor") {
    kernel_.machine().set_scale_factor(static_cast<int>(n));
  }
  return 0;
}

void World::perform_signal(const Action& action, std::string_view by) {
  const int number = signal_number(action.signal).value_or(SIGTERM);
  const bool all = std::any_of(known_.begin(), known_.end(), [&](const Process* process) {
    return process->comm == action.process;
  });
  const Process* one = find_process(action.process);
  for (Process* process : known_) {
    const bool meant = all ? process->comm == action.process : process == one;
    if (!meant || process->life == Life::gone) continue;
    RunEvent event = event_of("signal", *process);
    if (!by.empty()) event.by = by;
    event.value = action.signal;
    tell(std::move(event));
    kernel_.send_signal(*process, number);
  }
}

void World::perform_read(const Action& action, std::string_view by) {
  RunEvent event;
  event.kind = "read";
  if (!by.empty()) event.by = by;
  event.file = action.file;
  if (!action.name.empty()) event.name = action.name;
  const auto text = text_of(action.file);
  if (text) {
    event.value = *text;
  } else {
    event.error = errno_name(text.error());
  }
  tell(std::move(event));
}

void World::perform_state(const Action& action, std::string_view by) {
  const Process* process = find_process(action.process);
  RunEvent event;
  event.kind = "state";
  event.comm = action.process;
  if (!by.empty()) event.by = by;
  event.value = "dead";
  if (process != nullptr) {
    event.comm = process->comm;
    event.instance = process->instance;
    event.pid = process->pid;
    if (process->life != Life::gone) event.value = std::string(1, state_letter(*process));
  }
  tell(std::move(event));
}

}  // namespace oomkit::sim
