#include "lab/model_door.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace oomkit {
namespace {

constexpr std::int64_t kStartTickNs = 10'000'000;  // A hundredth of a second, whatever HZ is.

}  // namespace

sim::Process* ModelDoor::find(std::int32_t pid) const {
  for (sim::Process* process : world_.kernel().processes()) {
    if (process->pid == pid) return process;
  }
  return nullptr;
}

sim::Memcg* ModelDoor::group_of(int folder) const {
  const auto& groups = world_.kernel().memcgs().groups();
  const auto index = static_cast<std::size_t>(folder);
  return folder >= 0 && index < groups.size() ? groups[index].get() : nullptr;
}

bool ModelDoor::holds(std::span<const int> handles, const sim::Process& process) const {
  return std::any_of(handles.begin(), handles.end(),
                     [&](int handle) { return &of(handle) == &process; });
}

DoorNumber ModelDoor::open_process(std::int32_t pid) {
  sim::Process* const process = find(pid);
  if (process == nullptr) return {ESRCH, 0};
  opened_.push_back(process);
  return {0, static_cast<std::int64_t>(opened_.size()) - 1};
}

DoorNumber ModelDoor::start_ticks(std::int32_t pid) {
  const sim::Process* const process = find(pid);
  if (process == nullptr) return {ESRCH, 0};
  return {0, world_.start_of(*process).count() / kStartTickNs};
}

// All of a scenario is in the process group of PID 1, which is no target: a group of its own has
// nobody.
int ModelDoor::send_signal(int handle, int signal, SignalReach reach) {
  if (reach == SignalReach::process_group) return EINVAL;
  sim::Process& process = of(handle);
  if (process.life == sim::Life::gone) return ESRCH;
  world_.kernel().send_signal(process, signal);
  return 0;
}

int ModelDoor::send_signal_to_pid(std::int32_t pid, int signal) {
  sim::Process* const process = find(pid);
  if (process == nullptr) return ESRCH;
  world_.kernel().send_signal(*process, signal);
  return 0;
}

int ModelDoor::release_memory(int handle) {
  return world_.release_memory(of(handle));
}

bool ModelDoor::is_gone(int handle) {
  return of(handle).life == sim::Life::gone;
}

int ModelDoor::write_file(int folder, const char* name, std::string_view value) {
  sim::Memcg* const group = group_of(folder);
  return group == nullptr ? ENOENT : world_.write_file(*group, name, value);
}

DoorText ModelDoor::read_file(int folder, const char* name, std::span<char> buffer) {
  const sim::Memcg* const group = group_of(folder);
  if (group == nullptr || std::string_view(name) != "cgroup.procs") return {ENOENT, {}, false};
  std::string text;
  for (const sim::Process* process : group->members)
    text += std::to_string(process->pid) + "\n";
  const std::size_t length = std::min(text.size(), buffer.size());
  std::copy_n(text.begin(), length, buffer.begin());
  return {0, {buffer.data(), length}, length < text.size()};
}

void ModelDoor::walk_groups(int folder, GroupVisitor& visitor) {
  const sim::Memcg* const top = group_of(folder);
  if (top == nullptr) return;
  const auto& groups = world_.kernel().memcgs().groups();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i]->is_within(*top)) visitor.visit(static_cast<int>(i));
  }
}

int ModelDoor::press_sysrq(char letter) {
  if (letter != 'f') return EINVAL;
  world_.press_sysrq_f();
  return 0;
}

}  // namespace oomkit
