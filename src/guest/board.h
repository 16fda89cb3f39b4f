// The page on the wall: shared memory between the processes of a scenario and the
// supervisor. Marks that were reached, who is who, how much each holds, and notes of what
// happened.
//
// Shared memory and futexes, because nothing else survives what these processes are made
// for: a pipe's buffers are charged to the memory cgroup that is full, and a process killed
// half way through a write would jam a queue that others share. Here each process writes
// only its own slot, so a half-written note can only be its last.
#pragma once

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"

namespace oomkit::guest {

enum class SlotState : std::uint32_t { unused, starting, ready, failed, gone };

struct Note {
  enum class Kind : std::uint32_t { start, mark, refused, child_exit, error };
  Kind kind = Kind::start;
  std::int32_t index = 0;   // mark: which; error: the place in kActorTasks.
  std::int32_t error = 0;   // errno, of refused and error.
  std::int32_t pid = 0;     // child_exit: of the child.
  std::int32_t status = 0;  // child_exit: see exit_status().
  std::int64_t value = 0;   // refused: bytes held.
  std::int64_t time_ns = 0;
};

// How a process ended, in one number: its exit code, minus the signal, or minus the signal
// and kCoreDumped.
constexpr std::int32_t kCoreDumped = 1000;
inline std::int32_t exit_status(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return info.si_status;
  return -info.si_status - (info.si_code == CLD_DUMPED ? kCoreDumped : 0);
}
inline bool has_core(std::int32_t status) {
  return status < -kCoreDumped;
}
// The signal, or 0.
inline std::int32_t signal_of(std::int32_t status) {
  if (status >= 0) return 0;
  return has_core(status) ? -status - kCoreDumped : -status;
}

// One process. The notes are a ring of one writer (the process) and one reader.
struct Slot {
  static constexpr std::uint32_t kNotes = 8;
  static constexpr std::size_t kCommSize = 16;

  std::atomic<std::uint32_t> state;  // SlotState; a futex.
  std::atomic<std::int32_t> pid;
  std::int32_t process;  // The index in Scenario::processes.
  std::int32_t instance;
  std::atomic<std::int64_t> held_bytes;
  std::atomic<std::uint32_t> written;
  std::atomic<std::uint32_t> read;
  std::int32_t exit_status;  // Of the supervisor: see exit_status().
  char comm[kCommSize];
  Note notes[kNotes];
};

class Board {
 public:
  // Room for that many marks and processes. Allocates shared memory, touches all of it and
  // locks it.
  static Result<Board> create(std::size_t marks, std::size_t slots, std::size_t comms);

  // Processes that fork beyond the room run without a slot.
  Slot* take_slot();
  std::size_t slots_taken() const;
  Slot& slot(std::size_t index) { return slots_[index]; }
  const Slot& slot(std::size_t index) const { return slots_[index]; }
  Slot* slot_of_pid(std::int32_t pid);
  // The number of the next copy of the comm with that index, from 1.
  int next_instance(std::size_t comm);

  // The gate: closed until the scenario begins.
  void open_gate(std::int64_t begin_ns);
  void wait_gate();
  std::int64_t begin_ns() const;

  void reach_mark(std::size_t mark);
  bool is_reached(std::size_t mark) const;
  void wait_mark(std::size_t mark);

  void set_state(Slot& slot, SlotState state);
  // Waits until the state is no longer `starting`; false when that takes too long.
  static bool wait_ready(Slot& slot, std::int64_t timeout_ns);

  // Adds a note and wakes the supervisor; waits while the ring is full.
  void post(Slot& slot, Note note);
  static std::optional<Note> take_note(Slot& slot);
  // The slot whose next note is the oldest of all, nullptr where there is none: whoever takes
  // notes by it hears of a mark before it hears what others did because of it.
  Slot* slot_of_oldest_note();

  // Readable when something was posted.
  int wake_file() const { return wake_file_; }

 private:
  struct Head {
    std::atomic<std::uint32_t> gate;
    std::atomic<std::uint32_t> slots_taken;
    std::atomic<std::int64_t> begin_ns;
  };

  Slot* find_oldest_note();
  void wake_supervisor() const;

  Head* head_ = nullptr;
  std::atomic<std::uint32_t>* marks_ = nullptr;
  std::atomic<std::uint32_t>* instances_ = nullptr;
  Slot* slots_ = nullptr;
  std::size_t slots_max_ = 0;
  int wake_file_ = -1;
};

}  // namespace oomkit::guest
