// What a process does about itself that has to go on when memory is short.
//
// Each returns 0 or the kernel's number: what is not permitted is said and done without.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oomkit {

std::int32_t own_process_id();
std::int32_t own_process_group();

// What of the program's own file is in memory goes, but for what is used from now on; before
// that, for instance, has been started and will not be again. What the linker has put into
// sections named "kept" (src/guard/kept_code.ld) is brought into memory, used or not.
void forget_program_pages();
// All of our memory that is used, now or later, stays in RAM. What was never used takes none.
int lock_memory();
// The kernel's killer passes us over: oom_score_adj -1000.
int refuse_to_be_chosen();
// Before all that shares the processor in turns: SCHED_FIFO, or at least a better nice value.
int run_first();
// In turns again, for as long as this lives: for work that is long and can wait.
class TakingTurns {
 public:
  TakingTurns();
  ~TakingTurns();
  TakingTurns(const TakingTurns&) = delete;
  TakingTurns& operator=(const TakingTurns&) = delete;

 private:
  bool was_first_;
};
// Lets others run for a moment when we have had the processor for long: who comes before all others
// gives way to nobody by itself.
class Breath {
 public:
  void begin();           // We have just come.
  void take_if_needed();  // After a piece of work.

 private:
  std::int64_t since_ns_ = 0;
};
// How many files may be open, and as many as the hard limit allows.
std::size_t file_limit();
void raise_file_limit();
// A process that does nothing, until it is killed; it does not outlive us. Below 0: the number of
// an error. Only while this process has one thread.
std::int32_t start_idle_process();
// It has ended, or will in a moment: its status is taken.
void bury_process(std::int32_t pid);

// This process goes on as that program, with the same arguments and open files (that allow it).
// Only the kernel's number comes back.
int become_program(char* const* arguments);
// As it is called in lists of processes; a program that another became is called "exe" otherwise.
void name_process(const char* name);
// Memory that is free but still ours goes back.
void give_back_free_memory();
// What is there of our memory becomes ours to write to: after start_idle_process() it is copied
// when it is written to, and what was only read is a page of zeros. What was never used stays so.
void make_memory_ours();
// Touches so much of the stack that it never has to grow.
void touch_stack();

}  // namespace oomkit
