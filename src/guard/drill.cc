#include "guard/drill.h"

#include <algorithm>
#include <array>

#include "guard/guard.h"
#include "io/own_process.h"

namespace oomkit {
namespace {

constexpr std::int64_t kDrillMiB = std::int64_t{1} << 20;
constexpr std::int64_t kDrillStep = 250'000'000;
constexpr std::int64_t kTicksToTenMs = 10'000'000;

// A machine of 1000 MiB in which one process takes all there is, and everybody waits.
class MadeUpEmergency final : public TickSource {
 public:
  MadeUpEmergency(const KillTarget& victim, HostTime now) {
    tick_.now = now;
    tick_.own_pid = own_process_id();
    root_.id = 1;
    root_.path = "/";
    leaf_.id = 2;
    leaf_.parent = 0;
    leaf_.path = "/oom-drill";
    leaf_.populated = Fact::yes;
    process_.pid = victim.pid;
    process_.start = HostTime(static_cast<std::int64_t>(victim.start_ticks) * kTicksToTenMs);
    process_.ppid = 1;
    process_.pgid = process_.session = victim.pid;
    process_.uid = 65534;
    process_.comm = "oom-drill";
    process_.state = 'R';
    process_.kernel_thread = Fact::no;
    process_.threads = 1;
    process_.oom_score_adj = 0;
    process_.cgroup = 1;
  }

  const Tick& read(const TickWish&) override {
    tick_.now += HostTime(kDrillStep);
    constexpr std::int64_t kPiece = 40 * kDrillMiB;
    constexpr std::int64_t kAll = 940 * kDrillMiB;
    used_ = std::min(used_ + kPiece, kAll);
    stalled_ += std::chrono::duration_cast<Microseconds>(HostTime(kDrillStep));
    tick_.host = read_again();
    for (TickCgroup* cgroup : {&root_, &leaf_}) {
      cgroup->usage = cgroup->anon = cgroup->active_anon = Bytes(used_);
      cgroup->inactive_anon = cgroup->unevictable = cgroup->slab_unreclaimable = Bytes(0);
      cgroup->kernel_stack = cgroup->pagetables = cgroup->sock = Bytes(0);
      cgroup->swap = cgroup->swapcached = cgroup->active_file = cgroup->inactive_file = Bytes(0);
      cgroup->min = cgroup->low = Bytes(0);
      cgroup->high = cgroup->max = kUnlimited;
      cgroup->memory = tick_.host.memory;
    }
    process_.rss = process_.rss_anon = Bytes(used_);
    process_.rss_file = process_.rss_shmem = process_.swap = process_.pagetables = Bytes(0);
    rows_ = {root_, leaf_};
    tick_.has_cgroups = true;
    tick_.cgroups = rows_;
    tick_.processes_read = ProcessesRead::all;
    tick_.processes = {&process_, 1};
    return tick_;
  }

  TickHost read_again() override {
    TickHost host;
    host.mem_total = Bytes(1000 * kDrillMiB);
    const std::int64_t left = is_over ? 900 * kDrillMiB : 1000 * kDrillMiB - used_ - kOthers;
    host.mem_available = host.mem_free = Bytes(std::max<std::int64_t>(left, 0));
    host.swap_total = host.swap_free = Bytes(0);
    host.anon = Bytes(used_);
    host.shmem = host.file = host.slab_unreclaimable = Bytes(0);
    host.pgmajfault = host.refault_file = host.refault_anon = host.oom_kill = 0;
    host.memory.some.total = host.memory.full.total = stalled_;
    return host;
  }
  int folder_of(std::uint64_t) const override { return -1; }

  bool is_over = false;

 private:
  static constexpr std::int64_t kOthers = 55 * kDrillMiB;

  Tick tick_;
  TickCgroup root_, leaf_;
  std::array<TickCgroup, 2> rows_;
  TickProcess process_;
  std::int64_t used_ = 0;
  Microseconds stalled_{0};
};

// Nobody is told of a drill.
class NoOutbox final : public Outbox {
 public:
  bool post(HelperTask, std::string_view) override { return true; }
  std::optional<int> hook_status(std::uint32_t) override { return 0; }
  std::uint64_t lost() const override { return 0; }
};

}  // namespace

DrillResult hold_drill(const Policy& policy, KillDoor& door, KillRun& run, const KillTarget& victim,
                       bool dry_run) {
  EngineCapacity room;
  room.cgroups = 8;
  room.processes = 8;
  room.process_histories = 8;
  const HostTime begin(door.now_ns());
  const auto engine = Engine::create(policy, room, begin);
  MadeUpEmergency emergency(victim, begin);
  NoOutbox outbox;
  const auto guard = std::make_unique<Guard>(*engine, emergency, run, outbox, dry_run);
  // What is used from here on is used in a kill too, and stays.
  forget_program_pages();
  constexpr int kTurnsMax = 200;  // 50 s of the made-up time.
  DrillResult result;
  for (int turns = 0; turns < kTurnsMax && (!result.decided || guard->is_acting()); ++turns) {
    emergency.is_over = guard->is_acting();
    guard->turn({door.now_ns(), std::chrono::microseconds(0)});
    result.decided = guard->counts().decisions > 0;
    constexpr std::int64_t kTenMilliseconds = 10'000'000;
    if (guard->is_acting()) door.wait_any(guard->handles(), kTenMilliseconds);
  }
  const DoorNumber handle = door.open_process(victim.pid);
  result.killed = handle.error != 0 || door.is_gone(static_cast<int>(handle.value));
  if (handle.error == 0) door.close_process(static_cast<int>(handle.value));
  return result;
}

}  // namespace oomkit
