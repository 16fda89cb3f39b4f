#include "guest/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/actor.h"
#include "guest/cgroups.h"
#include "guest/clock.h"
#include "guest/files.h"
#include "guest/observe.h"
#include "guest/proc_text.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

constexpr std::int64_t kTickNs = 20 * kNanosecondsPerMillisecond;
constexpr std::int64_t kProgressNs = 500 * kNanosecondsPerMillisecond;
constexpr std::int64_t kLookNs = 100 * kNanosecondsPerMillisecond;
constexpr std::int64_t kStallNs = kNanosecondsPerSecond;
constexpr std::int64_t kReadyNs = 20 * kNanosecondsPerSecond;
constexpr std::int64_t kReadyLaterNs = 200 * kNanosecondsPerMillisecond;
constexpr std::int64_t kQuietNs = 200 * kNanosecondsPerMillisecond;
constexpr std::int64_t kSettleNs = 2 * kNanosecondsPerSecond;
// Who reaches a mark gets to what it does next before the world looks at it: into the sleep
// that is its last step, and not seen on the way there.
constexpr std::int64_t kBreathNs = 2 * kNanosecondsPerMillisecond;
constexpr std::int64_t kDyingNs = 10 * kNanosecondsPerSecond;
constexpr std::size_t kBufferSize = 256 << 10;

std::int64_t oom_kills_of_vmstat(std::span<char> buffer) {
  return number_of(read_file("/proc/vmstat", buffer).text, "oom_kill").value_or(0);
}

int child_signals() {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCHLD);
  sigprocmask(SIG_BLOCK, &mask, nullptr);
  return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

int tick_timer() {
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const itimerspec every = {timespec_of(kTickNs), timespec_of(kTickNs)};
  if (timer >= 0) timerfd_settime(timer, 0, &every, nullptr);
  return timer;
}

// An actor keeps nothing of the supervisor's but the way to wake it.
void close_all_but(int file) {
  const auto kept = static_cast<unsigned>(file);
  if (kept > 3) syscall(SYS_close_range, 3U, kept - 1, 0U);
  syscall(SYS_close_range, kept + 1, ~0U, 0U);
}

std::string refusal_text(const ProcessSpec& spec, const Note& note) {
  const auto task = static_cast<ActorTask>(note.index);
  return "process " + spec.name + ": the kernel refuses " + std::string(actor_task_text(task)) +
         ": " + std::string(error_name(note.error)) + " (" +
         std::string(error_sentence(note.error)) + ")";
}

}  // namespace

Result<Supervisor> Supervisor::create(const Plan& plan, Protocol& protocol, KernelLog log) {
  if (const Status sound = check_stage(*plan.scenario, *plan.stage); !sound)
    return tl::unexpected(sound.error());
  if (const Status made = make_files(plan); !made) return tl::unexpected(made.error());
  if (const Status made = make_cgroups(plan); !made) return tl::unexpected(made.error());
  OOMKIT_TRY(Board board, Board::create(plan.marks.size(), plan.slots, plan.comms.size()));
  OOMKIT_TRY(char* buffer, private_memory(kBufferSize));
  Supervisor supervisor(plan, protocol, log, board, {buffer, kBufferSize});
  OOMKIT_TRY(supervisor.listeners_, create_listeners(plan));
  supervisor.signals_ = child_signals();
  supervisor.ticks_ = tick_timer();
  if (supervisor.signals_ < 0 || supervisor.ticks_ < 0)
    return fail(ErrorCode::io, "cannot watch processes: " + std::string(error_sentence(errno)));
  // Orphans of forks come to us also where we are not PID 1.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  return supervisor;
}

Supervisor::Supervisor(const Plan& plan, Protocol& protocol, KernelLog log, Board board,
                       std::span<char> buffer)
    : plan_(&plan),
      protocol_(&protocol),
      log_(log),
      board_(board),
      buffer_(buffer),
      actions_(plan, board_, protocol, buffer),
      starts_(plan.scenario->processes.size()),
      events_done_(plan.scenario->events.size()),
      mark_times_(plan.marks.size(), -1) {
  for (std::size_t i = 0; i < starts_.size(); ++i)
    starts_[i].due_ns = plan.scenario->processes[i].start.count() * kNanosecondsPerMillisecond;
}

Status Supervisor::run() {
  if (Status started = start_first(); !started) return started;
  begin();
  const std::int64_t end_ns = plan_->scenario->end.after.count() * kNanosecondsPerMillisecond;
  while (!is_over() && elapsed_ns() < end_ns)
    wait_for_something(std::min(end_ns, next_due_ns()));
  const std::string_view ended = is_over() ? "condition" : "time";
  const std::int64_t duration = elapsed_ns();
  settle();
  tell_final(ended, duration);
  return {};
}

Status Supervisor::start_first() {
  const std::vector<ProcessSpec>& processes = plan_->scenario->processes;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (starts_[i].due_ns > 0 || processes[i].after) continue;
    starts_[i].is_done = true;
    for (int copy = 0; copy < processes[i].count; ++copy) {
      Slot* slot = start_one(i);
      if (slot == nullptr) {
        return fail(ErrorCode::io, "cannot start process " + processes[i].name + ": " +
                                       std::string(error_sentence(errno)));
      }
      if (Status sound = check_started(processes[i], *slot); !sound) return sound;
    }
  }
  return {};
}

Status Supervisor::check_started(const ProcessSpec& spec, Slot& slot) {
  const bool in_time = Board::wait_ready(slot, kReadyNs);
  if (slot.state.load() == static_cast<std::uint32_t>(SlotState::ready)) return {};
  if (const auto note = Board::take_note(slot))
    return fail(ErrorCode::io, refusal_text(spec, *note));
  return fail(ErrorCode::io, "process " + spec.name +
                                 (in_time ? " ended before it began" : " does not get ready"));
}

Slot* Supervisor::start_one(std::size_t process) {
  const ProcessSpec& spec = plan_->scenario->processes[process];
  Slot* slot = board_.take_slot();
  if (slot == nullptr) {
    errno = EAGAIN;
    return nullptr;
  }
  slot->process = static_cast<std::int32_t>(process);
  slot->instance = board_.next_instance(plan_->comm(spec.name));
  std::copy_n(spec.name.data(), std::min(spec.name.size(), sizeof slot->comm - 1), slot->comm);
  slot->state.store(static_cast<std::uint32_t>(SlotState::starting));
  const pid_t pid = fork();
  if (pid == 0) {
    close_all_but(board_.wake_file());
    slot->pid.store(getpid());
    Actor(*plan_, board_, slot, spec).live();
  }
  if (pid > 0) {
    slot->pid.store(pid);
    return slot;
  }
  slot->state.store(static_cast<std::uint32_t>(SlotState::gone));
  return nullptr;
}

void Supervisor::start_copies(std::size_t process) {
  const ProcessSpec& spec = plan_->scenario->processes[process];
  for (int copy = 0; copy < spec.count; ++copy) {
    Slot* slot = start_one(process);
    if (slot == nullptr) {
      EventLine event;
      event.kind = "refused";
      event.comm = spec.name;
      event.error = error_name(errno);
      tell(event);
      return;
    }
    Board::wait_ready(*slot, kReadyLaterNs);
    tell(event_of("start", *slot));
  }
}

// A scenario begins with a tick of the kernel, so that where its turns end does not hang on the
// boot.
void Supervisor::await_tick() {
  const auto last_tick = [] {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return std::pair(time.tv_sec, time.tv_nsec);
  };
  const auto before = last_tick();
  while (last_tick() == before) {
  }
}

void Supervisor::begin() {
  log_.tell_new(*protocol_, buffer_);
  log_.count_from_here();
  kills_before_ = oom_kills_of_vmstat(buffer_);
  if (plan_->stage->owns_machine) KernelLog::write("oomkit: scenario begins");
  await_tick();
  const std::int64_t now = now_ns();
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  protocol_->begin(boot.tv_sec * 1'000'000 + boot.tv_nsec / 1000);
  // Whoever is forked as soon as the gate is open tells of himself.
  const std::size_t waiting = board_.slots_taken();
  board_.open_gate(now);
  for (std::size_t i = 0; i < waiting; ++i)
    tell(event_of("start", board_.slot(i)));
  next_tick_ns_ = now + kTickNs;
}

std::int64_t Supervisor::elapsed_ns() const {
  return now_ns() - board_.begin_ns();
}

EventLine Supervisor::event_of(std::string_view kind, const Slot& slot) {
  EventLine event;
  event.kind = kind;
  event.comm = slot.comm;
  event.instance = slot.instance;
  event.pid = slot.pid.load();
  return event;
}

void Supervisor::tell(const EventLine& event) {
  protocol_->event(elapsed_ns() / kNanosecondsPerMillisecond, event);
}

void Supervisor::wait_for_something(std::int64_t until_ns) {
  constexpr std::size_t kOwnFiles = 6;
  std::array<pollfd, kOwnFiles + kListenersMax> files{};
  const Outlet& outlet = protocol_->outlet();
  files[0] = {signals_, POLLIN, 0};
  files[1] = {ticks_, POLLIN, 0};
  files[2] = {log_.file(), POLLIN, 0};
  files[3] = {board_.wake_file(), POLLIN, 0};
  files[4] = {outlet.is_empty() ? -1 : outlet.file(), POLLOUT, 0};
  files[5] = {guard_ != nullptr ? guard_->wake_file() : -1, POLLIN, 0};
  const std::size_t listening = listeners_.size();
  for (std::size_t i = 0; i < listening; ++i) {
    const Listener& listener = listeners_[i];
    files[kOwnFiles + i] = {listener.is_spent() ? -1 : listener.file(), listener.poll_events(), 0};
  }
  const std::int64_t left = std::max<std::int64_t>(0, until_ns - elapsed_ns());
  const timespec timeout = timespec_of(left);
  const std::int64_t waited_from = now_ns();
  ppoll(files.data(), kOwnFiles + listening, &timeout, nullptr);

  take_notes();
  take_signals();
  take_tick(waited_from);
  log_.tell_new(*protocol_, buffer_);
  if (guard_ != nullptr) guard_->take_new(*protocol_, elapsed_ns() / kNanosecondsPerMillisecond);
  for (std::size_t i = 0; i < listening; ++i) {
    Listener& listener = listeners_[i];
    if (!listener.take(files[kOwnFiles + i].revents, buffer_)) continue;
    EventLine event;
    event.kind = "notified";
    event.comm = listener.spec().name;
    event.file = listener.spec().file;
    tell(event);
    for (const Action& action : listener.spec().then)
      perform(action, listener.spec().name);
  }
  do_due();
  look_at_kills();
  protocol_->outlet().flush_some();
}

void Supervisor::take_signals() {
  signalfd_siginfo ignored{};
  while (::read(signals_, &ignored, sizeof ignored) > 0) {
  }
  while (true) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    take_notes();
    take_exit(info.si_pid, exit_status(info));
  }
}

void Supervisor::take_exit(std::int32_t pid, std::int32_t status) {
  Slot* slot = board_.slot_of_pid(pid);
  EventLine event;
  event.kind = "exit";
  event.pid = pid;
  if (guard_ != nullptr && pid == guard_->pid()) event.comm = "oom-guard";
  if (slot != nullptr) {
    // What it said before it died comes first.
    while (const auto note = Board::take_note(*slot))
      take_note(*slot, *note);
    event = event_of("exit", *slot);
    slot->exit_status = status;
    slot->state.store(static_cast<std::uint32_t>(SlotState::gone));
  }
  const std::int32_t killer = signal_of(status);
  const FixedText<32> value(killer != 0 ? "signal " : "code ", killer != 0 ? killer : status);
  event.value = has_core(status) ? std::string_view("core") : value.view();
  tell(event);
  if (slot != nullptr) reach_mark(plan_->exit_marks[plan_->comm(slot->comm)]);
  ++exits_;
  if (killer == SIGKILL) ++own_kills_;
  if (slot != nullptr && is_of_guard(pid, killer)) ++guard_kills_;
  last_exit_ns_ = now_ns();
  next_look_ns_ = 0;
}

// Ended by a signal that the kernel's log does not explain: in a run with a guard, by that one.
// The host, which has all records, has the last word.
bool Supervisor::is_of_guard(std::int32_t pid, std::int32_t signal) const {
  if (guard_ == nullptr || (signal != SIGKILL && signal != SIGTERM)) return false;
  const std::span<const std::int32_t> victims = log_.victims();
  return std::find(victims.begin(), victims.end(), pid) == victims.end();
}

// A mark that the world itself reaches.
void Supervisor::reach_mark(std::size_t mark) {
  if (mark_times_[mark] < 0) mark_times_[mark] = elapsed_ns();
  board_.reach_mark(mark);
}

void Supervisor::perform(const Action& action, std::string_view by) {
  if (action.kind != Action::Kind::mark) return actions_.perform(action, by);
  EventLine event;
  event.kind = "mark";
  event.by = by;
  event.value = action.name;
  tell(event);
  ++marks_;
  reach_mark(plan_->mark(action.name));
}

void Supervisor::take_tick(std::int64_t waited_from_ns) {
  std::uint64_t expired = 0;
  if (::read(ticks_, &expired, sizeof expired) != sizeof expired) return;
  const std::int64_t now = now_ns();
  const std::int64_t late = now - std::max(next_tick_ns_, waited_from_ns);
  next_tick_ns_ = now + kTickNs;
  if (late > kStallNs) {
    const FixedText<32> length(late / kNanosecondsPerMillisecond);
    EventLine event;
    event.kind = "stall";
    event.value = length.view();
    tell(event);
  }
  if (now < next_progress_ns_) return;
  next_progress_ns_ = now + kProgressNs;
  tell_progress(*protocol_, elapsed_ns() / kNanosecondsPerMillisecond, board_, oom_kills_);
}

void Supervisor::take_notes() {
  std::uint64_t count = 0;
  static_cast<void>(::read(board_.wake_file(), &count, sizeof count));
  while (Slot* slot = board_.slot_of_oldest_note())
    take_note(*slot, *Board::take_note(*slot));
}

void Supervisor::take_note(const Slot& slot, const Note& note) {
  const std::int64_t at = note.time_ns - board_.begin_ns();
  const FixedText<32> value(note.value);
  EventLine event = event_of("start", slot);
  switch (note.kind) {
    case Note::Kind::start:
      break;
    case Note::Kind::mark: {
      const auto mark = static_cast<std::size_t>(note.index);
      if (mark_times_[mark] < 0) mark_times_[mark] = std::max<std::int64_t>(0, at) + kBreathNs;
      ++marks_;
      event.kind = "mark";
      event.value = plan_->marks[mark];
      break;
    }
    case Note::Kind::refused:
      event.kind = "refused";
      event.value = value.view();
      event.error = error_name(note.error);
      break;
    case Note::Kind::child_exit:
      return take_exit(note.pid, note.status);
    case Note::Kind::error:
      event.kind = "error";
      event.value = actor_task_text(static_cast<ActorTask>(note.index));
      event.error = error_name(note.error);
      break;
  }
  protocol_->event(std::max<std::int64_t>(0, at) / kNanosecondsPerMillisecond, event);
}

std::optional<std::int64_t> Supervisor::mark_time(std::string_view name) const {
  const std::int64_t at = mark_times_[plan_->mark(name)];
  return at < 0 || at > elapsed_ns() ? std::nullopt : std::optional(at);
}

// What is done may make more due: a mark that others wait for.
void Supervisor::do_due() {
  while (do_due_once()) {
  }
}

bool Supervisor::do_due_once() {
  bool any = false;
  const Scenario& scenario = *plan_->scenario;
  for (std::size_t i = 0; i < scenario.processes.size(); ++i) {
    const auto from = scenario.processes[i].after ? mark_time(*scenario.processes[i].after)
                                                  : std::optional<std::int64_t>(0);
    if (starts_[i].is_done || !from || *from + starts_[i].due_ns > elapsed_ns()) continue;
    starts_[i].is_done = any = true;
    start_copies(i);
  }
  for (std::size_t i = 0; i < scenario.events.size(); ++i) {
    const EventSpec& event = scenario.events[i];
    if (events_done_[i]) continue;
    const bool due = event.after ? mark_time(*event.after).has_value()
                                 : event.at->count() * kNanosecondsPerMillisecond <= elapsed_ns();
    if (!due) continue;
    events_done_[i] = any = true;
    perform(event, {});
  }
  return any;
}

std::int64_t Supervisor::next_due_ns() const {
  const Scenario& scenario = *plan_->scenario;
  const std::int64_t now = elapsed_ns();
  std::int64_t next = now + kNanosecondsPerSecond;
  for (const std::int64_t mark : mark_times_) {
    if (mark > now) next = std::min(next, mark);
  }
  for (std::size_t i = 0; i < scenario.processes.size(); ++i) {
    const auto from = scenario.processes[i].after ? mark_time(*scenario.processes[i].after)
                                                  : std::optional<std::int64_t>(0);
    if (!starts_[i].is_done && from) next = std::min(next, *from + starts_[i].due_ns);
  }
  for (std::size_t i = 0; i < scenario.events.size(); ++i) {
    if (!events_done_[i] && scenario.events[i].at)
      next = std::min(next, scenario.events[i].at->count() * kNanosecondsPerMillisecond);
  }
  return next;
}

// From the log or the kernel's own counter, whichever sees it first; on a machine with other
// work both tell of others too, so there what counts is who of ours was killed.
void Supervisor::look_at_kills() {
  if (!plan_->stage->owns_machine) {
    oom_kills_ = own_kills_;
    return;
  }
  oom_kills_ = std::max(oom_kills_, log_.kills());
  if (now_ns() < next_look_ns_) return;
  next_look_ns_ = now_ns() + kLookNs;
  oom_kills_ = std::max(oom_kills_, oom_kills_of_vmstat(buffer_) - kills_before_);
}

bool Supervisor::is_over() const {
  const EndSpec& end = plan_->scenario->end;
  if (end.mark && mark_time(*end.mark)) return true;
  const auto& when = end.when;
  if (!when) return false;
  std::int64_t count = 0;
  if (when->counter == "oom_kills") count = oom_kills_;
  if (when->counter == "guard_kills") count = guard_kills_;
  if (when->counter == "exits") count = exits_;
  if (when->counter == "marks") count = marks_;
  if (when->comparison == ">=") return count >= when->value;
  if (when->comparison == ">") return count > when->value;
  return count == when->value;
}

// Whom the kernel has killed and who is still dying: slow when its memory is in swap.
bool Supervisor::is_someone_dying() {
  for (const std::int32_t pid : log_.victims()) {
    const Slot* slot = board_.slot_of_pid(pid);
    if (slot != nullptr && slot->state.load() != static_cast<std::uint32_t>(SlotState::gone))
      return true;
  }
  return false;
}

void Supervisor::settle() {
  const std::int64_t begun = now_ns();
  last_exit_ns_ = begun;
  const auto is_settling = [&] {
    const std::int64_t now = now_ns();
    if (is_someone_dying()) return now < begun + kDyingNs;
    return now < begun + kSettleNs && now < last_exit_ns_ + kQuietNs;
  };
  while (is_settling())
    wait_for_something(elapsed_ns() + kTickNs);
}

void Supervisor::tell_final(std::string_view ended, std::int64_t duration_ns) {
  log_.tell_new(*protocol_, buffer_);
  if (guard_ != nullptr) guard_->take_new(*protocol_, duration_ns / kNanosecondsPerMillisecond);
  tell_processes(*protocol_, board_, buffer_);
  tell_cgroups(*protocol_, *plan_, buffer_);
  tell_host(*protocol_, sysconf(_SC_PAGESIZE), buffer_);
  protocol_->end(ended, duration_ns / kNanosecondsPerMillisecond);
}

}  // namespace oomkit::guest
