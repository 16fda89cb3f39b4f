#include "explain/incident_growth.h"

#include <algorithm>
#include <utility>

namespace oomkit {
namespace {

// A shorter step says more of the clock than of the processes.
constexpr double kStepMin = 1.0;
constexpr std::size_t kSwarmMin = 3;  // Fewer processes of one name are each their own story.

double as_double(Bytes bytes) {
  return static_cast<double>(bytes.count());
}

double difference(Bytes a, Bytes b) {
  return as_double(a) - as_double(b);
}

// Largest first, cut, then by pid for merging; one row a pid.
void put_in_order(std::vector<ProcessUse>& table) {
  if (table.size() > IncidentTracker::kTracksMax) {
    const auto cut = table.begin() + static_cast<std::ptrdiff_t>(IncidentTracker::kTracksMax);
    std::nth_element(table.begin(), cut, table.end(),
                     [](const auto& a, const auto& b) { return a.use() > b.use(); });
    table.erase(cut, table.end());
  }
  // The kernel prints in order of pid, mostly.
  const auto not_rising = [](const auto& a, const auto& b) { return a.pid >= b.pid; };
  if (std::adjacent_find(table.begin(), table.end(), not_rising) == table.end()) return;
  std::sort(table.begin(), table.end(), [](const auto& a, const auto& b) {
    return a.pid != b.pid ? a.pid < b.pid : a.use() > b.use();
  });
  const auto same_pid = [](const auto& a, const auto& b) { return a.pid == b.pid; };
  table.erase(std::unique(table.begin(), table.end(), same_pid), table.end());
}

Bytes peak_of(const std::vector<IncidentPoint>& points) {
  Bytes peak(0);
  for (const IncidentPoint& point : points)
    peak = std::max(peak, point.use);
  return peak;
}

// Which names may be swarms, roughly: names that fall together here count together, so what
// is too little together needs no exact sum. Few names of any table pass.
class NameSieve {
 public:
  void add(const CommKey& comm, double counted) {
    Place& place = places_[index_of(comm)];
    place.counted += counted;
    ++place.processes;
  }
  void let_pass(const CommKey& comm) { places_[index_of(comm)].known = true; }
  bool passes(const CommKey& comm, double least, std::size_t processes) const {
    // In another order the same numbers may give a slightly smaller sum.
    constexpr double kSlack = 0.999;
    const Place& place = places_[index_of(comm)];
    return place.known || (place.processes >= processes && place.counted >= least * kSlack);
  }

 private:
  struct Place {
    double counted = 0;
    std::uint32_t processes = 0;
    bool known = false;
  };
  static std::size_t index_of(const CommKey& comm) {
    return static_cast<std::size_t>(comm.hash() >> 56U);
  }
  std::array<Place, 256> places_{};
};

// The largest of many amounts, as many as are shown.
class TopFew {
 public:
  void offer(Bytes amount) {
    if (count_ == top_.size() && amount <= top_.back()) return;
    if (count_ < top_.size()) ++count_;
    std::size_t place = count_ - 1;
    for (; place > 0 && top_[place - 1] < amount; --place)
      top_[place] = top_[place - 1];
    top_[place] = amount;
  }
  Bytes least() const { return count_ == 0 ? Bytes(0) : top_[count_ - 1]; }

 private:
  std::array<Bytes, IncidentTracker::kTracksShown> top_{};  // Largest first.
  std::size_t count_ = 0;
};

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

void Growth::observe(std::size_t report, std::optional<double> at_s, std::vector<ProcessUse> table,
                     bool complete, Room& room) {
  if (table.empty()) return;
  // The table before stays the measure until enough time has gone by.
  if (observed_ && at_s && last_at_ && *at_s - *last_at_ < kStepMin) return;
  put_in_order(table);
  // A giant table's room would stay with a small incident.
  if (room.rows.capacity() <= 2 * table.size()) std::swap(next_, room.rows);
  Step step = merge(table, at_s);
  if (step.seconds > 0) judge(step);
  for (Row& row : rows_) {
    if (row.seen != 0 && row.history) bury(std::move(row));
  }
  std::swap(rows_, next_);
  next_.clear();
  room.rows = std::move(next_);
  next_ = std::vector<Row>();
  if (at_s) add_points(report, *at_s);
  observed_ = true;
  last_report_ = report;
  last_at_ = at_s;
  last_complete_ = complete;
}

// Moves the rows that live on from rows_ (their `seen` there becomes 0) to next_.
Growth::Step Growth::merge(const std::vector<ProcessUse>& table, std::optional<double> at_s) {
  Step step;
  if (observed_ && at_s && last_at_) step.seconds = *at_s - *last_at_;
  next_.reserve(table.size());
  step.deltas.resize(table.size());
  std::size_t grew = 0;
  std::size_t old = 0;
  for (const ProcessUse& process : table) {
    while (old < rows_.size() && rows_[old].pid < process.pid)
      ++old;
    const bool lives_on =
        old < rows_.size() && rows_[old].pid == process.pid && rows_[old].comm == process.comm;
    const Bytes use = process.use();
    Row& row = lives_on ? next_.emplace_back(std::move(rows_[old])) : next_.emplace_back();
    if (lives_on) {
      rows_[old].seen = 0;
    } else {
      row.pid = process.pid;
      row.comm = process.comm;
      row.first = use;
      row.first_at = at_s.value_or(0);
      if (step.seconds > 0 && last_complete_) row.born_rate = as_double(use) / step.seconds;
    }
    row.before = row.last;
    row.last = use;
    row.last_at = at_s.value_or(0);
    ++row.seen;
    const double grown = lives_on || row.born() ? difference(row.last, row.before) : 0;
    row.last_rate = step.seconds > 0 ? grown / step.seconds : 0;
    step.in_use += as_double(row.last);
    Bytes counts_from = row.before;
    if (row.born() && !size_at_death_.empty()) {
      const auto dead = size_at_death_.find(row.comm);
      if (dead != size_at_death_.end()) counts_from = std::max(counts_from, dead->second);
    }
    // Written in any case, and kept if it grew: whether one did, nothing could foretell.
    step.deltas[grew] = {next_.size() - 1, grown, std::max(0.0, difference(row.last, counts_from))};
    grew += grown > 0 ? std::size_t{1} : 0;
  }
  step.deltas.resize(grew);
  return step;
}

void Growth::judge(Step& step) {
  double all = 0;
  double counted = 0;
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
  if (counted < std::max(kNoise, step.in_use / 100)) return;
  for (const Delta& delta : step.deltas) {
    Row& row = next_[delta.row];
    row.grown += delta.counted;
    row.share = std::max(row.share, delta.counted / counted);
  }
  total_grown_ += counted;
  judge_swarms(step, counted);
}

void Growth::judge_swarms(const Step& step, double total) {
  NameSieve sieve;
  for (const Delta& delta : step.deltas)
    sieve.add(next_[delta.row].comm, delta.counted);
  for (const auto& known : swarms_)
    sieve.let_pass(known.first);
  // Like names side by side.
  std::vector<std::pair<CommKey, const Delta*>> named;
  for (const Delta& delta : step.deltas) {
    const CommKey& comm = next_[delta.row].comm;
    if (sieve.passes(comm, kCulpritShare * total, kSwarmMin)) named.emplace_back(comm, &delta);
  }
  std::sort(named.begin(), named.end());
  for (std::size_t i = 0; i < named.size();) {
    NameSum sum;
    const CommKey comm = named[i].first;
    for (; i < named.size() && named[i].first == comm; ++i) {
      const Row& row = next_[named[i].second->row];
      const double counted = named[i].second->counted;
      sum.counted += counted;
      ++sum.processes;
      sum.before += row.before;
      sum.last += row.last;
      if (counted > sum.largest_counted) {
        sum.largest_counted = counted;
        sum.largest = row.pid;
      }
    }
    judge_name(comm, sum, step.seconds, total);
  }
}

void Growth::judge_name(const CommKey& comm, const NameSum& sum, double seconds, double total) {
  const auto known = swarms_.find(comm);
  const bool explains = sum.processes >= kSwarmMin && sum.counted >= kCulpritShare * total &&
                        sum.largest_counted < sum.counted / 2;
  if (known == swarms_.end() && (!explains || swarms_.size() >= kNamesMax)) return;
  Swarm& swarm = known != swarms_.end() ? known->second : swarms_[comm];
  if (swarm.steps.empty()) swarm.first = sum.before;
  swarm.share = std::max(swarm.share, sum.counted / total);
  swarm.grown += sum.counted;
  swarm.seconds += seconds;
  swarm.processes = std::max(swarm.processes, sum.processes);
  swarm.largest = sum.largest;
  swarm.last = sum.last;
  if (swarm.steps.size() < IncidentTracker::kTrackPointsMax) {
    swarm.steps.push_back(sum.counted / seconds);
  }
}

void Growth::add_points(std::size_t report, double at_s) {
  // The largest, by a bar that the top few pass: a sort would cost more than it tells.
  TopFew top;
  for (const Row& row : rows_)
    top.offer(row.last);
  const Bytes bar = top.least();
  std::size_t pointed = 0;
  for (Row& row : rows_) {
    const bool matters =
        row.pointed() || row.share >= kCulpritShare || (row.last >= bar && pointed < kPointedMax);
    if (!matters) continue;
    ++pointed;
    std::vector<IncidentPoint>& points = row.remembered().points;
    // Its way up to here began in the table before, when it did not matter yet.
    if (points.empty() && row.seen > 1 && last_at_) {
      points.push_back({last_report_, *last_at_, row.before});
    }
    push_point(points, {report, at_s, row.last});
  }
  if (pointed > kPointedMax) thin_pointed();
}

void Growth::thin_pointed() {
  std::vector<Row*> pointed;
  for (Row& row : rows_) {
    if (row.pointed()) pointed.push_back(&row);
  }
  std::sort(pointed.begin(), pointed.end(), [](const Row* a, const Row* b) {
    return a->share != b->share ? a->share > b->share : a->last > b->last;
  });
  for (std::size_t i = kPointedMax; i < pointed.size(); ++i)
    pointed[i]->history->points = {};
}

// A process that left: of use later only if it mattered.
void Growth::bury(Row&& row) {
  if (!row.pointed() && !row.killed()) return;
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

void Growth::died(std::size_t report, std::int64_t pid, const CommKey& comm,
                  std::optional<Bytes> size) {
  const auto place =
      std::lower_bound(rows_.begin(), rows_.end(), pid,
                       [](const Row& row, std::int64_t wanted) { return row.pid < wanted; });
  if (place != rows_.end() && place->pid == pid) {
    place->remembered().killed_in = report;
    if (!size) size = place->last;
  }
  if (!size || (size_at_death_.size() >= kNamesMax && size_at_death_.count(comm) == 0)) return;
  Bytes& largest = size_at_death_[comm];
  largest = std::max(largest, *size);
}

bool Growth::shows(std::int64_t pid, const CommKey& comm) const {
  const Row* row = find(pid);
  return row != nullptr && row->comm == comm;
}

std::size_t Growth::common_with(const std::vector<ProcessUse>& table) const {
  std::size_t common = 0;
  for (const ProcessUse& process : table)
    common += shows(process.pid, process.comm) ? std::size_t{1} : 0;
  return common;
}

std::optional<Bytes> Growth::use_of(std::int64_t pid) const {
  const Row* row = find(pid);
  return row != nullptr ? std::optional(row->last) : std::nullopt;
}

Culprit Growth::culprit_of(const Row& row) {
  Culprit culprit;
  culprit.comm = row.comm.text();
  culprit.pid = row.pid;
  culprit.first = row.first;
  culprit.last = row.last;
  culprit.seen = row.seen;
  culprit.killed = row.killed();
  if (row.born()) culprit.steps_bytes_per_s.push_back(row.born_rate);
  static const std::vector<IncidentPoint> none;
  const std::vector<IncidentPoint>& points = row.history ? row.history->points : none;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double seconds = points[i].at_s - points[i - 1].at_s;
    if (seconds <= 0) continue;
    culprit.steps_bytes_per_s.push_back(difference(points[i].use, points[i - 1].use) / seconds);
  }
  if (row.seen > 1 && row.last_at > row.first_at) {
    culprit.growth_bytes_per_s = difference(row.last, row.first) / (row.last_at - row.first_at);
  } else {
    culprit.growth_bytes_per_s = std::max(row.born_rate, 0.0);
    culprit.at_least = true;
  }
  return culprit;
}

Culprit Growth::culprit_of(const CommKey& comm, const Swarm& swarm) const {
  Culprit culprit;
  culprit.comm = comm.text();
  culprit.pid = swarm.largest;
  culprit.processes = swarm.processes;
  culprit.first = swarm.first;
  culprit.last = swarm.last;
  culprit.seen = swarm.steps.size() + 1;
  culprit.steps_bytes_per_s = swarm.steps;
  if (swarm.seconds > 0) culprit.growth_bytes_per_s = swarm.grown / swarm.seconds;
  const auto dead = [&](const Row& row) { return row.comm == comm && row.killed(); };
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
      if (row.pointed()) shown.push_back(&row);
    }
  }
  std::stable_sort(shown.begin(), shown.end(), [](const Row* a, const Row* b) {
    return peak_of(a->history->points) > peak_of(b->history->points);
  });
  if (shown.size() > IncidentTracker::kTracksShown) shown.resize(IncidentTracker::kTracksShown);
  std::vector<IncidentTrack> tracks;
  tracks.reserve(shown.size());
  for (const Row* row : shown)
    tracks.push_back({row->comm.text(), row->pid, row->history->killed_in, row->history->points});
  return tracks;
}

Growth::Survivors Growth::survivors() const {
  Survivors survivors;
  for (const Row& row : rows_) {
    if (row.killed() || row.last_rate <= 0 || row.share < kCulpritShare || in_swarm(row)) continue;
    survivors.bytes_per_s += row.last_rate;
    survivors.names.push_back(row.comm.text());
  }
  for (const auto& entry : swarms_) {
    const bool alive = std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.comm == entry.first && !row.killed();
    });
    if (!alive || entry.second.steps.empty()) continue;
    survivors.bytes_per_s += entry.second.steps.back();
    survivors.names.push_back(entry.first.text());
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
