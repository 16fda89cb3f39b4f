#include "explain/incident_growth.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace oomkit {
namespace {

// A shorter step says more of the clock than of the processes.
constexpr double kStepMin = 1.0;
constexpr std::size_t kCommMax = 64;

double as_double(Bytes bytes) {
  return static_cast<double>(bytes.count());
}

double difference(Bytes a, Bytes b) {
  return as_double(a) - as_double(b);
}

// Largest first, cut, then by pid for merging; one row a pid.
void put_in_order(std::vector<Growth::Process>& table) {
  if (table.size() > IncidentTracker::kTracksMax) {
    const auto cut = table.begin() + static_cast<std::ptrdiff_t>(IncidentTracker::kTracksMax);
    std::nth_element(table.begin(), cut, table.end(),
                     [](const auto& a, const auto& b) { return a.use > b.use; });
    table.erase(cut, table.end());
  }
  std::sort(table.begin(), table.end(), [](const auto& a, const auto& b) {
    return a.pid != b.pid ? a.pid < b.pid : a.use > b.use;
  });
  const auto same_pid = [](const auto& a, const auto& b) { return a.pid == b.pid; };
  table.erase(std::unique(table.begin(), table.end(), same_pid), table.end());
  for (Growth::Process& process : table) {
    if (process.comm.size() > kCommMax) process.comm.resize(kCommMax);
  }
}

Bytes peak_of(const std::vector<IncidentPoint>& points) {
  Bytes peak(0);
  for (const IncidentPoint& point : points)
    peak = std::max(peak, point.use);
  return peak;
}

// Every second point is dropped when there is no more room; the first stays.
void push_point(std::vector<IncidentPoint>& points, IncidentPoint point) {
  if (points.size() >= IncidentTracker::kTrackPointsMax) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < points.size(); i += 2)
      points[kept++] = points[i];
    points.resize(kept);
  }
  points.push_back(point);
}

}  // namespace

void Growth::observe(std::size_t report, std::optional<double> at_s, std::vector<Process> table,
                     bool complete) {
  if (table.empty()) return;
  // The table before stays the measure until enough time has gone by.
  if (observed_ && at_s && last_at_ && *at_s - *last_at_ < kStepMin) return;
  put_in_order(table);
  std::vector<Row> next;
  next.reserve(table.size());
  Step step = merge(table, at_s, next);
  if (step.seconds > 0) judge(step, next);
  for (Row& row : rows_) {
    if (row.seen != 0) bury(std::move(row));
  }
  rows_ = std::move(next);
  if (at_s) add_points(report, *at_s);
  observed_ = true;
  last_report_ = report;
  last_at_ = at_s;
  last_complete_ = complete;
}

// Takes the rows that live on out of rows_ (their `seen` there becomes 0).
Growth::Step Growth::merge(std::vector<Process>& table, std::optional<double> at_s,
                           std::vector<Row>& next) {
  Step step;
  if (observed_ && at_s && last_at_) step.seconds = *at_s - *last_at_;
  std::size_t old = 0;
  for (Process& process : table) {
    while (old < rows_.size() && rows_[old].pid < process.pid)
      ++old;
    Row row;
    Bytes back_to(0);
    const bool lives_on =
        old < rows_.size() && rows_[old].pid == process.pid && rows_[old].comm == process.comm;
    if (lives_on) {
      row = std::exchange(rows_[old], Row{});
      back_to = row.last;
    } else {
      row.pid = process.pid;
      row.comm = std::move(process.comm);
      row.first = process.use;
      row.first_at = at_s.value_or(0);
      if (step.seconds > 0 && last_complete_) row.born_rate = as_double(process.use) / step.seconds;
    }
    row.before = row.last;
    row.last = process.use;
    row.last_at = at_s.value_or(0);
    ++row.seen;
    const double grown = lives_on || row.born_rate ? difference(process.use, back_to) : 0;
    row.last_rate = step.seconds > 0 ? grown / step.seconds : 0;
    if (grown > 0) {
      const auto dead = size_at_death_.find(row.comm);
      const bool restarted = row.born_rate && dead != size_at_death_.end();
      const Bytes counts_from = restarted ? std::max(back_to, dead->second) : back_to;
      step.deltas.push_back(
          {next.size(), grown, std::max(0.0, difference(process.use, counts_from))});
    }
    next.push_back(std::move(row));
  }
  return step;
}

void Growth::judge(Step& step, std::vector<Row>& next) {
  double all = 0;
  double counted = 0;
  double in_use = 0;
  for (const Row& row : next)
    in_use += as_double(row.last);
  for (const Delta& delta : step.deltas) {
    all += delta.grown;
    counted += delta.counted;
  }
  // Nobody but restarted victims grew: then it is they who fill the memory each time.
  constexpr double kOthersAtLeast = 0.05;
  const bool only_restarted = counted < kOthersAtLeast * all;
  if (only_restarted) {
    counted = all;
    for (Delta& delta : step.deltas)
      delta.counted = delta.grown;
  }
  constexpr double kNoise = 1 << 20;
  if (counted < std::max(kNoise, in_use / 100)) return;
  for (const Delta& delta : step.deltas) {
    Row& row = next[delta.row];
    row.grown += delta.counted;
    row.share = std::max(row.share, delta.counted / counted);
  }
  total_grown_ += counted;
  judge_swarms(step, next, counted);
}

void Growth::judge_swarms(const Step& step, const std::vector<Row>& next, double total) {
  struct Sum {
    double counted = 0, largest_counted = 0;
    std::size_t processes = 0;
    std::int64_t largest = 0;
    Bytes before, last;
  };
  std::map<std::string_view, Sum> sums;
  for (const Delta& delta : step.deltas) {
    const Row& row = next[delta.row];
    Sum& sum = sums[row.comm];
    sum.counted += delta.counted;
    ++sum.processes;
    sum.before += row.before;
    sum.last += row.last;
    if (delta.counted > sum.largest_counted) {
      sum.largest_counted = delta.counted;
      sum.largest = row.pid;
    }
  }
  constexpr std::size_t kSwarmMin = 3;
  for (const auto& [comm, sum] : sums) {
    const auto known = swarms_.find(std::string(comm));
    const bool explains = sum.processes >= kSwarmMin && sum.counted >= kCulpritShare * total &&
                          sum.largest_counted < sum.counted / 2;
    if (known == swarms_.end() && (!explains || swarms_.size() >= kNamesMax)) continue;
    Swarm& swarm = known != swarms_.end() ? known->second : swarms_[std::string(comm)];
    if (swarm.steps.empty()) swarm.first = sum.before;
    swarm.share = std::max(swarm.share, sum.counted / total);
    swarm.grown += sum.counted;
    swarm.seconds += step.seconds;
    swarm.processes = std::max(swarm.processes, sum.processes);
    swarm.largest = sum.largest;
    swarm.last = sum.last;
    if (swarm.steps.size() < IncidentTracker::kTrackPointsMax) {
      swarm.steps.push_back(sum.counted / step.seconds);
    }
  }
}

void Growth::add_points(std::size_t report, double at_s) {
  std::vector<std::size_t> by_use(rows_.size());
  for (std::size_t i = 0; i < by_use.size(); ++i)
    by_use[i] = i;
  const std::size_t top = std::min(by_use.size(), IncidentTracker::kTracksShown);
  std::partial_sort(by_use.begin(), by_use.begin() + static_cast<std::ptrdiff_t>(top), by_use.end(),
                    [&](std::size_t a, std::size_t b) { return rows_[a].last > rows_[b].last; });
  for (std::size_t i = 0; i < by_use.size(); ++i) {
    Row& row = rows_[by_use[i]];
    const bool matters = i < top || row.share >= kCulpritShare || !row.points.empty();
    if (!matters) continue;
    // Its way up to here began in the table before, when it did not matter yet.
    if (row.points.empty() && row.seen > 1 && last_at_) {
      row.points.push_back({last_report_, *last_at_, row.before});
    }
    push_point(row.points, {report, at_s, row.last});
  }
  thin_pointed();
}

void Growth::thin_pointed() {
  std::vector<Row*> pointed;
  for (Row& row : rows_) {
    if (!row.points.empty()) pointed.push_back(&row);
  }
  if (pointed.size() <= kPointedMax) return;
  std::sort(pointed.begin(), pointed.end(), [](const Row* a, const Row* b) {
    return a->share != b->share ? a->share > b->share : a->last > b->last;
  });
  for (std::size_t i = kPointedMax; i < pointed.size(); ++i)
    pointed[i]->points = {};
}

// A process that left: of use later only if it mattered.
void Growth::bury(Row&& row) {
  if (row.points.empty() && !row.killed_in) return;
  if (gone_.size() >= kGoneMax) {
    const auto least = std::min_element(gone_.begin(), gone_.end(), [](const Row& a, const Row& b) {
      return a.share != b.share ? a.share < b.share : a.last < b.last;
    });
    if (least->share > row.share || (least->share == row.share && least->last >= row.last)) return;
    gone_.erase(least);
  }
  gone_.push_back(std::move(row));
}

const Growth::Row* Growth::find(std::int64_t pid) const {
  const auto place =
      std::lower_bound(rows_.begin(), rows_.end(), pid,
                       [](const Row& row, std::int64_t wanted) { return row.pid < wanted; });
  return place != rows_.end() && place->pid == pid ? &*place : nullptr;
}

void Growth::died(std::size_t report, std::int64_t pid, const std::string& comm,
                  std::optional<Bytes> size) {
  const auto place =
      std::lower_bound(rows_.begin(), rows_.end(), pid,
                       [](const Row& row, std::int64_t wanted) { return row.pid < wanted; });
  if (place != rows_.end() && place->pid == pid) {
    place->killed_in = report;
    if (!size) size = place->last;
  }
  if (!size || (size_at_death_.size() >= kNamesMax && size_at_death_.count(comm) == 0)) return;
  Bytes& largest = size_at_death_[comm];
  largest = std::max(largest, *size);
}

bool Growth::shows(std::int64_t pid, const std::string& comm) const {
  const Row* row = find(pid);
  return row != nullptr && row->comm == comm;
}

std::size_t Growth::common_with(const std::vector<Process>& table) const {
  std::size_t common = 0;
  for (const Process& process : table)
    common += shows(process.pid, process.comm) ? std::size_t{1} : 0;
  return common;
}

std::optional<Bytes> Growth::use_of(std::int64_t pid) const {
  const Row* row = find(pid);
  return row != nullptr ? std::optional(row->last) : std::nullopt;
}

Culprit Growth::culprit_of(const Row& row) {
  Culprit culprit;
  culprit.comm = row.comm;
  culprit.pid = row.pid;
  culprit.first = row.first;
  culprit.last = row.last;
  culprit.seen = row.seen;
  culprit.killed = row.killed_in.has_value();
  if (row.born_rate) culprit.steps_bytes_per_s.push_back(*row.born_rate);
  for (std::size_t i = 1; i < row.points.size(); ++i) {
    const double seconds = row.points[i].at_s - row.points[i - 1].at_s;
    if (seconds <= 0) continue;
    culprit.steps_bytes_per_s.push_back(difference(row.points[i].use, row.points[i - 1].use) /
                                        seconds);
  }
  if (row.seen > 1 && row.last_at > row.first_at) {
    culprit.growth_bytes_per_s = difference(row.last, row.first) / (row.last_at - row.first_at);
  } else {
    culprit.growth_bytes_per_s = row.born_rate.value_or(0);
    culprit.at_least = true;
  }
  return culprit;
}

Culprit Growth::culprit_of(const std::string& comm, const Swarm& swarm) const {
  Culprit culprit;
  culprit.comm = comm;
  culprit.pid = swarm.largest;
  culprit.processes = swarm.processes;
  culprit.first = swarm.first;
  culprit.last = swarm.last;
  culprit.seen = swarm.steps.size() + 1;
  culprit.steps_bytes_per_s = swarm.steps;
  if (swarm.seconds > 0) culprit.growth_bytes_per_s = swarm.grown / swarm.seconds;
  const auto dead = [&](const Row& row) { return row.comm == comm && row.killed_in; };
  culprit.killed = std::any_of(rows_.begin(), rows_.end(), dead) ||
                   std::any_of(gone_.begin(), gone_.end(), dead);
  return culprit;
}

bool Growth::in_swarm(const Row& row) const {
  return swarms_.count(row.comm) != 0;
}

std::vector<Culprit> Growth::culprits() const {
  std::vector<Culprit> culprits;
  for (const std::vector<Row>* rows : {&rows_, &gone_}) {
    for (const Row& row : *rows) {
      if (row.share >= kCulpritShare && !in_swarm(row)) culprits.push_back(culprit_of(row));
    }
  }
  for (const auto& [comm, swarm] : swarms_)
    culprits.push_back(culprit_of(comm, swarm));
  std::stable_sort(culprits.begin(), culprits.end(), [](const Culprit& a, const Culprit& b) {
    return a.growth_bytes_per_s > b.growth_bytes_per_s;
  });
  if (culprits.size() > kCulpritsMax) culprits.resize(kCulpritsMax);
  return culprits;
}

std::vector<IncidentTrack> Growth::tracks() const {
  std::vector<const Row*> shown;
  for (const std::vector<Row>* rows : {&rows_, &gone_}) {
    for (const Row& row : *rows) {
      if (!row.points.empty()) shown.push_back(&row);
    }
  }
  std::stable_sort(shown.begin(), shown.end(), [](const Row* a, const Row* b) {
    return peak_of(a->points) > peak_of(b->points);
  });
  if (shown.size() > IncidentTracker::kTracksShown) shown.resize(IncidentTracker::kTracksShown);
  std::vector<IncidentTrack> tracks;
  tracks.reserve(shown.size());
  for (const Row* row : shown)
    tracks.push_back({row->comm, row->pid, row->killed_in, row->points});
  return tracks;
}

Growth::Survivors Growth::survivors() const {
  Survivors survivors;
  for (const Row& row : rows_) {
    if (row.killed_in || row.last_rate <= 0 || row.share < kCulpritShare || in_swarm(row)) continue;
    survivors.bytes_per_s += row.last_rate;
    survivors.names.push_back(row.comm);
  }
  for (const auto& entry : swarms_) {
    const bool alive = std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.comm == entry.first && !row.killed_in;
    });
    if (!alive || entry.second.steps.empty()) continue;
    survivors.bytes_per_s += entry.second.steps.back();
    survivors.names.push_back(entry.first);
  }
  return survivors;
}

double Growth::culprits_share() const {
  if (total_grown_ <= 0) return 0;
  double grown = 0;
  for (const std::vector<Row>* rows : {&rows_, &gone_}) {
    for (const Row& row : *rows) {
      if (row.share >= kCulpritShare && !in_swarm(row)) grown += row.grown;
    }
  }
  for (const auto& [comm, swarm] : swarms_)
    grown += swarm.grown;
  return std::min(1.0, grown / total_grown_);
}

}  // namespace oomkit
