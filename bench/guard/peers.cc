#include "peers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/lines.h"
#include "core/text.h"
#include "guest/proc_text.h"
#include "guest/small_file.h"
#include "slices.h"

namespace oomkit::bench {
namespace {

constexpr const char* kSlice = "/sys/fs/cgroup/system.slice";
constexpr const char* kSaid = "/run/daemon";
constexpr const char* kShipped = "/opt/oom/server.toml";
constexpr const char* kImported = "/run/imported.toml";
constexpr const char* kLoader = "/opt/oom/ld-linux-x86-64.so.2";

struct Peer {
  std::string_view name;
  std::vector<std::string> command;
  std::string_view oom_score_adj;
  // Of its unit: file and value.
  std::vector<std::pair<std::string, std::string>> cgroup;
  std::string_view killer;  // The comm of the process that kills.
};

// Of Debian 12's units and their default files.
std::vector<Peer> peers() {
  return {
      {"guard",
       {"/opt/oom/oom", "guard", "--config", kShipped, "--record", "/run/decisions"},
       "0",
       {},
       "oom-guard"},
      // Of no use in comparisons: for the test that it decides as the other one and does nothing.
      {"guard-dry",
       {"/opt/oom/oom", "guard", "--config", kShipped, "--record", "/run/decisions", "--dry-run"},
       "0",
       {},
       "oom-guard"},
      {"earlyoom",
       {"/usr/bin/earlyoom", "-r", "3600"},
       "-100",
       {{"memory.max", "50M"}},
       "earlyoom"},
      {"nohang",
       {"/usr/bin/python3", "/usr/sbin/nohang", "--monitor", "--config", "/etc/nohang/nohang.conf"},
       "0",
       {{"memory.max", "100M"}, {"memory.swap.max", "100M"}},
       "python3"},
      {"oomd",
       {"/usr/bin/oomd", "-C", "/etc/oomd/oomd.json"},
       "0",
       {{"memory.low", "64M"}},
       "oomd"},
      {"systemd-oomd",
       {"/lib/systemd/systemd-oomd"},
       "-900",
       {{"memory.min", "64M"}, {"memory.low", "64M"}},
       "systemd-oomd"},
  };
}

const Peer* find_peer(const std::vector<Peer>& all, std::string_view name) {
  for (const Peer& peer : all) {
    if (peer.name == name) return &peer;
  }
  return nullptr;
}

// The words of a file, one a line; none if there is no such file.
std::vector<std::string> words_of(const char* path) {
  std::vector<char> buffer(std::size_t{64} << 10);
  std::vector<std::string> words;
  std::string_view text = guest::read_file(path, buffer).text;
  while (!text.empty())
    words.emplace_back(take_line(text));
  return words;
}

// What it says goes to the file of what the daemon said.
[[noreturn]] void become(std::vector<std::string> command) {
  const int said = open(kSaid, O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(said, 1);
  dup2(said, 2);
  // With libraries of its own, where the root has none.
  if (access(kLoader, X_OK) == 0)
    command.insert(command.begin(), {kLoader, "--library-path", "/opt/oom"});
  std::vector<char*> words;
  for (const std::string& word : command)
    words.push_back(const_cast<char*>(
        word.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): exec's form.
  words.push_back(nullptr);
  execv(words.front(), words.data());
  _exit(127);
}

// The policy that the guard is to go by in place of the shipped one, where there is one.
Status import_policy(Peer& guard) {
  std::vector<std::string> command = words_of("/opt/oom/trial.import");
  if (command.empty()) return {};
  command.insert(command.begin(), {"/opt/oom/oom", "guard", "import", "--output", kImported});
  const pid_t pid = fork();
  if (pid == 0) become(command);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
    return fail(ErrorCode::io, "the configuration was not imported");
  std::replace(guard.command.begin(), guard.command.end(), std::string(kShipped),
               std::string(kImported));
  return {};
}

std::int64_t kib_of(std::string_view status, std::string_view name) {
  return guest::number_of(status, name).value_or(0) >> 10;
}

// What the threads of a process slept and were woken.
std::int64_t wakeups_of(const std::string& process) {
  std::int64_t sum = 0;
  DIR* const threads = opendir((process + "/task").c_str());
  if (threads == nullptr) return 0;
  std::array<char, 4096> buffer{};
  while (const dirent* entry = readdir(threads)) {
    if (entry->d_name[0] == '.') continue;
    const std::string path = process + "/task/" + entry->d_name + "/status";
    const auto status = guest::read_file(path.c_str(), buffer).text;
    sum += guest::number_of(status, "voluntary_ctxt_switches:").value_or(0);
  }
  closedir(threads);
  return sum;
}

// Of a stat file the 10th and the 12th field; the 2nd, a comm, may hold anything.
void count_faults(const std::string& process, DaemonCost& cost) {
  std::array<char, 4096> buffer{};
  std::string_view stat = guest::read_file((process + "/stat").c_str(), buffer).text;
  stat.remove_prefix(std::min(stat.rfind(')') + 2, stat.size()));
  Cursor cursor(stat);
  for (int field = 3; field <= 12; ++field) {
    Cursor word(cursor.take_until(" ").value_or(""));
    const std::int64_t value = word.take_integer<std::int64_t>().value_or(0);
    if (field == 10) cost.killer_minor_faults = value;
    if (field == 12) cost.killer_major_faults = value;
  }
}

}  // namespace

std::string Daemon::folder() const {
  return std::string(kSlice) + "/" + name_ + ".service";
}

Result<Daemon> Daemon::start(const std::string& name) {
  Daemon daemon(name);
  if (name == "none") return daemon;
  const std::vector<Peer> all = peers();
  const Peer* const known = find_peer(all, name);
  if (known == nullptr) return fail(ErrorCode::usage, "there is no daemon " + name);
  Peer peer = *known;
  if (name == "guard") {
    if (const Status imported = import_policy(peer); !imported)
      return tl::unexpected(imported.error());
  } else if (auto command = words_of("/opt/oom/trial.command"); !command.empty()) {
    peer.command = std::move(command);
  }
  mkdir(daemon.folder().c_str(), 0755);
  for (const auto& [file, value] : peer.cgroup)
    guest::write_file((daemon.folder() + "/" + file).c_str(), value);
  if (!peer.cgroup.empty() && peer.cgroup.front().first != "memory.max")
    guest::write_file((std::string(kSlice) + "/" + peer.cgroup.front().first).c_str(),
                      peer.cgroup.front().second);
  if (name == "systemd-oomd") {
    if (const Status told = tell_slices(); !told) return tl::unexpected(told.error());
  }
  const pid_t pid = fork();
  if (pid == 0) {
    guest::write_file((daemon.folder() + "/cgroup.procs").c_str(), "0");
    guest::write_file("/proc/self/oom_score_adj", peer.oom_score_adj);
    become(peer.command);
  }
  if (pid < 0) return fail(ErrorCode::io, "cannot fork for " + name);
  return daemon;
}

DaemonCost Daemon::cost() const {
  DaemonCost cost;
  if (name_ == "none") return cost;
  const std::vector<Peer> all = peers();
  const Peer* const peer = find_peer(all, name_);
  std::array<char, 4096> pids{};
  std::string_view list = guest::read_file((folder() + "/cgroup.procs").c_str(), pids).text;
  while (!list.empty()) {
    const std::string_view pid = take_line(list);
    const std::string process = "/proc/" + std::string(pid);
    std::array<char, 4096> buffer{};
    const auto status = guest::read_file((process + "/status").c_str(), buffer).text;
    if (status.empty()) continue;
    ++cost.processes;
    const std::int64_t resident = kib_of(status, "VmRSS:");
    cost.resident_kib += resident;
    cost.locked_kib += kib_of(status, "VmLck:");
    cost.swapped_kib += kib_of(status, "VmSwap:");
    constexpr std::string_view kName = "Name:\t";
    if (peer != nullptr && status.starts_with(kName) &&
        status.substr(kName.size()).starts_with(peer->killer)) {
      cost.killer_resident_kib = resident;
      count_faults(process, cost);
    }
    cost.wakeups += wakeups_of(process);
  }
  std::array<char, 4096> buffer{};
  cost.cpu_us = guest::number_of(guest::read_file((folder() + "/cpu.stat").c_str(), buffer).text,
                                 "usage_usec")
                    .value_or(0);
  return cost;
}

std::string Daemon::said() const {
  constexpr std::size_t kEnough = 6000;
  std::vector<char> buffer(std::size_t{1} << 20);
  std::string_view text = guest::read_file(kSaid, buffer).text;
  if (text.size() > kEnough) text.remove_prefix(text.size() - kEnough);
  return std::string(text);
}

}  // namespace oomkit::bench
