// Processes of the model, and what they have mapped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "core/units.h"
#include "scenario/scenario.h"
#include "sim/extent.h"
#include "sim/machine.h"
#include "sim/memcg.h"
#include "sim/rss_counts.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

struct Region {
  Object* object = nullptr;
  Pages size;
  Pages touched;
  bool shared = false;
  bool huge = false;
};

// An address space; a vfork child has its parent's.
struct Mm {
  std::vector<Region> regions;
  Pages total_vm, committed;
  Pages tables;        // Page tables, and ...
  Pages table_charge;  // ... those of them that `memcg` is charged for.
  Pages spread;        // Pages touched so far in private mappings: what tables grow with.
  Pages locked;
  Pages base_anon, base_file, base_shmem;  // The program itself, shared with all others.
  Object* written = nullptr;  // Pages of the program that are its own: counted in base_anon.
  Pages written_pages;
  std::uint8_t program_parts = 0;  // ProgramPart
  ThreadCounts by_thread;
  ProcessorCounts by_processor;
  Memcg* memcg = nullptr;  // Its owner's.
  int users = 1;
  SimTime looked_at{-1};     // When a walk of the page tables asked last whether it ran.
  bool oom_skip = false;     // MMF_OOM_SKIP: nothing to be had from it any more.
  bool reap_queued = false;  // MMF_OOM_REAP_QUEUED

  // Of the regions, or of all.
  Pages held() const;
  Pages anon() const;
  Pages shmem() const;
  Pages swapped() const;  // Of private memory, and of the program's own pages: swapents.
  RssCounts counts() const { return {base_file, anon(), swapped(), shmem()}; }
  Pages rss() const { return anon() + shmem() + base_file; }
};

enum class Life { starting, alive, dying, gone };

class SwapPlug;

struct Process {
  std::int64_t pid = 0;
  SimTime started{0};
  std::string comm;
  std::size_t spec = 0;  // In Scenario::processes.
  std::shared_ptr<Mm> mm;
  Memcg* memcg = nullptr;
  std::vector<int> mems;     // Nodes of its cpuset; empty: all.
  std::vector<int> bind;     // Nodes of mempolicy bind.
  std::vector<int> prefer;   // Nodes of preferred or interleave, tried first.
  std::string cpuset = "/";  // Its name.
  SwapPlug* plug = nullptr;  // While it collects the reads of a cluster.
  Placement placement;       // What follows from these; found when it is asked for first.
  Thread* thread = nullptr;
  Process* parent = nullptr;
  Random random{0};

  std::optional<int> signal;            // A deadly one that was sent.
  const Memcg* waits_in_oom = nullptr;  // v1: sleeps in mem_cgroup_oom_synchronize().
  Pages over_high;                      // memcg_nr_pages_over_high
  std::int64_t kernel_pages = 0;
  std::int64_t joined = 0;  // Its cgroup: the how manieth who joined one.
  Pages sock;               // Of its socket buffers.
  std::int64_t exit_code = 0;
  std::int64_t exit_signal = 0;
  std::int64_t held_bytes = 0;
  int instance = 1;
  int oom_score_adj = 0;
  int uid = 0;
  PressureGroup::Tasks counted;  // What the pressure groups count of it.
  Life life = Life::starting;

  bool interleave = false;
  bool is_vfork_child = false;  // Borrows its parent's memory.
  bool sigkill = false;
  bool ignores_sigterm = false;
  bool stopped = false;
  bool oom_victim = false;
  bool in_vfork_wait = false;
  bool uninterruptible = false;  // State D.
  bool waits_for_disk = false;   // in_iowait
  bool stalls = false;           // psi_memstall_enter()
  bool core = false;

  bool is_dying() const { return sigkill || life == Life::dying || life == Life::gone; }
};

}  // namespace oomkit::sim
