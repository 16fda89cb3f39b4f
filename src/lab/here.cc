#include "lab/here.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <sys/utsname.h>
#include <unistd.h>

#include "guest/plan.h"
#include "guest/protocol.h"
#include "guest/stage.h"
#include "guest/supervisor.h"
#include "io/child_process.h"
#include "io/forked_child.h"
#include "io/machine.h"
#include "io/process_environment.h"
#include "klog/reader.h"
#include "lab/complete.h"
#include "lab/guest_protocol.h"
#include "lab/here_cgroup.h"
#include "lab/kernel_log.h"
#include "scenario/expectation.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kGrace = 20s;
constexpr std::size_t kGuestPipeBytes = std::size_t{1} << 20;
constexpr std::size_t kOutletRoom = std::size_t{1} << 20;

bool is_limit(const Setting& setting) {
  return (setting.file == "memory.max" || setting.file == "memory.limit_in_bytes") &&
         setting.value != "max" && setting.value != "-1";
}

// That what happens in this cgroup can never be a shortage of the machine.
bool is_limited(const Scenario& scenario, std::string_view path) {
  return std::any_of(
      scenario.cgroups.begin(), scenario.cgroups.end(), [&](const CgroupSpec& cgroup) {
        const bool above = path == cgroup.path ||
                           (path.starts_with(cgroup.path) && path[cgroup.path.size()] == '/');
        return above && std::any_of(cgroup.set.begin(), cgroup.set.end(), is_limit);
      });
}

Status check_limits(const Experiment& experiment) {
  const std::string name(experiment.name);
  if (!experiment.scenario.lab || !experiment.scenario.lab->here) {
    return fail(ErrorCode::unsupported, name + " needs a machine of its own: use --world vm");
  }
  for (const ProcessSpec& process : experiment.scenario.processes) {
    if (!is_limited(experiment.scenario, process.cgroup)) {
      return fail(ErrorCode::unsupported, name + ": process " + process.name +
                                              " is in no cgroup with a limit, and that is done "
                                              "only on a machine of its own: use --world vm");
    }
  }
  return {};
}

guest::Stage stage_for(const MemoryHierarchy& hierarchy, const std::string& folder) {
  return guest::stage_here(hierarchy.version == 1 ? CgroupVersion::v1 : CgroupVersion::v2, folder,
                           folder);
}

// The runner's process: it tells what happens through the pipe, as it would from a machine.
void play(const Scenario& scenario, const guest::Stage& stage, std::uint64_t seed, int output) {
  auto outlet = guest::Outlet::create(output, kOutletRoom);
  if (!outlet) return;
  guest::Protocol protocol(*outlet);
  utsname names{};
  uname(&names);
  guest::Hello hello;
  hello.release = names.release;
  hello.page_size = sysconf(_SC_PAGESIZE);
  hello.cgroup = stage.cgroup == CgroupVersion::v1 ? "v1" : "v2";
  protocol.hello(hello);
  const guest::Plan plan = guest::Plan::create(scenario, stage, seed);
  auto supervisor = guest::Supervisor::create(plan, protocol, guest::KernelLog::open_from_now());
  const Status played = supervisor ? supervisor->run() : tl::unexpected(supervisor.error());
  if (!played) protocol.fail(played.error().what, "");
  outlet->flush();
}

enum class HereEnd { over, deadline, interrupted };

HereEnd listen(int pipe, int interrupt, milliseconds limit, GuestProtocol& protocol) {
  std::vector<char> buffer(64 << 10);
  const auto deadline = monotonic_time() + limit;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - monotonic_time());
    if (left <= 0ms) return HereEnd::deadline;
    const std::array waited = {pipe, interrupt};
    const auto ready = wait_readable(waited, left);
    if (ready && (*ready)[1]) return HereEnd::interrupted;
    if (!ready || !(*ready)[0]) continue;
    const auto count = read_some(pipe, buffer);
    if (!count || *count == 0) break;
    protocol.feed({buffer.data(), *count});
  }
  protocol.finish();
  return HereEnd::over;
}

// Which lines of the log are reports about our cgroup: this machine's kernel may have had
// others to write.
class OwnReports final : public ReportSink {
 public:
  explicit OwnReports(std::string_view name) : name_(name) {}

  void on_report(OomReport&& report) override {
    const bool own = report.at.memcg && report.at.memcg->oom_path &&
                     report.at.memcg->oom_path->find("/" + name_ + "/") != std::string::npos;
    if (own) ranges_.emplace_back(report.first_line, report.last_line);
  }
  void on_other(OtherEvent&& event) override { static_cast<void>(event); }

  // Those lines, in which our cgroup is the root, as it is in a machine of the scenario's own.
  std::string lines_of(std::string_view log) const {
    std::string out;
    std::uint64_t number = 0;
    while (!log.empty()) {
      const std::size_t end = std::min(log.find('\n'), log.size());
      const std::string_view line = log.substr(0, end);
      log.remove_prefix(std::min(end + 1, log.size()));
      ++number;
      const bool own = std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& range) {
        return range.first <= number && number <= range.second;
      });
      if (own) out.append(line).append("\n");
    }
    return out;
  }

 private:
  std::string name_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_;
};

std::string own_part(const std::string& log, const std::string& name) {
  OwnReports own(name);
  LogReader reader("the kernel's log", own);
  reader.feed(log);
  reader.finish();
  return own.lines_of(log);
}

// "/user.slice/oomkit-lab-1-1/box" as the scenario says it: "/box".
void name_as_in_scenario(std::optional<std::string>& cgroup, const std::string& name) {
  if (!cgroup) return;
  const std::size_t at = cgroup->find("/" + name + "/");
  if (at != std::string::npos) cgroup->erase(0, at + 1 + name.size());
}

Rehearsal complete(const Experiment& experiment, std::uint64_t seed, Transcript heard,
                   milliseconds wall, bool in_time, const std::string& name) {
  KernelLog log = make_kernel_log(heard.kmsg, "");
  log.text = own_part(log.text, name);
  VmOutcome outcome;
  outcome.end = in_time ? VmEnd::exited : VmEnd::deadline;
  Rehearsal rehearsal;
  rehearsal.record = complete_record({.scenario = experiment.scenario,
                                      .release = kernel_release(),
                                      .seed = seed,
                                      .wall_ms = wall.count(),
                                      .outcome = std::move(outcome)},
                                     heard, log);
  rehearsal.record.world = "lab";
  for (RunEvent& event : rehearsal.record.events) {
    name_as_in_scenario(event.cgroup, name);
    name_as_in_scenario(event.group, name);
  }
  judge(experiment.scenario, rehearsal.record);
  rehearsal.kernel_log = std::move(log.text);
  return rehearsal;
}

}  // namespace

Status fits_here(const Experiment& experiment) {
  if (Status limited = check_limits(experiment); !limited) return limited;
  OOMKIT_TRY(const MemoryHierarchy hierarchy, hierarchy_here());
  const Status fits = guest::check_stage(experiment.scenario, stage_for(hierarchy, ""));
  // A scenario that asks for too much is no wrong usage of the command.
  if (!fits) {
    return fail(ErrorCode::unsupported,
                std::string(experiment.name) + ": " + fits.error().what + ": use --world vm");
  }
  return {};
}

Result<Rehearsal> run_here(const Experiment& experiment, std::uint64_t seed, int interrupt) {
  if (const Status fits = fits_here(experiment); !fits) return tl::unexpected(fits.error());
  const auto begin = monotonic_time();
  OOMKIT_TRY(const MemoryHierarchy hierarchy, hierarchy_here());
  OOMKIT_TRY(const OwnCgroup cgroup, make_here_cgroup(hierarchy));
  OOMKIT_TRY(Pipe pipe, make_pipe(kGuestPipeBytes));
  const guest::Stage stage = stage_for(hierarchy, cgroup.folder());
  OOMKIT_TRY(const ForkedChild runner, ForkedChild::start([&] {
               pipe.read_end = FileDescriptor();
               play(experiment.scenario, stage, seed, pipe.write_end.get());
             }));
  pipe.write_end = FileDescriptor();
  GuestProtocol protocol;
  const HereEnd end =
      listen(pipe.read_end.get(), interrupt, experiment.scenario.end.after + kGrace, protocol);
  if (end == HereEnd::interrupted) return fail(ErrorCode::io, "interrupted");
  Transcript heard = protocol.take();
  if (heard.failure) return fail(ErrorCode::unsupported, heard.failure->sentence);
  const auto wall = std::chrono::round<milliseconds>(monotonic_time() - begin);
  return complete(experiment, seed, std::move(heard), wall, end == HereEnd::over, cgroup.name());
}

}  // namespace oomkit
