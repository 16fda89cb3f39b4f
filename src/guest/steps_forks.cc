// Steps that make processes. A child is reaped by its parent while that lives, which notes
// how it ended; afterwards by the supervisor.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/steps.h"

namespace oomkit::guest {
namespace {

Actor* reaping_actor = nullptr;  // Of this process, for its handler.

void reap_children(int /*signal*/) {
  const int saved = errno;
  siginfo_t info{};
  while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
    reaping_actor->report_child(info.si_pid, exit_status(info));
    info.si_pid = 0;
  }
  errno = saved;
}

void begin_reaping(Actor& actor) {
  reaping_actor = &actor;
  struct sigaction action {};
  action.sa_handler = reap_children;
  action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, nullptr);
}

// A slot for the next child, filled in; null when the board is full.
Slot* take_child_slot(Actor& actor, const Step& step) {
  Slot* slot = actor.board().take_slot();
  if (slot == nullptr) return nullptr;
  const std::string_view comm = step.child_name           ? std::string_view(*step.child_name)
                                : actor.slot() != nullptr ? std::string_view(actor.slot()->comm)
                                                          : actor.spec().name;
  std::memset(slot->comm, 0, sizeof slot->comm);
  std::copy_n(comm.data(), std::min(comm.size(), sizeof slot->comm - 1), slot->comm);
  slot->process = actor.slot() == nullptr ? 0 : actor.slot()->process;
  slot->instance = actor.board().next_instance(actor.plan().comm(comm));
  return slot;
}

void enter_child(Actor& actor, const Step& step, Slot* slot, bool shares_memory) {
  if (slot != nullptr) slot->pid.store(getpid());
  actor.become_child(step, slot, shares_memory);
  if (slot != nullptr) {
    actor.board().set_state(*slot, SlotState::ready);
    actor.board().post(*slot, {.kind = Note::Kind::start, .time_ns = now_ns()});
  }
}

// True when there was a child.
bool fork_one(Actor& actor, const Step& step) {
  Slot* slot = take_child_slot(actor, step);
  const pid_t pid = fork();
  if (pid == 0) {
    enter_child(actor, step, slot, false);
    actor.play(step.steps);
  }
  if (pid < 0) {
    if (slot != nullptr) actor.board().set_state(*slot, SlotState::gone);
    actor.refused(errno);
    return false;
  }
  if (slot != nullptr) slot->pid.store(pid);
  return true;
}

struct VforkChild {
  Actor actor;  // A copy: the parent's must not change under it.
  const Step* step;
  Slot* slot;
};

int run_vfork_child(void* argument) {
  auto* child = static_cast<VforkChild*>(argument);
  enter_child(child->actor, *child->step, child->slot, true);
  child->actor.play(child->step->steps);
}

// The kernel's vfork: one memory for both, and the parent waits for the child's exit.
bool vfork_one(Actor& actor, const Step& step) {
  constexpr std::size_t kStack = 64 << 10;
  void* stack = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) {
    actor.refused(errno);
    return false;
  }
  VforkChild child{actor, &step, take_child_slot(actor, step)};
  const int pid = clone(run_vfork_child, static_cast<char*>(stack) + kStack,
                        CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
  const int error = errno;
  munmap(stack, kStack);
  if (pid >= 0) return true;
  if (child.slot != nullptr) actor.board().set_state(*child.slot, SlotState::gone);
  actor.refused(error);
  return false;
}

}  // namespace

void do_fork(Actor& actor, const Step& step) {
  begin_reaping(actor);
  repeat(step, [&] {
    for (int i = 0; i < step.children; ++i) {
      if (!fork_one(actor, step)) return false;
    }
    return true;
  });
}

void do_vfork(Actor& actor, const Step& step) {
  begin_reaping(actor);
  repeat(step, [&] {
    for (int i = 0; i < step.children; ++i) {
      if (!vfork_one(actor, step)) return false;
    }
    return true;
  });
}

}  // namespace oomkit::guest
