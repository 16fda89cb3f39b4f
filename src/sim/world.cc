#include "sim/world.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "core/text.h"
#include "kernel/badness.h"
#include "scenario/names.h"
#include "scenario/node_list.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr SimTime kForkCost = 550us;  // Of PID 1: a process, and ...
constexpr SimTime kTellCost = 350us;  // ... that it has started.
constexpr SimTime kBeginCost = 7ms;   // Telling that it has begun, beside who starts at once.
constexpr SimTime kActionCost = 60us;
constexpr SimTime kQuiet = 200ms;  // As guest/supervisor.cc waits after the end.
constexpr SimTime kSettle = 2s;
constexpr SimTime kDying = 10s;
constexpr SimTime kFileNotify = 10ms;  // CGROUP_FILE_NOTIFY_MIN_INTV
constexpr SimTime kBreath = 2ms;
constexpr std::size_t kLogMax = 20'000;  // Words of the kernel that are kept.

std::vector<int> nodes_of(std::string_view list) {
  std::vector<int> nodes;
  const auto mask = parse_node_mask(list);
  if (!mask) return nodes;
  for (int node = 0; node < 64; ++node) {
    if ((*mask >> node) & 1) nodes.push_back(node);
  }
  return nodes;
}

std::size_t processors_of(const Scenario& scenario) {
  return static_cast<std::size_t>(std::max(scenario.host.cpus, 1));
}

}  // namespace

World::World(const KernelProfile& profile, const Scenario& scenario,
             const SimulationOptions& options)
    : profile_(profile),
      scenario_(scenario),
      options_(options),
      scheduler_(processors_of(scenario), turn_rules(profile, processors_of(scenario))),
      kernel_(profile, scenario, scheduler_, *this, options.page_by_page),
      driver_(kernel_),
      started_(scenario.processes.size()),
      done_(scenario.events.size()) {
  if (options.found != nullptr) kernel_.adopt(*options.found);
  kernel_.set_tracing(options.trace);
  init_.pid = 1;
  init_.comm = "init";
  init_.oom_score_adj = -1000;
  init_.memcg = &kernel_.memcgs().root();
  init_.life = Life::alive;
  init_.thread = &scheduler_.create(0);
  for (const ListenerSpec& spec : scenario.listeners)
    listeners_.push_back({&spec, 0, false, std::nullopt});
}

World::Mark& World::mark(std::string_view name) {
  const auto it = marks_.find(name);
  return it != marks_.end() ? it->second : marks_[std::string(name)];
}

void World::reach(std::string_view name, SimTime breath) {
  Mark& reached = mark(name);
  if (!reached.at) {
    reached.at = kernel_.now() + breath;
    scheduler_.at(*reached.at, [this] { scheduler_.wake(*init_.thread); });
  }
  reached.reached = true;
  for (Thread* waiting : reached.waiting)
    scheduler_.wake(*waiting);
}

void World::tell(RunEvent event) {
  event.t_ms = elapsed_ms();
  result_.parts.events.push_back(std::move(event));
}

RunEvent World::event_of(std::string_view kind, const Process& process) const {
  RunEvent event;
  event.kind = kind;
  event.comm = process.comm;
  event.instance = process.instance;
  event.pid = process.pid;
  return event;
}

void World::reported(OomReport report) {
  report.at.uptime = kBoot + kernel_.now();
  if (result_.log.size() < kLogMax)
    result_.log.push_back({kBoot + kernel_.now(), std::move(report), {}});
  scheduler_.wake(*init_.thread);
}

void World::logged(std::string line) {
  result_.log.push_back({kBoot + kernel_.now(), std::nullopt, std::move(line)});
}

void World::panicked(std::string text) {
  static_cast<void>(text);  // The report says it.
  over_ = true;
  scheduler_.stop();
  ended_by_ = "panic";
}

void World::exited(Process& process) {
  RunEvent event = event_of("exit", process);
  event.value = process.exit_signal != 0 ? "signal " + std::to_string(process.exit_signal)
                                         : "code " + std::to_string(process.exit_code);
  if (process.core && !process.sigkill) {
    event.value = "core";
    cores_[process.comm] = &process;
  }
  tell(std::move(event));
  ++exits_;
  last_exit_ = kernel_.now();
  reach(process.comm + " exits", SimTime(0));
  if (resident_ == nullptr) return;
  // As PID 1 of a rehearsal takes it: ended by a signal that the kernel did not send.
  const bool is_killed = process.exit_signal == SIGKILL || process.exit_signal == SIGTERM;
  if (is_killed && !process.oom_victim) ++resident_kills_;
  resident_->exited(process);
}

void World::notified(const Memcg& group, std::string_view file) {
  for (Listener& listener : listeners_) {
    if (listener.spec->file != group.path + "/" + std::string(file)) continue;
    if (listener.fired >= listener.spec->times || listener.pending) continue;
    listener.pending = true;
    scheduler_.at(std::max(kernel_.now(), listener.told.value_or(SimTime(0)) + kFileNotify),
                  [this] { scheduler_.wake(*init_.thread); });
    listener.told = kernel_.now();
  }
}

void World::pressed(const Memcg& group, std::string_view level) {
  constexpr std::array<std::string_view, 3> kLevels = {"low", "medium", "critical"};
  const auto rank = [&](std::string_view word) {
    return std::find(kLevels.begin(), kLevels.end(), word) - kLevels.begin();
  };
  for (Listener& listener : listeners_) {
    const auto parts = split_cgroup_file(listener.spec->file);
    if (!parts || parts->file != "memory.pressure_level") continue;
    const Memcg* own = kernel_.memcgs().find(parts->cgroup);
    const std::string_view arguments = listener.spec->arguments;
    const std::string_view wanted = arguments.substr(0, arguments.find(','));
    const bool local = arguments.ends_with(",local");
    if (own == nullptr || (local ? own != &group : !group.is_within(*own))) continue;
    if (rank(level) < rank(wanted) || listener.fired >= listener.spec->times) continue;
    listener.pending = true;
    scheduler_.wake(*init_.thread);
  }
}

void World::traced(std::string_view what) {
  constexpr std::size_t kTraceMax = 200'000;
  if (result_.trace.size() < kTraceMax) result_.trace.push_back({kernel_.now(), std::string(what)});
}

void World::stalled() {
  if (resident_ != nullptr) resident_->stall_begins();
}

Status World::write_at_start(std::string_view group, const Setting& setting) {
  int error = 0;
  bool done = false;
  // Nothing is charged yet, so nothing can be waited for.
  const auto path = [](World& world, std::string_view where, const Setting& what, int& result,
                       bool& over) -> Co<void> {
    result = co_await world.write_cgroup_file(world.init_, where, what.file, what.value);
    over = true;
  };
  Co<void> write = path(*this, group, setting, error, done);
  write.state()->self.resume();
  if (done && error == 0) return {};
  return fail(ErrorCode::usage, "cannot write \"" + setting.value + "\" to " + std::string(group) +
                                    "/" + setting.file + ": errno " + std::to_string(error));
}

Status World::set_up() {
  for (const CgroupSpec& spec : scenario_.cgroups)
    kernel_.memcgs().create(spec.path);
  for (const Setting& setting : scenario_.host.sysctl) {
    if (write_sysctl(setting.file, setting.value) != 0)
      return fail(ErrorCode::usage, "cannot set " + setting.file + " to \"" + setting.value + "\"");
  }
  for (std::size_t i = found_tasks(); i < scenario_.processes.size(); ++i) {
    const ProcessSpec& spec = scenario_.processes[i];
    if (starts_at_once(spec) && !admits(*kernel_.memcgs().find(spec.cgroup)))
      return fail(ErrorCode::io, "process " + spec.name +
                                     ": the kernel refuses its cgroup: EBUSY (it has children)");
  }
  for (const CgroupSpec& spec : scenario_.cgroups) {
    for (const Setting& setting : spec.set) {
      if (Status written = write_at_start(spec.path, setting); !written) return written;
    }
  }
  return {};
}

// v2: a group whose controllers go on to its children has no processes of its own.
bool World::admits(const Memcg& group) const {
  return kernel_.cgroup_version() == CgroupVersion::v1 || group.is_root() || group.children.empty();
}

std::size_t World::found_tasks() const {
  return options_.found == nullptr ? 0 : options_.found->tasks.size();
}

// Processes that are there already, and the page cache, as they were found.
void World::start_found() {
  const FoundHost& found = *options_.found;
  std::vector<Process*> all;
  for (std::size_t i = 0; i < found.tasks.size(); ++i) {
    const ProcessSpec& spec = scenario_.processes[i];
    started_[i] = true;
    Process& process =
        kernel_.adopt_process(spec.name, found.tasks[i], *kernel_.memcgs().find(spec.cgroup));
    process.spec = i;
    process.instance = ++instances_[spec.name];
    process.oom_score_adj = spec.oom_score_adj.value_or(0);
    process.uid = spec.uid;
    process.random = Random(options_.seed + (static_cast<std::uint64_t>(i) << 32));
    process.life = Life::alive;
    known_.push_back(&process);
    tell(event_of("start", process));
    all.push_back(&process);
  }
  for (std::size_t i = found.memcgs.size(); i-- > 0;)
    kernel_.adopt_memcg(*kernel_.memcgs().find(scenario_.cgroups[i].path), found.memcgs[i]);
  kernel_.adopt_cache(kernel_.memcgs().root(), found.active_file, found.inactive_file);
  for (std::size_t i = 0; i < all.size(); ++i)
    scheduler_.start(*all[i]->thread, live(*all[i], &scenario_.processes[i], nullptr));
}

// nullptr: its cgroup does not take it.
Process* World::start_copy(std::size_t index) {
  const ProcessSpec& spec = scenario_.processes[index];
  // Who starts later takes his nice value himself, when he is in his cgroup.
  Process& process =
      kernel_.create_process(spec.name, nullptr, starts_at_once(spec) ? spec.nice : 0);
  process.spec = index;
  process.instance = ++instances_[spec.name];
  process.oom_score_adj = spec.oom_score_adj.value_or(0);
  if (spec.oom_adj) process.oom_score_adj = score_adj_of_oom_adj(*spec.oom_adj);
  process.uid = spec.uid;
  process.random = Random(options_.seed + (static_cast<std::uint64_t>(index) << 32) +
                          static_cast<std::uint64_t>(process.instance));
  if (spec.mems) {
    process.mems = nodes_of(*spec.mems);
    process.cpuset = spec.name;
  }
  if (spec.mempolicy) {
    const std::size_t colon = spec.mempolicy->find(':');
    const std::string_view mode = std::string_view(*spec.mempolicy).substr(0, colon);
    const std::vector<int> nodes = nodes_of(std::string_view(*spec.mempolicy).substr(colon + 1));
    (mode == "bind" ? process.bind : process.prefer) = nodes;
    process.interleave = mode == "interleave";
  }
  process.life = Life::alive;
  known_.push_back(&process);
  Memcg& group = *kernel_.memcgs().find(spec.cgroup);
  if (!admits(group)) {
    tell(event_of("start", process));
    RunEvent event = event_of("error", process);
    event.value = "its cgroup";
    event.error = "EBUSY";
    tell(std::move(event));
    process.exit_code = 127;
    scheduler_.start(*process.thread, kernel_.exit(process));
    return nullptr;
  }
  if (starts_at_once(spec)) kernel_.join(process, group);
  scheduler_.start(*process.thread, live(process, &spec, nullptr));
  return &process;
}

// Who starts at once tells no later.
void World::start_at_once(std::size_t index) {
  for (int copy = 0; copy < scenario_.processes[index].count; ++copy) {
    if (Process* process = start_copy(index)) tell(event_of("start", *process));
  }
}

// PID 1 waits until each of them is where it belongs, and tells then.
Co<void> World::start_copies(std::size_t index) {
  for (int copy = 0; copy < scenario_.processes[index].count; ++copy) {
    co_await scheduler_.spend(*init_.thread, kForkCost);
    starting_ = start_copy(index);
    if (starting_ == nullptr) continue;
    const Process& process = *starting_;
    while (starting_ != nullptr)
      co_await scheduler_.wait(*init_.thread);
    tell(event_of("start", process));
    co_await scheduler_.spend(*init_.thread, kTellCost);
  }
}

bool World::is_over() const {
  const EndSpec& end = scenario_.end;
  if (end.mark) {
    const auto it = marks_.find(*end.mark);
    if (it != marks_.end() && it->second.at && *it->second.at <= kernel_.now()) return true;
  }
  if (!end.when) return false;
  std::int64_t count = 0;
  if (end.when->counter == "oom_kills") count = kills_;
  if (end.when->counter == "guard_kills") count = resident_kills_;
  if (end.when->counter == "exits") count = exits_;
  if (end.when->counter == "marks") count = marks_reached_;
  if (end.when->comparison == ">=") return count >= end.when->value;
  if (end.when->comparison == ">") return count > end.when->value;
  return count == end.when->value;
}

// One round of everything that is due; true when there was something.
Co<bool> World::do_due() {
  bool any = false;
  const auto reached = [&](const std::string& name) {
    const Mark& known = mark(name);
    return known.at && *known.at <= kernel_.now() ? known.at : std::nullopt;
  };
  for (std::size_t i = 0; i < scenario_.processes.size(); ++i) {
    const ProcessSpec& spec = scenario_.processes[i];
    const auto from = spec.after ? reached(*spec.after) : std::optional(SimTime(0));
    if (started_[i] || !from || *from + SimTime(spec.start) > kernel_.now()) continue;
    started_[i] = any = true;
    co_await start_copies(i);
  }
  for (std::size_t i = 0; i < scenario_.events.size(); ++i) {
    const EventSpec& event = scenario_.events[i];
    if (done_[i]) continue;
    const bool due =
        event.after ? reached(*event.after).has_value() : SimTime(*event.at) <= kernel_.now();
    if (!due) continue;
    done_[i] = any = true;
    co_await scheduler_.spend(*init_.thread, kActionCost);
    co_await perform(event, {});
    if (kernel_.is_halted()) co_return false;
  }
  for (Listener& listener : listeners_) {
    if (!listener.pending) continue;
    listener.pending = false;
    ++listener.fired;
    any = true;
    RunEvent event;
    event.kind = "notified";
    event.comm = listener.spec->name;
    event.file = listener.spec->file;
    tell(std::move(event));
    for (const Action& action : listener.spec->then) {
      co_await scheduler_.spend(*init_.thread, kActionCost);
      co_await perform(action, listener.spec->name);
    }
  }
  co_return any;
}

SimTime World::next_due() const {
  auto next = SimTime(scenario_.end.after);
  const auto consider = [&](SimTime when) {
    if (when > kernel_.now()) next = std::min(next, when);
  };
  for (const auto& [name, known] : marks_) {
    if (known.at) consider(*known.at);
  }
  for (std::size_t i = 0; i < scenario_.processes.size(); ++i) {
    const ProcessSpec& spec = scenario_.processes[i];
    if (started_[i]) continue;
    if (!spec.after) {
      consider(SimTime(spec.start));
      continue;
    }
    const auto it = marks_.find(*spec.after);
    if (it != marks_.end() && it->second.at) consider(*it->second.at + SimTime(spec.start));
  }
  for (std::size_t i = 0; i < scenario_.events.size(); ++i) {
    if (!done_[i] && scenario_.events[i].at) consider(SimTime(*scenario_.events[i].at));
  }
  return next;
}

// Before all else, but for those who were found.
void World::start_resident() {
  if (options_.resident == nullptr) return;
  resident_ = std::make_unique<ResidentHost>(*this, *options_.resident);
  resident_->start();
}

Co<void> World::supervise() {
  if (options_.found != nullptr) {
    start_found();
    start_resident();
  }
  for (std::size_t i = found_tasks(); i < scenario_.processes.size(); ++i) {
    const ProcessSpec& spec = scenario_.processes[i];
    if (!starts_at_once(spec)) continue;
    started_[i] = true;
    start_at_once(i);
  }
  if (options_.found == nullptr) co_await scheduler_.spend(*init_.thread, kBeginCost);
  const SimTime end(scenario_.end.after);
  while (!over_ && kernel_.now() < end) {
    kills_ = kernel_.vmstat().oom_kill;
    while (co_await do_due()) {
    }
    kills_ = kernel_.vmstat().oom_kill;
    if (over_) co_return;
    if (is_over()) break;
    co_await scheduler_.pause_for(*init_.thread, std::max(next_due() - kernel_.now(), SimTime(1)));
  }
  if (over_) co_return;
  result_.duration_ms = elapsed_ms();
  ended_by_ = is_over() ? "condition" : "time";
  // Those that are dying may still be on their way.
  const SimTime begun = kernel_.now();
  last_exit_ = begun;
  const auto is_settling = [&] {
    const bool dying = std::any_of(known_.begin(), known_.end(), [](const Process* process) {
      return process->oom_victim && process->life != Life::gone;
    });
    if (dying) return kernel_.now() < begun + kDying;
    return kernel_.now() < begun + kSettle && kernel_.now() < last_exit_ + kQuiet;
  };
  while (is_settling() && !over_) {
    co_await do_due();
    co_await scheduler_.pause_for(*init_.thread, 20ms);
  }
  over_ = true;
  scheduler_.stop();
}

Result<Simulation> World::run() {
  if (Status ready = set_up(); !ready) return tl::unexpected(ready.error());
  if (options_.found == nullptr) start_resident();
  scheduler_.start(*init_.thread, supervise());
  check_pressure_listeners();
  if (is_pressure_seen()) sample_pressure();
  logged("oomkit: scenario begins");
  while (!over_ && !kernel_.beyond_model()) {
    if (!scheduler_.step()) break;
  }
  if (const auto& beyond = kernel_.beyond_model()) {
    return fail(ErrorCode::usage, "the model does not know what happens when " + *beyond +
                                      "; oom rehearse shows it on a real kernel");
  }
  finish(ended_by_);
  return std::move(result_);
}

void World::finish(std::string_view ended) {
  result_.release = profile_.release;
  result_.begin = kBoot;
  result_.ended = ended != "panic";
  result_.ended_by = ended;
  if (!result_.ended) {
    result_.duration_ms = elapsed_ms();
    return;
  }
  record_processes(result_.parts);
  record_cgroups(result_.parts);
  record_host(result_.parts);
}

}  // namespace oomkit::sim

namespace oomkit {

std::vector<std::string> simulated_kernels() {
  std::vector<std::string> labels;
  for (const sim::KernelProfile& profile : sim::kernel_profiles())
    labels.emplace_back(profile.label);
  return labels;
}

Result<std::string> kernel_for(const Scenario& scenario) {
  const auto profiles = sim::kernel_profiles();
  for (auto profile = profiles.rbegin(); profile != profiles.rend(); ++profile) {
    const auto& meant = scenario.host.kernels;
    const bool fits = meant.empty() || std::any_of(meant.begin(), meant.end(), [&](const auto& it) {
                        return is_kernel(it, profile->release);
                      });
    const bool has = scenario.host.cgroup == CgroupVersion::v2 || profile->has_v1;
    if (fits && has) return std::string(profile->label);
  }
  return fail(ErrorCode::usage, "the model knows none of the kernels that the scenario is for");
}

namespace {

Result<const sim::KernelProfile*> profile_of(const std::string& kernel) {
  const sim::KernelProfile* profile = sim::find_profile(kernel);
  if (profile != nullptr) return profile;
  std::string known;
  for (const std::string& label : simulated_kernels())
    known += (known.empty() ? "" : ", ") + label;
  return fail(ErrorCode::usage, "the model does not know kernel " + kernel + ", but " + known);
}

}  // namespace

Status can_begin(const Scenario& scenario, const SimulationOptions& options) {
  OOMKIT_TRY(const sim::KernelProfile* profile, profile_of(options.kernel));
  return sim::World(*profile, scenario, options).set_up();
}

Result<Simulation> simulate(const Scenario& scenario, const SimulationOptions& options) {
  OOMKIT_TRY(const sim::KernelProfile* profile, profile_of(options.kernel));
  return sim::World(*profile, scenario, options).run();
}

}  // namespace oomkit
