// Pages from zones: the way without waiting, and the slow one. mm/page_alloc.c
#include <algorithm>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr int kReclaimRetries = 16;  // MAX_RECLAIM_RETRIES
constexpr int kCostlyOrder = 3;      // PAGE_ALLOC_COSTLY_ORDER
constexpr SimTime kJiffy = 4ms;
constexpr SimTime kSlowTry = 3'000ns;

}  // namespace

// Nodes in the order of the request: those that it prefers, then the rest as far as allowed.
const Placement& Kernel::placement_of(Process& process) const {
  Placement& placement = process.placement;
  if (!placement.nodes.empty()) return placement;
  const auto allowed = [&](int node) {
    const auto in = [&](const std::vector<int>& nodes) {
      return nodes.empty() || std::find(nodes.begin(), nodes.end(), node) != nodes.end();
    };
    return in(process.mems) && in(process.bind);
  };
  const auto add = [&](int node) {
    const auto& nodes = placement.nodes;
    if (allowed(node) && std::find(nodes.begin(), nodes.end(), node) == nodes.end())
      placement.nodes.push_back(node);
  };
  for (const int node : process.prefer)
    add(node);
  for (int node = 0; node < static_cast<int>(machine_.nodes()); ++node)
    add(node);
  return placement;
}

// get_page_from_freelist(), then __alloc_pages_slowpath(). Nothing: the process has to die.
Co<Machine::Taken> Kernel::alloc_pages(Process& process, Pages pages) {
  const Placement* where = &placement_of(process);
  Placement in_turn;
  if (process.interleave && process.prefer.size() > 1) {
    const auto turn = static_cast<std::size_t>(process.kernel_pages++) % process.prefer.size();
    in_turn = *where;
    in_turn.nodes.insert(in_turn.nodes.begin(), process.prefer[turn]);
    where = &in_turn;
    pages = Pages(1);
  }
  const Machine::Taken taken = machine_.take(pages, *where, Mark::low);
  if (taken.pages > Pages(0)) co_return taken;
  if (const Pages many = slow_pages_undisturbed(process, *where, pages); many > Pages(0)) {
    co_await spend(*process.thread, kSlowTry * many.count());
    co_return machine_.take(many, *where, Mark::min);
  }
  const auto zone = co_await alloc_slowly(process, *where, 0);
  co_return zone ? Machine::Taken{Pages(1), *zone} : Machine::Taken{};
}

// Between low and min every page is asked for by itself. Where kswapd has given up and nobody else
// comes, that is so many times the same.
Pages Kernel::slow_pages_undisturbed(const Process& process, const Placement& where,
                                     Pages pages) const {
  constexpr SimTime kUseMax = 80us;  // What whoever asked spends on each of them, at most.
  const bool wakes = std::any_of(where.nodes.begin(), where.nodes.end(),
                                 [&](int node) { return would_wake_kswapd(node); });
  if (page_by_page_ || halted_ || wakes) return Pages(0);
  const SimTime time = scheduler_.undisturbed(*process.thread) - SimTime(1);
  return std::min(std::min(pages, Pages(time / (kSlowTry + kUseMax))),
                  machine_.at_hand(where, Mark::min));
}

bool Kernel::would_wake_kswapd(int node) const {
  constexpr int kHopeless = 16;
  const Kswapd& kswapd = kswapds_[static_cast<std::size_t>(node)];
  return !kswapd.awake && kswapd.failures < kHopeless && !machine_.is_balanced(node);
}

void Kernel::wake_kswapd(const Placement& where) {
  for (const int node : where.nodes) {
    if (!would_wake_kswapd(node)) continue;
    Kswapd& kswapd = kswapds_[static_cast<std::size_t>(node)];
    kswapd.awake = true;
    trace([&] { return "wakeup_kswapd: node " + std::to_string(node); });
    scheduler_.wake(*kswapd.thread);
  }
}

Co<void> Kernel::kswapd(int node) {
  constexpr int kHopeless = 16;
  Kswapd& own = kswapds_[static_cast<std::size_t>(node)];
  while (true) {
    if (!own.awake || machine_.is_balanced(node) || own.failures >= kHopeless) {
      own.awake = false;
      co_await scheduler_.wait(*own.thread);
      continue;
    }
    Scan scan{.thread = own.thread,
              .top = &memcgs_.root(),
              .nodes = {node},
              .target = Pages(32),
              .is_kswapd = true};
    if (!co_await balance_node(scan, node)) ++own.failures;
  }
}

bool Kernel::should_reclaim_retry(const Placement& where, int order, Pages progress, int& loops) {
  if (progress > Pages(0) && order <= kCostlyOrder) {
    loops = 0;
  } else {
    ++loops;
  }
  if (loops > kReclaimRetries) return false;
  return machine_.could_serve(where, reclaimable(where), order);
}

Co<std::optional<std::size_t>> Kernel::alloc_slowly(Process& process, const Placement& where,
                                                    int order) {
  int loops = 0;
  bool drained = false;
  while (!halted_) {
    co_await spend(*process.thread, kSlowTry);
    wake_kswapd(where);
    const auto take = [&](Mark mark) -> std::optional<std::size_t> {
      if (order > 0) return machine_.take_block(order, mark);
      const Machine::Taken taken = machine_.take(Pages(1), where, mark);
      return taken.pages > Pages(0) ? std::optional(taken.zone) : std::nullopt;
    };
    if (const auto zone = take(Mark::min)) co_return zone;
    // A victim may use half of what is kept below min, and then has to go.
    if (process.oom_victim || process.is_dying()) co_return std::nullopt;
    Scan scan{.thread = process.thread,
              .process = &process,
              .top = &memcgs_.root(),
              .nodes = where.nodes,
              .target = Pages(32)};
    begin_stall(process);
    ++vmstat_.allocstall;
    const Pages progress = co_await try_to_free(scan);
    end_stall(process);
    if (const auto zone = take(Mark::min)) co_return zone;
    // The processors' lists are given back only by one whose reclaim got somewhere.
    if (progress > Pages(0) && !drained) {
      drained = true;
      machine_.drain_pcp();
      if (const auto zone = take(Mark::min)) co_return zone;
    }
    if (order > kCostlyOrder) co_return std::nullopt;
    if (should_reclaim_retry(where, order, progress, loops)) {
      co_await spend(*process.thread, kSlowTry);
      continue;
    }
    if (oom_lock_) {
      co_await scheduler_.pause_for(*process.thread, kJiffy);
      continue;
    }
    oom_lock_ = true;
    if (const auto zone = take(Mark::high)) {
      release_oom_lock();
      co_return zone;
    }
    OomRequest request;
    request.order = order;
    request.nodes = process.bind;
    request.user_page = order == 0 && process.pid != 1;
    const bool done = co_await out_of_memory(process, request);
    release_oom_lock();
    if (!done) co_return std::nullopt;
    loops = 0;
    drained = false;
  }
  co_return std::nullopt;
}

Co<std::optional<std::size_t>> Kernel::alloc_block(Process& process, int order) {
  const auto zone = machine_.take_block(order, Mark::low);
  if (zone) co_return zone;
  Placement where;
  for (int node = 0; node < static_cast<int>(machine_.nodes()); ++node)
    where.nodes.push_back(node);
  co_return co_await alloc_slowly(process, where, order);
}

}  // namespace oomkit::sim
