#include "kernel/badness.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace oomkit {
namespace {

// Hostile numbers go up to 2^63 pages: sums are made in 128 bits and cut at the end, so
// that no order among real tasks changes and nothing overflows.
__extension__ using Int128 = __int128;

std::int64_t saturate(Int128 value) {
  const auto low = static_cast<std::int64_t>(value);
  if (low == value) return low;  // Nearly always, and this is asked of every task.
  return value < 0 ? std::numeric_limits<std::int64_t>::min()
                   : std::numeric_limits<std::int64_t>::max();
}

// The kernel's unit is the page; a table of 4.15 and later gives bytes.
std::optional<Pages> pgtables_of(const Task& task, PageSize page_size) {
  // The page size is a power of two; this runs for every task of every report.
  const int shift = std::countr_zero(static_cast<std::uint32_t>(bytes_of(page_size).count()));
  if (task.pgtables) return Pages(task.pgtables->count() >> shift);
  if (!task.nr_ptes) return std::nullopt;
  return Pages(
      saturate(Int128(*task.nr_ptes) + task.nr_pmds.value_or(0) + task.nr_puds.value_or(0)));
}

std::optional<Pages> rss_of(const Task& task) {
  if (task.rss) return task.rss;
  if (!task.rss_anon || !task.rss_file) return std::nullopt;
  return Pages(saturate(Int128(task.rss_anon->count()) + task.rss_file->count() +
                        (task.rss_shmem ? task.rss_shmem->count() : 0)));
}

std::optional<Unkillable> unkillable(const Task& task, std::optional<std::int32_t> adj) {
  if (task.tgid.value_or(task.pid) == 1) return Unkillable::init;
  if (adj == -1000) return Unkillable::adj_minus_1000;
  // Only a live host lists tasks without any memory of their own.
  if (task.total_vm == Pages(0) && task.rss == Pages(0)) return Unkillable::kernel_thread;
  return std::nullopt;
}

std::optional<std::int32_t> adj_of(const Task& task) {
  if (task.oom_score_adj) return task.oom_score_adj;
  if (task.oom_adj) return score_adj_of_oom_adj(*task.oom_adj);
  return std::nullopt;
}

// V1 as 2.6.39 to 3.1 compute it: `int points` multiplied by 1000 wraps, and the
// division by an unsigned long then takes the wrapped value for a huge one, of which
// the low 32 bits are kept. What comes out has nothing to do with the size.
std::int64_t per_mille_in_int(std::int64_t pages, std::int64_t totalpages) {
  const auto wrapped = static_cast<std::int32_t>(
      static_cast<std::uint32_t>(static_cast<std::uint64_t>(pages)) * 1000U);
  const auto widened = static_cast<std::uint64_t>(static_cast<std::int64_t>(wrapped));
  return static_cast<std::int32_t>(
      static_cast<std::uint32_t>(widened / static_cast<std::uint64_t>(totalpages)));
}

std::int64_t three_percent(Int128 pages) {
  // Of pages as they are, without a division of 128 bits.
  constexpr std::int64_t kSmall = std::numeric_limits<std::int64_t>::max() / 4;
  if (pages > -kSmall && pages < kSmall) return static_cast<std::int64_t>(pages) * 3 / 100;
  return saturate(pages * 3 / 100);
}

void add_v1(Badness& b, std::int64_t adj, bool root, std::int64_t totalpages, bool in_int) {
  const std::int64_t pages = saturate(Int128(b.rss.count()) + b.swap.count() + b.pgtables.count());
  const std::int64_t share =
      in_int ? per_mille_in_int(pages, totalpages) : saturate(Int128(pages) * 1000 / totalpages);
  b.root_bonus = root ? 30 : 0;
  b.adj_points = adj;
  const std::int64_t sum = saturate(Int128(share) - b.root_bonus + adj);
  b.floored = sum <= 0;
  b.points = std::clamp<std::int64_t>(sum, 1, 1000);
}

void add_pages(Badness& b, std::int64_t adj, bool root, const BadnessContext& context) {
  const std::int64_t unit = context.totalpages.count() / 1000;
  const Int128 own = Int128(b.rss.count()) + b.swap.count() + b.pgtables.count();
  b.adj_points = saturate(Int128(adj) * unit);
  if (root && context.rule == BadnessRule::v2) b.root_bonus = saturate(Int128(30) * unit);
  if (root && context.rule == BadnessRule::v3) b.root_bonus = three_percent(own);
  const std::int64_t sum = saturate(own - b.root_bonus + b.adj_points);
  b.floored = context.rule != BadnessRule::v5 && sum <= 0;
  b.points = b.floored ? 1 : sum;
}

// The task at places[i] becomes the one at i. In place, circle by circle, for a ranking of all
// the tasks that a log may have is megabytes.
void put_in_order(std::vector<RankedTask>& tasks, std::vector<std::uint32_t>& places) {
  for (std::uint32_t first = 0; first < places.size(); ++first) {
    const RankedTask moved = tasks[first];
    std::uint32_t at = first;
    while (places[at] != first) {
      const std::uint32_t next = places[at];
      tasks[at] = tasks[next];
      places[at] = at;
      at = next;
    }
    tasks[at] = moved;
    places[at] = at;
  }
}

}  // namespace

BadnessRule badness_rule(const KernelVersion& version) {
  if (version < KernelVersion{2, 6, 36}) return BadnessRule::v0;
  if (version < KernelVersion{3, 5, 0}) return BadnessRule::v1;
  // The long-lived 3.10 and 3.12 trees took root's new discount of 3.14 back into
  // their stable updates; a distribution's "3.10.0" says nothing about it.
  const bool stable_3_10 = version.major == 3 && version.minor == 10 && version.patch >= 30;
  const bool stable_3_12 = version.major == 3 && version.minor == 12 && version.patch >= 11;
  if (version < KernelVersion{3, 14, 0} && !stable_3_10 && !stable_3_12) return BadnessRule::v2;
  if (version < KernelVersion{4, 17, 0}) return BadnessRule::v3;
  if (version < KernelVersion{5, 9, 0}) return BadnessRule::v4;
  return BadnessRule::v5;
}

TieRule tie_rule(const KernelVersion& version) {
  return version < KernelVersion{5, 3, 0} ? TieRule::first : TieRule::last;
}

BadnessContext judged_by(const KernelVersion& version, BadnessContext context) {
  context.rule = badness_rule(version);
  context.counts_pgtables = version >= KernelVersion{2, 6, 39};
  // CVE-2011-4097; mended in 3.2 and in the stable updates of January 2012.
  const bool mended = version >= KernelVersion{3, 1, 8} ||
                      (version >= KernelVersion{3, 0, 16} && version < KernelVersion{3, 1, 0});
  context.int_overflows = context.counts_pgtables && !mended;
  return context;
}

std::optional<Badness> badness(const Task& task, const BadnessContext& context) {
  const auto rss = rss_of(task);
  if (context.rule == BadnessRule::v0 || !rss) return std::nullopt;

  Badness b;
  b.rss = *rss;
  const auto adj = adj_of(task);
  const auto pgtables = pgtables_of(task, context.page_size);
  if (context.counts_pgtables) b.pgtables = pgtables.value_or(Pages(0));
  b.swap = task.swapents.value_or(Pages(0));
  const bool swap_known = task.swapents || context.swap_absent;
  b.exact = adj && swap_known && (pgtables || !context.counts_pgtables);
  b.unkillable = unkillable(task, adj);

  const bool root = context.rule <= BadnessRule::v3 && context.root_discount && task.uid == 0;
  if (root && !context.root_bonus_known) b.exact = false;
  if (context.rule == BadnessRule::v1) {
    const std::int64_t totalpages = std::max<std::int64_t>(context.totalpages.count(), 1);
    add_v1(b, adj.value_or(0), root, totalpages, context.int_overflows);
  } else {
    add_pages(b, adj.value_or(0), root, context);
  }
  return b;
}

std::int64_t oom_score(std::int64_t points, bool unkillable, BadnessRule rule,
                       Pages host_totalpages) {
  if (unkillable) return 0;
  if (rule <= BadnessRule::v1) return points;
  // Of points as they are, without a division of 128 bits.
  constexpr std::int64_t kSmall = std::numeric_limits<std::int64_t>::max() / 4000;
  if (points > -kSmall && points < kSmall) {
    const std::int64_t score = points * 1000 / std::max<std::int64_t>(host_totalpages.count(), 1);
    return rule == BadnessRule::v5 ? (1000 + score) * 2 / 3 : score;
  }
  const Int128 per_mille =
      Int128(points) * 1000 / std::max<std::int64_t>(host_totalpages.count(), 1);
  return saturate(rule == BadnessRule::v5 ? (1000 + per_mille) * 2 / 3 : per_mille);
}

int score_adj_of_oom_adj(int oom_adj) {
  const int known = std::clamp(oom_adj, -17, 15);
  return known == 15 ? 1000 : known * 1000 / 17;
}

int oom_adj_of_score_adj(int oom_score_adj) {
  const int known = std::clamp(oom_score_adj, -1000, 1000);
  return known == 1000 ? 15 : std::min(known * 17 / 1000, 15);
}

std::optional<Ranking> rank_tasks(const std::vector<Task>& tasks, const KernelVersion& version,
                                  const BadnessContext& context) {
  Ranking ranking;
  ranking.context = judged_by(version, context);
  ranking.tie = tie_rule(version);
  if (ranking.context.rule == BadnessRule::v0) return std::nullopt;

  // Sorted by small keys, not by the badnesses themselves: a host has thousands of tasks,
  // and a log may have one report after the other.
  struct Key {
    std::int64_t points;
    std::uint32_t turn;   // Among equals: smaller is taken.
    std::uint32_t place;  // In `found`, whose order is the walk's.
  };
  std::vector<RankedTask> found;
  std::vector<Key> keys;
  std::vector<std::uint32_t> never;
  found.reserve(tasks.size());
  keys.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto b = badness(tasks[i], ranking.context);
    if (!b) continue;
    const auto place = static_cast<std::uint32_t>(found.size());
    if (b->unkillable) {
      never.push_back(place);
    } else {
      keys.push_back({b->points, ranking.tie == TieRule::last ? ~place : place, place});
    }
    found.push_back({i, *b});
    if (!tasks[i].swapents && !context.swap_absent) ranking.swap_known = false;
  }
  if (found.empty()) return std::nullopt;

  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    return a.points != b.points ? a.points > b.points : a.turn < b.turn;
  });
  std::vector<std::uint32_t> places;
  places.reserve(found.size());
  for (const Key& key : keys)
    places.push_back(key.place);
  places.insert(places.end(), never.begin(), never.end());
  put_in_order(found, places);
  ranking.tasks = std::move(found);

  const Badness& top = ranking.tasks.front().badness;
  if (top.unkillable) return ranking;
  ranking.chosen = ranking.tasks.front().index;
  for (const RankedTask& task : ranking.tasks) {
    if (task.badness.unkillable || task.badness.points != top.points) break;
    ++ranking.tied;
  }
  return ranking;
}

}  // namespace oomkit
