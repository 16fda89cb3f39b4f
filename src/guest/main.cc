// oom-guest: the only program of a rehearsal's virtual machine, and its PID 1.
//
// It mounts, loads modules, makes swap and cgroups, runs /scenario.toml and tells all of it
// over the second serial port. Its memory is locked and the kernel never picks it; whatever
// else dies, it goes on to the end of the scenario and then switches the machine off.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "core/diagnostic.h"
#include "guest/clock.h"
#include "guest/guard_link.h"
#include "guest/hello.h"
#include "guest/machine.h"
#include "guest/protocol.h"
#include "guest/small_file.h"
#include "guest/supervisor.h"
#include "scenario/parse.h"

namespace oomkit::guest {
namespace {

constexpr std::size_t kOutletRoom = 1 << 20;
constexpr const char* kScenario = "/scenario.toml";

Result<Scenario> read_scenario() {
  std::vector<char> buffer(1 << 20);
  const FileText text = read_file(kScenario, buffer);
  if (text.error != 0)
    return fail(ErrorCode::not_found,
                "the image has no scenario: " + std::string(error_sentence(text.error)));
  ParsedScenario parsed = parse_scenario(text.text);
  if (parsed.diagnostics.empty()) return std::move(parsed.scenario);
  const Diagnostic& first = parsed.diagnostics.front();
  return fail(ErrorCode::usage, "the scenario is refused at line " + std::to_string(first.line) +
                                    ": " + first.message);
}

// Above all that the scenario makes happen: never chosen, never paged, soon on a processor.
void rise_above() {
  write_file("/proc/self/oom_score_adj", "-1000");
  sched_param normal{};
  sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &normal);
  mlockall(MCL_CURRENT | MCL_FUTURE);
}

Status play(const Scenario& scenario, Protocol& protocol) {
  const CgroupVersion version = scenario.host.cgroup;
  if (const Status mounted = mount_system(version); !mounted) return mounted;
  if (const Status loaded = load_modules(); !loaded) return loaded;
  if (const Status made = mount_data(); !made) return made;
  if (const Status swap = prepare_swap(scenario.host); !swap) return swap;
  if (const Status host = prepare_host(scenario.host); !host) return host;
  const Stage stage = stage_of_vm(version);
  const Plan plan = Plan::create(scenario, stage, seed_of_command_line());
  OOMKIT_TRY(Supervisor supervisor,
             Supervisor::create(plan, protocol, KernelLog::open_from_boot()));
  std::optional<GuardLink> guard;
  if (GuardLink::is_wanted()) {
    OOMKIT_TRY(GuardLink started, GuardLink::start());
    guard.emplace(std::move(started));
    supervisor.listen_to(*guard);
  }
  malloc_trim(0);  // What reading the scenario left behind would be in every process.
  rise_above();
  return supervisor.run();
}

[[noreturn]] void switch_off(int port) {
  if (port >= 0) tcdrain(port);
  sync();
  reboot(RB_AUTOBOOT);
  while (true)
    pause();
}

}  // namespace

[[noreturn]] void run_machine() {
  // The port is a device, which is there when /dev is.
  const Status early = mount_system(CgroupVersion::v2);
  const int port = open_port();
  auto outlet = early && port >= 0 ? Outlet::create(port, kOutletRoom)
                                   : Result<Outlet>(fail(ErrorCode::unsupported, "no port"));
  if (!outlet) switch_off(port);
  Protocol protocol(*outlet);
  const Result<Scenario> scenario = read_scenario();
  say_hello(protocol, scenario ? scenario->host.cgroup : CgroupVersion::v2);
  const Status played = scenario ? play(*scenario, protocol) : tl::unexpected(scenario.error());
  if (!played) protocol.fail(played.error().what, "");
  outlet->flush();
  switch_off(port);
}

}  // namespace oomkit::guest

int main() {
  if (getpid() != 1) {
    std::fputs(
        "oom-guest is the first program of a rehearsal's virtual machine; "
        "use: oom rehearse SCENARIO\n",
        stderr);
    return 2;
  }
  oomkit::guest::run_machine();
}
