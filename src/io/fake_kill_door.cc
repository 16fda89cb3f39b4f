#include "io/fake_kill_door.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace oomkit {

void FakeKillDoor::start(std::int32_t pid, const Process& process) {
  if (Entry* before = running(pid)) before->process.is_gone = true;
  entries_.push_back({pid, process});
}

int FakeKillDoor::make_group(const std::string& path) {
  Group& group = groups_[path];
  for (const char* name : {"cgroup.kill", "cgroup.freeze", "memory.high", "memory.reclaim"})
    group.files[name] = "";
  paths_.push_back(path);
  return static_cast<int>(paths_.size()) - 1;
}

void FakeKillDoor::remove_file(const std::string& group, const std::string& file) {
  groups_[group].files.erase(file);
}

void FakeKillDoor::put_file(const std::string& group, const std::string& file,
                            const std::string& text) {
  groups_[group].files[file] = text;
}

void FakeKillDoor::fail(const std::string& call, int error, int times) {
  failures_[call] = {error, times};
}

int FakeKillDoor::failure(const std::string& call) {
  const auto found = failures_.find(call);
  if (found == failures_.end() || found->second.times == 0) return 0;
  --found->second.times;
  return found->second.error;
}

bool FakeKillDoor::is_running(std::int32_t pid) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.pid == pid && !entry.process.is_gone;
  });
}

std::string FakeKillDoor::file(const std::string& group, const std::string& name) const {
  return groups_.at(group).files.at(name);
}

FakeKillDoor::Entry* FakeKillDoor::running(std::int32_t pid) {
  for (Entry& entry : entries_) {
    if (entry.pid == pid && !entry.process.is_gone) return &entry;
  }
  return nullptr;
}

FakeKillDoor::Entry* FakeKillDoor::of_handle(int handle) {
  const auto found = handles_.find(handle);
  return found == handles_.end() ? nullptr : &entries_[found->second];
}

DoorNumber FakeKillDoor::open_process(std::int32_t pid) {
  if (const int error = failure("open")) return {error, 0};
  const Entry* entry = running(pid);
  if (entry == nullptr) return {ESRCH, 0};
  handles_[next_handle_] = static_cast<std::size_t>(entry - entries_.data());
  return {0, next_handle_++};
}

void FakeKillDoor::close_process(int handle) {
  handles_.erase(handle);
}

DoorNumber FakeKillDoor::start_ticks(std::int32_t pid) {
  const Entry* entry = running(pid);
  if (entry == nullptr) return {ESRCH, 0};
  return {0, static_cast<std::int64_t>(entry->process.start_ticks)};
}

int FakeKillDoor::deliver(Entry& entry, int signal) {
  if (entry.process.is_gone) return ESRCH;
  log.push_back("signal " + std::to_string(signal) + " to " + std::to_string(entry.pid));
  Process& process = entry.process;
  const bool is_deadly = signal == SIGKILL || (signal == SIGTERM && !process.ignores_term);
  if (!is_deadly || process.is_stuck || process.dies_at_ns >= 0) return 0;
  process.dies_at_ns = now_ns_ + process.exit_ns;
  settle_deaths();
  return 0;
}

int FakeKillDoor::send_signal(int handle, int signal, SignalReach reach) {
  if (const int error = failure("signal")) return error;
  Entry* entry = of_handle(handle);
  if (entry == nullptr) return EBADF;
  if (reach == SignalReach::process_group)
    if (const int error = failure("group")) return error;
  return deliver(*entry, signal);
}

int FakeKillDoor::send_signal_to_pid(std::int32_t pid, int signal) {
  if (const int error = failure("signal")) return error;
  Entry* entry = running(pid);
  return entry == nullptr ? ESRCH : deliver(*entry, signal);
}

int FakeKillDoor::release_memory(int handle) {
  if (const int error = failure("release")) return error;
  Entry* entry = of_handle(handle);
  if (entry == nullptr) return EBADF;
  Process& process = entry->process;
  if (process.is_gone) return ESRCH;
  if (process.dies_at_ns < 0 && !process.is_stuck) return EINVAL;
  log.push_back("release " + std::to_string(entry->pid));
  if (!process.is_reaped) freed_bytes_ += process.bytes;
  process.is_reaped = true;
  return 0;
}

bool FakeKillDoor::is_gone(int handle) {
  const Entry* entry = of_handle(handle);
  return entry == nullptr || entry->process.is_gone;
}

void FakeKillDoor::kill_group(const std::string& path) {
  std::vector<std::int32_t> members;
  for (Entry& entry : entries_) {
    if (entry.process.group != path && !entry.process.group.starts_with(path + "/")) continue;
    entry.process.forks_on_signal = 0;  // Whoever is born there gets it as well.
    members.push_back(entry.pid);
  }
  for (const std::int32_t pid : members) {
    if (Entry* entry = running(pid)) static_cast<void>(deliver(*entry, SIGKILL));
  }
}

int FakeKillDoor::write_file(int folder, const char* name, std::string_view value) {
  if (const int error = failure(name)) return error;
  Group& group = groups_[path_of(folder)];
  const auto file = group.files.find(name);
  if (file == group.files.end()) return ENOENT;
  file->second = value;
  log.push_back("write " + path_of(folder) + "/" + name + " " + std::string(value));
  if (std::strcmp(name, "cgroup.kill") == 0) kill_group(path_of(folder));
  if (std::strcmp(name, "cgroup.freeze") == 0 || std::strcmp(name, "freezer.state") == 0) {
    group.is_frozen = value == "1" || value == "FROZEN";
    settle_deaths();
  }
  return 0;
}

DoorText FakeKillDoor::read_file(int folder, const char* name, std::span<char> buffer) {
  if (const int error = failure(name)) return {error, {}, false};
  if (std::strcmp(name, "cgroup.procs") != 0) return {ENOENT, {}, false};
  std::string text;
  for (const Entry& entry : entries_) {
    if (!entry.process.is_gone && entry.process.group == path_of(folder))
      text += std::to_string(entry.pid) + "\n";
  }
  const std::size_t length = std::min(text.size(), buffer.size());
  std::copy_n(text.begin(), length, buffer.begin());
  return {0, {buffer.data(), length}, length < text.size()};
}

void FakeKillDoor::walk_groups(int folder, GroupVisitor& visitor) {
  visitor.visit(folder);
  for (std::size_t index = 0; index < paths_.size(); ++index) {
    if (paths_[index].starts_with(path_of(folder) + "/")) visitor.visit(static_cast<int>(index));
  }
}

int FakeKillDoor::press_sysrq(char letter) {
  if (const int error = failure("sysrq")) return error;
  log.push_back(std::string("sysrq ") + letter);
  return 0;
}

void FakeKillDoor::end(std::size_t index) {
  Process& process = entries_[index].process;
  process.is_gone = true;
  if (!process.is_reaped) freed_bytes_ += process.bytes;
  const Process parent = process;
  for (int child = 0; child < parent.forks_on_signal; ++child) {
    Process born;
    born.start_ticks = parent.start_ticks + 1;
    born.group = parent.group;
    start(next_pid_++, born);
  }
}

// A frozen process of version 1 dies when it is thawed; in version 2 SIGKILL gets through.
void FakeKillDoor::settle_deaths() {
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    const Process& process = entries_[index].process;
    if (process.is_gone || process.dies_at_ns < 0 || process.dies_at_ns > now_ns_) continue;
    const auto group = groups_.find(process.group);
    const bool is_held = group != groups_.end() && group->second.is_frozen &&
                         group->second.files.contains("freezer.state");
    if (!is_held) end(index);
  }
}

void FakeKillDoor::let_time_pass(std::int64_t ns) {
  now_ns_ += ns;
  settle_deaths();
}

void FakeKillDoor::wait_any(std::span<const int> handles, std::int64_t timeout_ns) {
  std::int64_t wait_ns = timeout_ns;
  for (const int handle : handles) {
    const Entry* entry = of_handle(handle);
    if (entry == nullptr || entry->process.is_gone) return;
    if (entry->process.dies_at_ns >= 0)
      wait_ns = std::min(wait_ns, std::max<std::int64_t>(0, entry->process.dies_at_ns - now_ns_));
  }
  let_time_pass(wait_ns);
}

}  // namespace oomkit
