#include "guest/actor.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/clock.h"
#include "guest/small_file.h"
#include "guest/steps.h"
#include "scenario/node_list.h"

namespace oomkit::guest {
namespace {

bool is_dense(const Plan& plan) {
  const HostSpec& host = plan.scenario->host;
  return host.swap > Bytes(0) && host.swap_kind == SwapKind::zram;
}

// The same for each run, and another for each process.
std::uint64_t seed_of(const Plan& plan, const Slot* slot) {
  if (slot == nullptr) return plan.seed;
  return plan.seed + (static_cast<std::uint64_t>(static_cast<std::uint32_t>(slot->process)) << 32) +
         static_cast<std::uint32_t>(slot->instance);
}

void restore_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

int join(const PathText& folder) {
  return write_file(PathText(folder.view(), "/cgroup.procs").c_str(), "0");
}

int set_mempolicy(const std::string& policy) {
  constexpr int kPreferred = 1;  // linux/mempolicy.h
  constexpr int kBind = 2;
  constexpr int kInterleave = 3;
  const std::size_t colon = policy.find(':');
  const std::string_view mode = std::string_view(policy).substr(0, colon);
  const auto nodes = parse_node_mask(std::string_view(policy).substr(colon + 1));
  if (!nodes) return EINVAL;
  const unsigned long mask = *nodes;
  const int number = mode == "preferred" ? kPreferred : mode == "bind" ? kBind : kInterleave;
  constexpr unsigned long kBits = 8 * sizeof mask;
  return syscall(SYS_set_mempolicy, number, &mask, kBits) == 0 ? 0 : errno;
}

int set_uid(int uid) {
  const auto id = static_cast<unsigned>(uid);
  if (setgroups(0, nullptr) != 0) return errno;
  if (setresgid(id, id, id) != 0) return errno;
  if (setresuid(id, id, id) != 0) return errno;
  prctl(PR_SET_DUMPABLE, 1);  // Another user's process is as good for a core file.
  return 0;
}

}  // namespace

std::string_view actor_task_text(ActorTask task) {
  switch (task) {
    case ActorTask::name:
      return "its name";
    case ActorTask::oom_score_adj:
      return "its oom_score_adj";
    case ActorTask::oom_adj:
      return "its oom_adj";
    case ActorTask::cgroup:
      return "its cgroup";
    case ActorTask::cpuset:
      return "its cpuset";
    case ActorTask::mempolicy:
      return "its memory policy";
    case ActorTask::nice:
      return "its nice value";
    case ActorTask::uid:
      return "its uid";
    case ActorTask::steps:
      return "a step";
    case ActorTask::fork:
      return "a fork";
  }
  return "something";
}

Actor::Actor(const Plan& plan, Board& board, Slot* slot, const ProcessSpec& spec)
    : plan_(&plan),
      board_(&board),
      slot_(slot),
      spec_(&spec),
      own_holdings_(seed_of(plan, slot), is_dense(plan),
                    slot == nullptr ? nullptr : &slot->held_bytes),
      random_(~seed_of(plan, slot)) {}

void Actor::live() {
  if (!prepare()) {
    if (slot_ != nullptr) board_->set_state(*slot_, SlotState::failed);
    _exit(127);
  }
  restore_signals();
  if (slot_ != nullptr) board_->set_state(*slot_, SlotState::ready);
  board_->wait_gate();
  play(spec_->steps);
}

bool Actor::attempt(ActorTask task, int error) {
  if (error == 0) return true;
  report(task, error);
  return false;
}

bool Actor::prepare() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!attempt(ActorTask::name, prctl(PR_SET_NAME, spec_->name.c_str()) == 0 ? 0 : errno))
    return false;
  return take_adj() && take_cgroup() && take_rights();
}

bool Actor::take_adj() {
  // A cgroup of one's own may be all that we may change: then the score is what it was.
  const int adj = spec_->oom_score_adj.value_or(0);
  const int error = write_file("/proc/self/oom_score_adj", FixedText<16>(adj).view());
  if (error != 0 && (plan_->stage->owns_machine || spec_->oom_score_adj))
    return attempt(ActorTask::oom_score_adj, error);
  if (!spec_->oom_adj) return true;
  return attempt(ActorTask::oom_adj,
                 write_file("/proc/self/oom_adj", FixedText<16>(*spec_->oom_adj).view()));
}

bool Actor::take_cgroup() {
  const Stage& stage = *plan_->stage;
  const bool v1 = stage.cgroup == CgroupVersion::v1;
  const PathText own(spec_->cgroup == "/" ? "" : std::string_view(spec_->cgroup), "/",
                     std::string_view(spec_->name));
  const bool own_cpuset = spec_->mems.has_value();
  if (spec_->cgroup != "/" && (v1 || !own_cpuset) &&
      !attempt(ActorTask::cgroup, join(memory_folder(stage, spec_->cgroup))))
    return false;
  if (own_cpuset) return attempt(ActorTask::cpuset, join(cpuset_folder(stage, own.view())));
  if (!v1 || stage.cpuset_root.empty() || spec_->cgroup == "/") return true;
  return attempt(ActorTask::cpuset, join(cpuset_folder(stage, spec_->cgroup)));
}

bool Actor::take_rights() {
  if (spec_->mempolicy && !attempt(ActorTask::mempolicy, set_mempolicy(*spec_->mempolicy)))
    return false;
  const rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  // Where it is refused, a lock step is, too, and told.
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  setrlimit(RLIMIT_CORE, &unlimited);
  errno = 0;
  if (spec_->nice != 0 &&
      !attempt(ActorTask::nice, setpriority(PRIO_PROCESS, 0, spec_->nice) == 0 ? 0 : errno))
    return false;
  return spec_->uid == 0 || attempt(ActorTask::uid, set_uid(spec_->uid));
}

void Actor::play(const std::vector<Step>& steps) {
  for (const Step& step : steps)
    do_step(*this, step);
  while (true)
    pause();
}

void Actor::post(Note note) {
  if (slot_ == nullptr) return;
  // The handler of SIGCHLD posts too, and a ring has one writer at a time.
  sigset_t child;
  sigset_t before;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, &before);
  note.time_ns = now_ns();
  board_->post(*slot_, note);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

void Actor::refused(int error) {
  Note note;
  note.kind = Note::Kind::refused;
  note.error = error;
  note.value = holdings_->touched_bytes();
  post(note);
  if (spec_->on_refused == OnRefused::exit) _exit(1);
}

void Actor::report(ActorTask task, int error) {
  Note note;
  note.kind = Note::Kind::error;
  note.index = static_cast<std::int32_t>(task);
  note.error = error;
  post(note);
}

void Actor::report_child(std::int32_t pid, std::int32_t status) {
  Note note;
  note.kind = Note::Kind::child_exit;
  note.pid = pid;
  note.status = status;
  post(note);
}

void Actor::reach_mark(std::string_view name) {
  const std::size_t mark = plan_->mark(name);
  Note note;
  note.kind = Note::Kind::mark;
  note.index = static_cast<std::int32_t>(mark);
  post(note);
  board_->reach_mark(mark);
}

void Actor::become_child(const Step& step, Slot* slot, bool shares_memory) {
  slot_ = slot;
  if (step.child_name) prctl(PR_SET_NAME, step.child_name->c_str());
  if (step.child_oom_score_adj) {
    const int adj = *step.child_oom_score_adj;
    attempt(ActorTask::oom_score_adj,
            write_file("/proc/self/oom_score_adj", FixedText<16>(adj).view()));
  }
  if (shares_memory) return;
  own_holdings_.count_in(slot == nullptr ? nullptr : &slot->held_bytes);
  random_ = Random(~seed_of(*plan_, slot));
}

}  // namespace oomkit::guest
