// PID 1 of a machine in which a daemon and a workload meet.
//
// First, in memory: the Debian root on the persistent memory is mounted, what the run brought
// along is copied into it, and the program goes on as a file of it. Then, as oom-guest does: the
// machine is prepared, the daemon started and left alone for some seconds, and the scenario runs
// beside it. What the daemon cost and how the heartbeat went is told as one capture, "trial".
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/diagnostic.h"
#include "guest/clock.h"
#include "guest/hello.h"
#include "guest/machine.h"
#include "guest/observe.h"
#include "guest/protocol.h"
#include "guest/small_file.h"
#include "guest/supervisor.h"
#include "peers.h"
#include "pulse.h"
#include "scenario/parse.h"
#include "stuck.h"

namespace oomkit::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHome = "/opt/oom";  // In the Debian root.
constexpr std::size_t kOutletRoom = 1 << 20;
constexpr std::int64_t kSettleNs = 5 * guest::kNanosecondsPerSecond;
constexpr std::int64_t kAfterwardsNs = guest::kNanosecondsPerSecond;

[[noreturn]] void switch_off() {
  // Without sync(): the disk may be frozen, and nothing of it is kept.
  reboot(RB_AUTOBOOT);
  while (true)
    pause();
}

// --- in memory: to the Debian root ---------------------------------------------------------

Status bring_along(const std::string& root) {
  const std::string home = root + kHome;
  std::error_code problem;
  fs::create_directories(home, problem);
  const auto put = [&](const fs::path& from, const std::string& name) {
    fs::copy_file(from, home + "/" + name, fs::copy_options::overwrite_existing, problem);
    chmod((home + "/" + name).c_str(), 0755);
  };
  for (const auto& entry : fs::directory_iterator("/extra", problem)) {
    put(entry.path(), entry.path().filename().string());
    unlink(entry.path().c_str());  // It would stay in memory for good.
  }
  put("/init", "trial");
  put("/init", "heartbeat");
  put("/scenario.toml", "scenario.toml");
  if (problem) return fail(ErrorCode::io, "cannot copy to the disk: " + problem.message());
  return {};
}

Status go_on() {
  execl((std::string(kHome) + "/trial").c_str(), "trial", "run", nullptr);
  return fail(ErrorCode::io, "the program does not go on as a file of the root");
}

Status go_to_disk() {
  // Without an image all stays in memory, and what the run brings along is all that there is.
  if (access("/dev/pmem0", F_OK) != 0) {
    mkdir("/run", 0755);
    mount("run", "/run", "tmpfs", 0, nullptr);
    const Status brought = bring_along("");
    return brought ? go_on() : brought;
  }
  mkdir("/disk", 0755);
  if (mount("/dev/pmem0", "/disk", "ext4", MS_NOATIME, "") != 0)
    return fail(ErrorCode::io,
                "cannot mount the root: " + std::string(guest::error_sentence(errno)));
  if (const Status brought = bring_along("/disk"); !brought) return brought;
  for (const char* folder : {"/proc", "/sys", "/dev", "/tmp", "/data"}) {
    const std::string to = std::string("/disk") + folder;
    mkdir(to.c_str(), 0755);
    if (mount(folder, to.c_str(), nullptr, MS_MOVE, nullptr) != 0)
      return fail(ErrorCode::io, std::string("cannot move the mount ") + folder);
  }
  if (mount("run", "/disk/run", "tmpfs", 0, nullptr) != 0 || chdir("/disk") != 0 ||
      mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0 || chdir("/") != 0)
    return fail(ErrorCode::io, "the disk does not become the root");
  return go_on();
}

// --- on the disk ---------------------------------------------------------------------------

// "WORD=VALUE" of the kernel's command line.
std::string boot_word(std::string_view word) {
  std::array<char, 4096> buffer{};
  const std::string line = " " + std::string(guest::read_file("/proc/cmdline", buffer).text);
  const std::string sought = " " + std::string(word) + "=";
  const std::size_t at = line.find(sought);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + sought.size();
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

Result<Scenario> read_scenario() {
  std::vector<char> buffer(1 << 20);
  const guest::FileText text =
      guest::read_file((std::string(kHome) + "/scenario.toml").c_str(), buffer);
  ParsedScenario parsed = parse_scenario(text.text);
  if (parsed.diagnostics.empty()) return std::move(parsed.scenario);
  return fail(ErrorCode::usage, "the scenario is refused: " + parsed.diagnostics.front().message);
}

// As systemd has it: itself in a cgroup, and slices that hand memory down.
void lay_out_cgroups() {
  const std::string root = "/sys/fs/cgroup";
  guest::write_file((root + "/cgroup.subtree_control").c_str(), "+memory");
  for (const char* folder : {"/init.scope", "/system.slice", "/user.slice"})
    mkdir((root + folder).c_str(), 0755);
  for (const char* folder : {"/system.slice", "/user.slice"})
    guest::write_file((root + folder + "/cgroup.subtree_control").c_str(), "+memory");
  guest::write_file((root + "/init.scope/cgroup.procs").c_str(), "0");
}

Status prepare_machine(const Scenario& scenario) {
  if (const Status made = guest::mount_data(); !made) return made;
  if (const Status swap = guest::prepare_swap(scenario.host); !swap) return swap;
  return guest::prepare_host(scenario.host);
}

void rise_above() {
  guest::write_file("/proc/self/oom_score_adj", "-1000");
  mlockall(MCL_CURRENT | MCL_FUTURE);
}

// On the disk that the workload waits for too, where there is one.
std::string heartbeat_program() {
  std::error_code problem;
  if (fs::exists("/sys/block/vda", problem) &&
      fs::copy_file(std::string(kHome) + "/heartbeat", "/data/heartbeat", problem)) {
    chmod("/data/heartbeat", 0755);
    return "/data/heartbeat";
  }
  return std::string(kHome) + "/heartbeat";
}

class Findings {
 public:
  void add(std::string_view name, std::int64_t value) {
    text_ += std::string(name) + " " + std::to_string(value) + "\n";
  }
  void add(std::string_view prefix, const DaemonCost& cost) {
    const auto put = [&](const char* name, std::int64_t value) {
      add(std::string(prefix) + name, value);
    };
    put("processes", cost.processes);
    put("resident_kib", cost.resident_kib);
    put("killer_resident_kib", cost.killer_resident_kib);
    put("killer_minor_faults", cost.killer_minor_faults);
    put("killer_major_faults", cost.killer_major_faults);
    put("locked_kib", cost.locked_kib);
    put("swapped_kib", cost.swapped_kib);
    put("cpu_us", cost.cpu_us);
    put("wakeups", cost.wakeups);
  }
  void add(const Pulse& pulse) {
    std::array<char, 4096> buffer{};
    const char state = guest::state_letter(pulse.pid, buffer);
    add("heartbeat_lives", state != '\0' && state != 'Z' ? 1 : 0);
    add("beats", pulse.beats);
    // It is late for as long as it has not come back.
    const std::int64_t silent = guest::now_ns() - pulse.last_beat_ns;
    const bool hangs = silent > kGapCounts;
    add("longest_gap_us", std::max(pulse.longest_gap_ns, hangs ? silent : 0) / 1000);
    add("longest_gap_end_us", pulse.longest_gap_end_ns / 1000);
    add("stalled_us", (pulse.stalled_ns + (hangs ? silent : 0)) / 1000);
    add("short_since_us", pulse.short_since_ns / 1000);
    add("short_last_us", pulse.short_last_ns / 1000);
    add("least_left_kib", pulse.least_left >> 10);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string tail_of(const char* path, std::size_t bytes) {
  std::vector<char> buffer(std::size_t{4} << 20);
  std::string_view text = guest::read_file(path, buffer).text;
  if (text.size() > bytes) text.remove_prefix(text.size() - bytes);
  return std::string(text);
}

Status play(const Scenario& scenario, guest::Protocol& protocol) {
  lay_out_cgroups();
  if (const Status prepared = prepare_machine(scenario); !prepared) return prepared;
  OOMKIT_TRY(const Daemon daemon, Daemon::start(boot_word("trial.daemon")));
  OOMKIT_TRY(const Pulse* const pulse,
             start_pulse(heartbeat_program().c_str(), boot_word("trial.limited").c_str()));
  const guest::Stage stage = guest::stage_of_vm(CgroupVersion::v2);
  const guest::Plan plan = guest::Plan::create(scenario, stage, guest::seed_of_command_line());
  OOMKIT_TRY(guest::Supervisor supervisor,
             guest::Supervisor::create(plan, protocol, guest::KernelLog::open_from_boot()));
  guest::sleep_until_ns(guest::now_ns() + kSettleNs);
  if (!daemon.is_there()) return fail(ErrorCode::io, "the daemon has ended: " + daemon.said());
  Findings findings;
  findings.add("before.", daemon.cost());
  malloc_trim(0);
  rise_above();
  if (const std::string delay = boot_word("trial.stuck"); !delay.empty()) start_stuck(delay);
  const std::int64_t begin = guest::now_ns();
  if (const Status played = supervisor.run(); !played) return played;
  guest::sleep_until_ns(guest::now_ns() + kAfterwardsNs);
  findings.add("after.", daemon.cost());
  findings.add("watched_us", (guest::now_ns() - begin) / 1000);
  findings.add(*pulse);
  if (!boot_word("trial.stuck").empty()) findings.add("stuck_lives", stuck_lives() ? 1 : 0);
  protocol.capture("trial", "findings", findings.text());
  constexpr std::size_t kEnough = 60'000;
  protocol.capture("trial", "said", daemon.said());
  protocol.capture("trial", "decisions", tail_of("/run/decisions", kEnough));
  return {};
}

[[noreturn]] void run_on_disk() {
  const Status early = guest::mount_system(CgroupVersion::v2);
  const int port = guest::open_port();
  auto outlet = early && port >= 0 ? guest::Outlet::create(port, kOutletRoom)
                                   : Result<guest::Outlet>(fail(ErrorCode::unsupported, "no port"));
  if (!outlet) switch_off();
  guest::Protocol protocol(*outlet);
  guest::say_hello(protocol, CgroupVersion::v2);
  const Result<Scenario> scenario = read_scenario();
  const Status played = scenario ? play(*scenario, protocol) : tl::unexpected(scenario.error());
  if (!played) protocol.fail(played.error().what, "");
  outlet->flush();
  tcdrain(port);
  switch_off();
}

[[noreturn]] void run_in_memory() {
  Status done = guest::mount_system(CgroupVersion::v2);
  if (done) done = guest::load_modules();
  if (done) done = go_to_disk();
  const int port = guest::open_port();
  if (auto outlet = guest::Outlet::create(port, kOutletRoom); !done && outlet) {
    guest::Protocol protocol(*outlet);
    guest::say_hello(protocol, CgroupVersion::v2);
    protocol.fail(done.error().what, "");
    outlet->flush();
    tcdrain(port);
  }
  switch_off();
}

}  // namespace
}  // namespace oomkit::bench

int main(int count, char** words) {
  const std::string_view name = words[0];
  if (name == "heartbeat") oomkit::bench::beat();
  if (getpid() != 1) return 2;
  if (count > 1) oomkit::bench::run_on_disk();
  oomkit::bench::run_in_memory();
}
