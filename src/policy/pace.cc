#include "policy/pace.h"

#include <algorithm>

namespace oomkit {
namespace {

using std::chrono::milliseconds;

constexpr HostTime kCgroupsAtLeast = std::chrono::seconds(5);
constexpr HostTime kCgroupsInPlenty = std::chrono::seconds(20);
constexpr HostTime kCgroupsAtMost = milliseconds(450);
constexpr HostTime kCgroupsNearEnd = milliseconds(180);
constexpr HostTime kProcessesAtMost = milliseconds(900);
constexpr int kHurriesAtMost = 4;  // A verdict takes two; more, where by then another grows most.
constexpr Microseconds kStallMoved{2000};
constexpr std::int64_t kLeftMoved = 200;  // One part in so many of RAM, ...
constexpr std::int64_t kLeftMovedInPlenty = 50;
constexpr std::int64_t kGrowthWorthALook = 100;
constexpr double kNearEnd = 0.30;
constexpr double kPlenty = 0.50;
// For less than a look a second it takes so much more memory that nothing could use it up, not
// even at so many times the rate that the settings believe in.
constexpr HostTime kUsual = std::chrono::seconds(1);
constexpr double kBeyondBelief = 6;
constexpr double kReserve = 0.04;  // Of RAM: verdicts begin about there.

Known<Bytes> left_of(const TickHost& host) {
  return host.mem_available + host.swap_free;
}

bool has_pressure(std::span<const ProgramNode> nodes, std::uint16_t at) {
  if (at == kNoNode) return false;
  const ProgramNode& node = nodes[at];
  return node.op == Op::pressure_average || node.op == Op::pressure_window ||
         has_pressure(nodes, node.a) || has_pressure(nodes, node.b);
}

// Whether the condition cannot hold while nobody has to wait: then a stall tells when to look.
bool waits_for_stall(std::span<const ProgramNode> nodes, std::uint16_t at) {
  const ProgramNode& node = nodes[at];
  switch (node.op) {
    case Op::logical_and:
      return waits_for_stall(nodes, node.a) || waits_for_stall(nodes, node.b);
    case Op::logical_or:
      return waits_for_stall(nodes, node.a) && waits_for_stall(nodes, node.b);
    case Op::greater:
    case Op::greater_equal:
      return has_pressure(nodes, node.a);
    case Op::less:
    case Op::less_equal:
      return has_pressure(nodes, node.b);
    default:
      return false;
  }
}

bool reads_cgroups(const PolicyRule& rule) {
  const auto nodes = rule.when.nodes();
  return rule.scope.kind != PolicyScope::Kind::host ||
         std::any_of(nodes.begin(), nodes.end(), [](const ProgramNode& node) {
           return node.op == Op::growth ||
                  (node.op == Op::signal && node.signal >= Signal::scope_capacity);
         });
}

}  // namespace

Pace::Pace(const Policy& policy) : policy_(policy) {
  for (const PolicyRule& rule : policy.rules) {
    const auto nodes = rule.when.nodes();
    if (reads_cgroups(rule) && !nodes.empty() &&
        !waits_for_stall(nodes, static_cast<std::uint16_t>(nodes.size() - 1)))
      watches_cgroups_ = true;
    if (!rule.pick) continue;
    bool by_growth = rule.pick->descent;
    for (const RankSum& sum : rule.pick->order) {
      for (const auto& [weight, ranker] : sum.terms)
        by_growth = by_growth || ranker == Ranker::culprit || ranker == Ranker::growth;
    }
    follows_processes_ = follows_processes_ || by_growth;
  }
}

HostTime Pace::interval(const Tick& tick, bool busy) const {
  const PolicySettings& settings = policy_.settings;
  const HostTime least = settings.tick_min;
  const HostTime most = settings.tick_max;
  const Known<Bytes> left = left_of(tick.host);
  if (!left || !tick.host.mem_total) return std::min(most, std::max(least, least * 2));
  if (busy) return least;
  const Known<Microseconds> stall = tick.host.memory.full.total;
  if (stall && stall_before_ && *stall > *stall_before_) return least;
  const double spare = static_cast<double>((*left).count()) -
                       kReserve * static_cast<double>((*tick.host.mem_total).count());
  const double seconds = std::max(0.0, spare) / static_cast<double>(settings.fill_rate.count());
  const auto time_of = [](double span) {
    return std::chrono::duration_cast<HostTime>(
        std::chrono::duration<double>(std::min(span, 3600.0)));
  };
  const HostTime usual = std::min(time_of(seconds), kUsual);
  if (watches_cgroups_) return std::clamp(usual, least, most);
  return std::clamp(std::max(usual, time_of(seconds / kBeyondBelief)), least, most);
}

bool Pace::moved(const Tick& tick, bool plenty) const {
  const Known<Bytes> left = left_of(tick.host);
  if (left && left_at_cgroups_ && tick.host.mem_total) {
    const std::int64_t change = (*left - *left_at_cgroups_).count();
    const std::int64_t worth =
        (*tick.host.mem_total).count() / (plenty ? kLeftMovedInPlenty : kLeftMoved);
    if ((change < 0 ? -change : change) > worth) return true;
  }
  const Known<Microseconds> stall = tick.host.memory.some.total;
  return stall && stall_at_cgroups_ && *stall - *stall_at_cgroups_ >= kStallMoved;
}

void Pace::ask_for_growing(const Tick& tick, const GrowthLedger& ledger) {
  asked_count_ = 0;
  if (!follows_processes_ || !tick.has_cgroups || !tick.host.mem_total) return;
  if (tick.now - processes_time_ < kProcessesAtMost) return;
  const std::int64_t worth = (*tick.host.mem_total).count() / kGrowthWorthALook;
  const auto count = static_cast<std::uint32_t>(tick.cgroups.size());
  for (std::uint32_t row = 0; row < count && asked_count_ < kAskedMax; ++row) {
    const bool leaf = !ledger.has_children(row) && row != tick.own_cgroup;
    // Of the root only what is in itself: all there is where nobody made cgroups.
    const bool lived_in = row == 0 && ledger.root_lived_in() == Fact::yes;
    const GrowthLadder& growth = lived_in ? ledger.of_root() : ledger.of_cgroup(row);
    // Of a small limit less is much already.
    const TickCgroup& cgroup = tick.cgroups[row];
    const Bytes limit = std::min(cgroup.high.value_or(kUnlimited), cgroup.max.value_or(kUnlimited));
    const std::int64_t enough = std::min(worth, limit.count() / kGrowthWorthALook);
    if ((leaf || lived_in) && growth.back() >= std::max<std::int64_t>(enough, 1))
      asked_.at(asked_count_++) = cgroup.id;
  }
}

TickWish Pace::next(const Tick& tick, const GrowthLedger& ledger, bool busy) {
  if (tick.processes_read != ProcessesRead::none) processes_time_ = tick.now;
  if (tick.has_cgroups) {
    cgroups_time_ = tick.now;
    left_at_cgroups_ = left_of(tick.host);
    stall_at_cgroups_ = tick.host.memory.some.total;
  }
  hurries_ = 0;
  TickWish wish;
  wish.within = interval(tick, busy);
  stall_before_ = tick.host.memory.full.total;
  const HostTime age = tick.now + wish.within - cgroups_time_;
  const Known<Bytes> left = left_of(tick.host);
  const auto less_left_than = [&](double share) {
    return left && tick.host.mem_total &&
           static_cast<double>((*left).count()) <
               share * static_cast<double>((*tick.host.mem_total).count());
  };
  const bool near_end = less_left_than(kNearEnd);
  const bool plenty = !watches_cgroups_ && left && tick.host.mem_total && !less_left_than(kPlenty);
  const HostTime pause = near_end || busy ? kCgroupsNearEnd : kCgroupsAtMost;
  wish.cgroups = policy_.needs.cgroups && (age >= (plenty ? kCgroupsInPlenty : kCgroupsAtLeast) ||
                                           (age >= pause && (busy || moved(tick, plenty))));
  ask_for_growing(tick, ledger);
  wish.processes_of = asked();
  wish.cgroups = wish.cgroups || asked_count_ > 0;
  // Once, to know who was there before us and who lives in the root.
  const bool without_cgroups = !ledger.has_cgroups() && policy_.needs.processes &&
                               follows_processes_ && near_end &&
                               tick.now - processes_time_ >= kProcessesAtMost;
  wish.all_processes = (first_ && policy_.needs.processes) || without_cgroups;
  wish.cgroups = wish.cgroups || (wish.all_processes && policy_.needs.cgroups);
  first_ = false;
  return wish;
}

TickWish Pace::hurry(std::uint64_t processes_of, bool all) {
  TickWish wish;
  wish.verdict = true;
  // Whoever does not get it at once may not get it at all, and would ask without end.
  if (++hurries_ > kHurriesAtMost) wish.within = policy_.settings.tick_min;
  wish.cgroups = policy_.needs.cgroups;
  wish.all_processes = all;
  asked_count_ = 0;
  if (processes_of != 0) asked_.at(asked_count_++) = processes_of;
  wish.processes_of = asked();
  return wish;
}

}  // namespace oomkit
