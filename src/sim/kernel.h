// The model kernel: what a simulated thread calls when it faults, reads a file, forks or exits.
//
// Its paths are those of the kernel's sources, by the same names where there is one, and have the
// same order of steps; what is beside the point for who gets memory and who dies is left out. Each
// path that may wait is a coroutine (fiber.h).
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/overcommit.h"
#include "model/oom_report.h"
#include "scenario/scenario.h"
#include "sim/committed_memory.h"
#include "sim/machine.h"
#include "sim/memcg.h"
#include "sim/process.h"
#include "sim/profile.h"
#include "sim/program.h"
#include "sim/scheduler.h"
#include "sim/swap_cache.h"

namespace oomkit::sim {

// Counters of /proc/vmstat that the model keeps.
struct VmStat {
  std::int64_t oom_kill = 0, pgfault = 0, pgmajfault = 0, pswpin = 0, pswpout = 0;
  std::int64_t pgscan_direct = 0, pgscan_kswapd = 0, pgsteal_direct = 0, pgsteal_kswapd = 0;
  std::int64_t allocstall = 0, refault_anon = 0, refault_file = 0;
};

struct Sysctls {
  OvercommitMode overcommit = OvercommitMode::guess;
  int overcommit_ratio = 50;
  KiB overcommit_kbytes{0};
  int swappiness = 60;
  int panic_on_oom = 0;
  bool oom_kill_allocating_task = false;
  bool oom_dump_tasks = true;
};

// What is told to the outside as it happens.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void reported(OomReport report) = 0;
  virtual void logged(std::string line) = 0;
  virtual void panicked(std::string text) = 0;
  virtual void exited(Process& process) = 0;
  // A file that may be waited for has changed: memory.events of that group.
  virtual void notified(const Memcg& group, std::string_view file) = 0;
  // vmpressure: of that group, "low", "medium" or "critical".
  virtual void pressed(const Memcg& group, std::string_view level) = 0;
  virtual void traced(std::string_view what) = 0;
  virtual void stalled() = 0;  // A task begins to wait for memory.
};

constexpr Pages kKernelStack(4);  // Of a thread.

// Given before anybody is killed for the host (register_oom_notifier()).
using OomNotifier = std::function<Pages()>;

// Pages of each list that reclaim looks at, by ListKind.
using ScanCount = std::array<Pages, kListKinds - 1>;

class Kernel {
 public:
  Kernel(const KernelProfile& profile, const Scenario& scenario, Scheduler& scheduler,
         Witness& witness, bool page_by_page);

  // What the model cannot go on with, if there is something.
  const std::optional<std::string>& beyond_model() const { return beyond_model_; }

  const KernelProfile& profile() const { return profile_; }
  CgroupVersion cgroup_version() const { return cgroup_; }
  Machine& machine() { return machine_; }
  MemcgTree& memcgs() { return memcgs_; }
  Scheduler& scheduler() { return scheduler_; }
  Sysctls& sysctls() { return sysctls_; }
  VmStat& vmstat() { return vmstat_; }
  PressureGroup& host_pressure() { return host_pressure_; }
  bool is_halted() const { return halted_; }  // A panic.
  SimTime now() const { return scheduler_.now(); }

  // Processes, in the order of their forks; those that are gone are not among them.
  const std::vector<Process*>& processes() const { return processes_; }
  Process& create_process(std::string_view comm, Process* parent, int nice);
  void skip_pids(std::int64_t count) { next_pid_ += count; }
  void join(Process& process, Memcg& group);  // cgroup.procs
  // --- a host in the middle of its life (found.cc): first of all it, then its processes, then its
  // cgroups, those below before those above, then what is left of its page cache, the root's.
  void adopt(const FoundHost& found);
  bool is_found() const { return !unplaced_.empty(); }
  Process& adopt_process(std::string_view comm, const FoundTask& task, Memcg& group);
  void adopt_memcg(Memcg& group, const FoundMemcg& found);
  void adopt_cache(Memcg& group, Pages active, Pages inactive);
  void send_signal(Process& process, int number);
  void update_pressure(Process& process);
  // What comes of the program on the way to a process's first step, and by joining a cgroup.
  void begin_program(Process& process, bool joins);
  // A core file of it, in a tmpfs.
  Co<void> dump_core(Process& process);

  // --- memory of a process (paths_memory.cc)
  // mmap(): an errno, or 0.
  int map(Process& process, Pages size, bool shared, bool huge);
  Co<void> unmap(Process& process, Pages size);  // The newest regions.
  // Touches pages [first, first + count) of a region: faults in what is not there. False: it was
  // killed meanwhile.
  Co<bool> touch(Process& process, Region& region, std::int64_t first, std::int64_t count);
  Co<bool> lock(Process& process, Region& region, std::int64_t count);
  Co<bool> spread_tables(Process& process, Pages tables);
  Co<int> copy_process(Process& parent, Process& child, bool shares_memory);
  // Its first pages of its own, in its cgroup.
  Co<bool> bring_in(Process& process, ProgramPart part);
  Co<bool> bring_in_regions(Process& process);
  Co<void> exit(Process& process);
  // process_mrelease(): `caller` gives back what a process that is being killed has of its own.
  Co<int> release_memory(Process& caller, Process& victim);
  // Where it stops when it is stopped or over memory.high; false: it has to die.
  Co<bool> return_to_user(Process& process);

  // --- files and other memory of the kernel (paths_files.cc)
  Object& file(std::string_view name, bool in_memory);
  Object* find_file(std::string_view name);
  Pages file_undisturbed(Process& process, Object& file, std::int64_t first, std::int64_t count);
  // A block of a file through the page cache: 0, or an errno.
  Co<int> read_file(Process& process, Object& file, std::int64_t first, std::int64_t count);
  Co<int> write_file(Process& process, Object& file, std::int64_t first, std::int64_t count);
  Co<int> make_file(Process& process);                // An inode and a dentry.
  Co<int> fill_socket(Process& process, Bytes size);  // TCP's buffers.
  // A driver's block of that order, for the thread of that process.
  Co<std::optional<std::size_t>> alloc_block(Process& process, int order);
  void add_notifier(OomNotifier notifier) { notifiers_.push_back(std::move(notifier)); }
  void drop_notifiers() { notifiers_.clear(); }

  // --- limits and reclaim
  // A new limit of a group: 0, or an errno. v2 reclaims and kills until it fits.
  Co<int> set_max(Process& writer, Memcg& group, Pages pages);
  Co<int> set_high(Process& writer, Memcg& group, Pages pages);
  Co<int> set_limit_v1(Process& writer, Memcg& group, Pages pages, bool memsw);
  Co<int> reclaim_proactively(Process& writer, Memcg& group, Pages pages);
  void raise_max_event(Memcg& group, MemcgEvent event);
  void wake_oom_waiters(const Memcg& group);

  // sysrq f
  Co<void> manual_oom(Process& presser);

  // --- what files show (state.cc)
  Pages commit_limit() const;
  Pages committed() const { return committed_.sum(); }
  void set_overcommit(OvercommitMode mode);
  Pages mem_available();
  Pages totalram() const { return machine_.managed(); }
  std::int64_t oom_score(const Process& process) const;
  OvercommitHost overcommit_host() const;
  const MemcgStats& root_stats();
  Pages slab_reclaimable() const { return slab_reclaimable_; }
  Pages slab_unreclaimable() const { return slab_unreclaimable_; }
  Pages kernel_stacks() const { return kernel_stack_; }
  Pages page_tables() const { return page_tables_; }
  Pages swap_cached() const { return swap_cached_; }
  Pages init_anon() const { return profile_.init_anon; }
  Pages init_shmem() const { return profile_.init_shmem; }
  std::string release() const { return std::string(profile_.release); }
  Task task_of(const Process& process) const;
  RssCounts told_counts_of(const Mm& mm) const;

 private:
  enum class OomOutcome { success, failed, async, skipped };
  struct OomRequest {
    Memcg* memcg = nullptr;
    std::vector<int> nodes;  // The request's node mask; empty: none.
    int order = 0;
    bool manual = false;
    bool user_page = true;
    Pages totalpages{1};
    Constraint constraint = Constraint::none;
  };

  Process& new_process(std::string_view comm, Process* parent, int nice);
  Pages place(Object& object, std::int64_t first, Pages count, Memcg& group);

  // How pages come to be.
  struct Fresh {
    bool mapped = false;      // By a fault: the entry in the tables says that it was used.
    bool referenced = false;  // By write() or read().
    bool active = false, workingset = false;
    bool dirty = false;
  };

  // paths_charge.cc
  bool has_memsw() const;
  void count_charge(Memcg& group, Pages pages, Pages MemcgStats::*what, int sign);
  Co<bool> charge_slowly(Process& process, Memcg& group, MemcgTree::Charge charge, bool user_fault);
  Co<bool> try_charge(Process& process, Memcg& group, MemcgTree::Charge charge, bool user_fault);
  Co<bool> take_tables(Process& process, Pages pages);
  Pages plenty_for(Process& process);
  void follow_counts(Mm& mm) const;
  static RssCounts refault_counts(const Object& object);
  RssCounts counted_of(const Mm& mm) const;
  Co<bool> fault_in(Process& process, Region& region, std::int64_t first, std::int64_t count,
                    std::int64_t& done);
  Co<void> unmap_shared(Thread& thread, Pages pages);
  Co<void> forget_swapped(Thread& thread, const std::vector<Object*>& objects);
  Co<void> free_pages_of(Thread& thread, const std::vector<Object*>& objects);
  struct Gather;
  class Freeing;
  bool is_awaited() const;
  Pages freed_undisturbed(const Thread& thread, Pages left) const;
  Co<void> evict(Process& process, Object& object);
  Co<int> cache_pages(Process& process, Object& file, std::int64_t first, std::int64_t count,
                      bool written);
  Pages tmpfs_allowance(const Process& process) const;
  Pages commit_to_tmpfs(Process& process, std::size_t zone, Pages charged);
  void use_cached(Object& file, std::int64_t first, Pages count);
  Co<bool> charge_kernel(Process& process, Memcg& group, Pages pages, Pages MemcgStats::*what);
  void uncharge(Memcg& group, Pages pages);
  Co<OomOutcome> memcg_oom(Process& process, Memcg& group, bool user_fault);
  Co<bool> memcg_out_of_memory(Process& process, Memcg& group);
  void release_oom_lock();
  void wake_oom_lock_waiter();
  Co<void> oom_synchronize(Process& process, Memcg& group);
  Co<void> throttle_high(Process& process);

  // paths_alloc.cc
  const Placement& placement_of(Process& process) const;
  Co<Machine::Taken> alloc_pages(Process& process, Pages pages);
  Co<std::optional<std::size_t>> alloc_slowly(Process& process, const Placement& where, int order);
  bool should_reclaim_retry(const Placement& where, int order, Pages progress, int& loops);
  Pages slow_pages_undisturbed(const Process& process, const Placement& where, Pages pages) const;
  bool would_wake_kswapd(int node) const;
  void wake_kswapd(const Placement& where);
  Co<void> kswapd(int node);

  // reclaim.cc
  struct Scan {
    Thread* thread = nullptr;
    Process* process = nullptr;  // Of direct reclaim.
    Memcg* top = nullptr;
    std::vector<int> nodes = {};
    Pages target;
    bool may_swap = true;
    bool is_kswapd = false;
    int priority = 12;
    bool memcg_low = false;  // May go below memory.low.
    bool low_skipped = false;
    Pages scanned = Pages(0), reclaimed = Pages(0);
    // Of the node that is looked at, as the group is at whose limit reclaim began: what it cost to
    // take pages, whether active ones may become inactive (anon, file), which of them are left
    // alone.
    std::int64_t anon_cost = 0, file_cost = 0;
    std::array<bool, 2> may_deactivate = {false, false};
    bool force_deactivate = false, skipped_deactivate = false;
    bool full_walk = false;   // memcg_full_walk
    bool has_walked = false;  // Page tables, in this group: reclaim_state::mm_walk is there.
    bool cache_trim_mode = false, file_is_tiny = false;
  };
  Co<Pages> try_to_free(Scan& scan);
  Co<void> shrink_node(Scan& scan, int node);
  Co<bool> balance_node(Scan& scan, int node);
  void set_protection(Memcg& top, Memcg& group);
  bool can_swap(const Memcg& group) const;
  Pages swap_room(const Memcg& group) const;
  Pages reclaimable(const Placement& where);

  // vmpressure.cc
  void vmpressure(Memcg& group, Pages scanned, Pages reclaimed);
  void vmpressure_priority(Memcg& group, int priority);
  Co<void> work_on_pressure();

  // lru.cc
  void prepare_scan(Scan& scan, int node) const;
  ScanCount scan_count(Scan& scan, const Memcg& group, int node) const;
  Co<void> shrink_lruvec(Scan& scan, Memcg& group, int node);
  Co<void> age_active_anon(Scan& scan, int node);
  Co<void> shrink_active(Scan& scan, Memcg& group, int node, bool file, Pages count);
  Co<Pages> shrink_inactive(Scan& scan, Memcg& group, int node, bool file, Pages count,
                            SwapPlug& plug);
  // What became of a batch of an inactive list, up to now.
  struct Shrunk {
    Pages left = Pages(0), reclaimed = Pages(0), written = Pages(0);
    SimTime cost{};
  };
  void put_back(Extent& extent, Memcg& group, int node, bool active);
  void shrink_to_swap(Extent& extent, const Scan& scan, Memcg& group, int node, SwapPlug& plug,
                      Shrunk& shrunk);
  void shrink_page(Extent& extent, const Scan& scan, Memcg& group, int node, SwapPlug& plug,
                   Shrunk& shrunk);
  void swap_refused(Memcg& group);

  // generations.cc
  bool counts_first_use(const Extent& extent) const;
  Extent& enter_generation(Extent& extent, bool active);
  std::int64_t generation_for(const Extent& extent, bool active) const;
  void move_to(Extent& extent, std::size_t generation);
  bool try_to_inc_min_seq(Memcg& group, int node, bool anon) const;
  bool should_run_aging(const Scan& scan, const Memcg& group, int node, bool anon) const;
  int first_priority(const Scan& scan, int node);
  Pages pages_to_scan(Scan& scan, const Memcg& group, int node, bool anon) const;
  Co<void> shrink_generations(Scan& scan, Memcg& group, int node);
  Co<void> shrink_until_scanned(Scan& scan, Memcg& group, int node, bool anon, SwapPlug& plug);
  Co<void> shrink_by_budget(Scan& scan, Memcg& group, int node, bool anon, SwapPlug& plug);
  void remember_generation(Extent& extent);
  void note_refault(const Extent& extent, Fresh& fresh) const;

  // eviction.cc
  struct Eviction {
    Pages isolated, reclaimed;
    SimTime cost{0};
  };
  Pages scan_folios(Memcg& group, int node, bool file, Pages most, Eviction& batch);
  bool get_type_to_scan(const Memcg& group, int node) const;
  void evict_run(Scan& scan, Memcg& group, Extent* extent, SwapPlug& plug, Eviction& batch);
  void write_run(Memcg& group, Extent* extent, SwapPlug& plug, Eviction& batch);
  void put_back(Extent& extent, bool active);
  Co<Pages> evict_folios(Scan& scan, Memcg& group, int node, bool anon, Pages most, SwapPlug& plug);

  // aging.cc
  Co<bool> try_to_inc_max_seq(Scan& scan, Memcg& group, int node, bool anon);
  void inc_max_seq(Memcg& group, int node, bool anon);
  Pages walk_mm(Memcg& group, int node, const Process& process, bool all_tables, bool anon);
  void walk_tables(Memcg& group, int node, Object& object, std::int64_t pages, bool all_tables,
                   Pages& walked);
  std::int64_t walk_pages(Memcg& group, int node, Object& object, std::int64_t first,
                          std::int64_t end);
  void update_generation(Extent& extent);
  std::int64_t retouch(Object& object, std::int64_t page, std::int64_t most);
  static void use_tables(Object& object, std::int64_t first, std::int64_t count);
  void look_around(Scan& scan, Extent& extent);
  std::int64_t look_at(Scan& scan, const Extent& around, std::int64_t first, std::int64_t end);

  // swap_cache.cc
  void send_writes(const SwapPlug& plug) const;
  Co<void> wait_for_write(const Scan& scan, std::shared_ptr<SwapWrite> write, SwapPlug& plug);
  void write_to_swap(Extent& extent, SwapPlug& plug);
  void finish_writes(Memcg& group, int node);
  void forget_write(Extent& extent);
  void leave_swap_cache(Extent& extent);
  Co<bool> map_again(Process& process, Extent& extent, Pages count);

  // workingset.cc
  static void age_nonresident(Memcg& group, int node, Pages pages);
  static void note_cost(Memcg& group, int node, bool file, Pages pages);
  static void snapshot_refaults(Memcg& top, int node);
  void note_eviction(Extent& extent, Memcg& top);
  Fresh refault(const Extent& extent, std::size_t zone);
  void mark_accessed(Extent& extent);

  // pages.cc
  void add_extent(Object& object, std::int64_t first, Pages count, std::size_t zone, Memcg& group,
                  const Fresh& fresh);
  Extent& split(Extent& extent, Pages count);  // The first part; the rest stays what it was.
  Extent& join(Extent& extent);  // With the one before it, if they are alike; what it is in then.
  std::size_t node_of(const Extent& extent) const;
  bool has_generation(const Extent& extent) const {
    return profile_.generations && extent.list != ListKind::unevictable;
  }
  PageList& list_of(Extent& extent);
  Extent& list_in(Extent& extent, ListKind kind);  // As the newest; what it is in then.
  void list_out(Extent& extent);
  void drop(Extent& extent);  // Frees it: pages, charges, swap.
  void count_mapped(const Extent& extent, int sign);
  void take_swap(const Extent& extent);
  void give_swap(const Extent& extent);
  void swap_out(Extent& extent);
  Co<std::optional<bool>> read_cluster(Process& process, Object& object, Memcg& group,
                                       std::int64_t first, Pages count);
  Co<bool> swap_in(Process& process, Extent& extent, Pages count);
  void release_object(Object& object);
  void drop_first(const std::vector<Object*>& objects, Pages pages);
  void drop_range(Object& object, std::int64_t first, std::int64_t count);
  static ListKind fresh_list(const Object& object, bool active);

  // oom.cc
  Co<bool> out_of_memory(Process& process, OomRequest request);
  void judge_constraint(const Process& process, OomRequest& request) const;
  struct Choice {
    Process* victim = nullptr;
    bool aborted = false;  // A victim is dying already.
  };
  Choice select_bad_process(const Process& asking, const OomRequest& request) const;
  std::vector<Process*> candidates(const Process& asking, const OomRequest& request) const;
  bool may_use(const Process& candidate, const Process& asking, const OomRequest& request) const;
  void kill_process(const Process& asking, const OomRequest& request, Process& victim);
  void kill_one(Process& victim, OomReport& report, Victim::Role role);
  bool will_free_memory(const Process& process) const;
  void panic_for(const Process& process, const OomRequest& request, const std::string& text);
  OomReport make_report(const Process& process, const OomRequest& request) const;
  bool may_report();
  Co<void> print_report(const Process& asking, const OomRequest& request);

  // reaper.cc
  void queue_oom_reaper(const Process& victim);
  Co<void> oom_reaper();

  // report.cc
  void describe_host(OomReport& report) const;
  void describe_counters(HostMemory& memory, Pages shmem) const;
  Node describe_node(std::size_t node, Pages shmem) const;
  Zone describe_zone(const SimZone& zone) const;
  Pages on_lists(ListKind kind, std::optional<std::size_t> node) const;
  void describe_memcg(OomReport& report, const OomRequest& request) const;
  void describe_tasks(OomReport& report, const Process& process, const OomRequest& request) const;

  // Time in the kernel.
  Scheduler::Spend spend(Thread& thread, SimTime time) { return scheduler_.spend(thread, time); }
  std::int64_t pages_at_once(const Thread& thread, SimTime each) const;
  void begin_stall(Process& process);
  void end_stall(Process& process);
  Co<void> wait_for_disk(Process& process, SimTime time);
  template <class Text>
  void trace(Text text) {
    if (traces_) witness_.traced(text());
  }

 public:
  void set_tracing(bool traces) { traces_ = traces; }

 private:
  const KernelProfile& profile_;
  CgroupVersion cgroup_;
  Scheduler& scheduler_;
  Witness& witness_;
  bool page_by_page_;
  bool traces_ = false;
  bool halted_ = false;
  Machine machine_;
  MemcgTree memcgs_;
  Sysctls sysctls_;
  VmStat vmstat_;
  PressureGroup host_pressure_;
  std::int64_t next_pid_;
  std::vector<std::unique_ptr<Process>> all_processes_;
  std::vector<Process*> processes_;
  std::deque<std::unique_ptr<Object>> objects_;
  std::map<std::string, Object*, std::less<>> files_;
  std::vector<OomNotifier> notifiers_;
  CommittedMemory committed_;
  Pages slab_reclaimable_, slab_unreclaimable_, kernel_stack_, page_tables_;
  Pages swap_cached_;         // In swap and in memory.
  std::int64_t joined_ = 0;   // How often a process joined a cgroup.
  std::int64_t filters_ = 0;  // How many Bloom filters there were.
  Bytes slab_rest_, slab_unreclaimable_rest_;
  Pages init_more_;  // Of PID 1 for its scenario.
  MemcgStats root_total_;
  bool oom_lock_ = false;
  std::vector<Thread*> oom_lock_waiting_;  // In the order in which they came.
  std::optional<std::string> beyond_model_;
  std::vector<SimTime> reports_;  // Of the last five seconds.
  struct Kswapd {
    Thread* thread = nullptr;
    bool awake = false;
    int failures = 0;
  };
  std::vector<Kswapd> kswapds_;
  struct Reaped {
    std::shared_ptr<Mm> mm;
    std::int64_t pid = 0;
    std::string comm;
  };
  std::vector<Reaped> to_reap_;
  Thread* reaper_ = nullptr;
  Thread* worker_ = nullptr;     // kworker
  std::vector<Memcg*> pressed_;  // What it has to do, in the order in which it came.
  std::vector<Pages> unplaced_;  // Of a host that was found, by zone: in use, and nobody's yet.
};

}  // namespace oomkit::sim
