// What the runs of a sweep amount to.
#include <algorithm>
#include <map>

#include "lab/sweep.h"

namespace oomkit {
namespace {

constexpr std::size_t kBinsMax = 12;  // Up to so many values each has a line of its own.
constexpr std::size_t kBins = 10;

std::optional<std::int64_t> median_of(std::vector<std::int64_t> numbers) {
  if (numbers.empty()) return std::nullopt;
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

struct Tally {
  std::int64_t runs = 0;
  std::vector<std::int64_t> first_kills;

  void add(const SweepRun& run) {
    ++runs;
    if (run.first_kill_ms) first_kills.push_back(*run.first_kill_ms);
  }
};

// The most frequent first.
std::vector<SweepCount> counts_of(const std::map<std::string, Tally>& tallies) {
  std::vector<SweepCount> counts;
  counts.reserve(tallies.size());
  for (const auto& [name, tally] : tallies)
    counts.push_back({name, tally.runs, median_of(tally.first_kills)});
  std::stable_sort(counts.begin(), counts.end(),
                   [](const SweepCount& a, const SweepCount& b) { return a.runs > b.runs; });
  return counts;
}

// One run as a field sees it.
struct SweepPoint {
  double number = 0;
  const std::string* shown = nullptr;
  std::size_t outcome = 0;
};

class FieldSums {
 public:
  FieldSums(const SweepReport& report, std::string name, std::vector<SweepPoint> points)
      : report_(report), points_(std::move(points)) {
    sums_.field = std::move(name);
    std::stable_sort(points_.begin(), points_.end(),
                     [](const SweepPoint& a, const SweepPoint& b) { return a.number < b.number; });
  }

  SweepByField run() {
    const std::vector<std::size_t> ends = bin_ends();
    std::size_t begin = 0;
    std::size_t before = 0;
    for (const std::size_t end : ends) {
      add_bin(begin, end);
      if (begin > 0) add_tip(before, begin, end);
      before = begin;
      begin = end;
    }
    return std::move(sums_);
  }

 private:
  // Where the runs of one bin end: values that are equal are never parted.
  std::vector<std::size_t> bin_ends() const {
    std::vector<std::size_t> ends;
    for (std::size_t i = 1; i <= points_.size(); ++i) {
      if (i == points_.size() || points_[i].number != points_[i - 1].number) ends.push_back(i);
    }
    if (ends.size() <= kBinsMax) return ends;
    std::vector<std::size_t> fewer;
    for (std::size_t bin = 1; bin <= kBins; ++bin) {
      const std::size_t wanted = points_.size() * bin / kBins;
      const std::size_t end = *std::lower_bound(ends.begin(), ends.end(), wanted);
      if (fewer.empty() || fewer.back() < end) fewer.push_back(end);
    }
    return fewer;
  }

  void add_bin(std::size_t begin, std::size_t end) {
    SweepBin bin;
    bin.from = *points_[begin].shown;
    bin.to = *points_[end - 1].shown;
    bin.runs = static_cast<std::int64_t>(end - begin);
    bin.outcomes.resize(report_.outcomes.size());
    for (std::size_t i = begin; i < end; ++i)
      ++bin.outcomes[points_[i].outcome];
    sums_.bins.push_back(std::move(bin));
  }

  std::size_t mostly(const SweepBin& bin) const {
    return static_cast<std::size_t>(std::max_element(bin.outcomes.begin(), bin.outcomes.end()) -
                                    bin.outcomes.begin());
  }

  // Between this bin and the one before: the place that most of their runs agree with.
  void add_tip(std::size_t begin, std::size_t middle, std::size_t end) {
    const std::size_t below = mostly(sums_.bins[sums_.bins.size() - 2]);
    const std::size_t above = mostly(sums_.bins.back());
    if (below == above) return;
    std::int64_t as_said = 0;
    for (std::size_t i = begin; i < end; ++i)
      as_said += points_[i].outcome == above ? 1 : 0;
    std::int64_t best = -1;
    std::size_t at = middle;
    for (std::size_t i = begin + 1; i < end; ++i) {
      as_said += points_[i - 1].outcome == below ? 1 : 0;
      as_said -= points_[i - 1].outcome == above ? 1 : 0;
      if (points_[i].number == points_[i - 1].number || as_said <= best) continue;
      best = as_said;
      at = i;
    }
    // Where chance has most of the say, there is nothing to tell.
    const auto runs = static_cast<std::int64_t>(end - begin);
    const std::int64_t one_word =
        std::max(count_of(begin, end, below), count_of(begin, end, above));
    if (best * 10 < runs * 6 || (best - one_word) * 10 < runs) return;
    sums_.tips.push_back({*points_[at - 1].shown, *points_[at].shown, report_.outcomes[below].name,
                          report_.outcomes[above].name, runs, best});
  }

  std::int64_t count_of(std::size_t begin, std::size_t end, std::size_t outcome) const {
    return std::count_if(points_.begin() + static_cast<std::ptrdiff_t>(begin),
                         points_.begin() + static_cast<std::ptrdiff_t>(end),
                         [&](const SweepPoint& point) { return point.outcome == outcome; });
  }

  const SweepReport& report_;
  std::vector<SweepPoint> points_;
  SweepByField sums_;
};

// Where a value without a number stands in the plan's list.
double rank_in(const std::vector<std::string>& known, const std::string& value) {
  return static_cast<double>(std::find(known.begin(), known.end(), value) - known.begin());
}

std::vector<std::string> shown_values(const SweepField& field) {
  std::vector<std::string> shown;
  for (const SweepValue& value : field.values)
    shown.push_back(value.shown);
  return shown;
}

}  // namespace

SweepReport sum_up(const SweepPlan& plan, std::string_view scenario, std::vector<SweepRun> runs) {
  SweepReport report;
  report.scenario = scenario;
  report.seed = plan.seed;
  std::map<std::string, Tally> outcomes;
  std::map<std::string, Tally> deaths;
  for (const SweepRun& run : runs) {
    outcomes[run.outcome].add(run);
    std::vector<std::string> named = run.victims;
    std::sort(named.begin(), named.end());
    named.erase(std::unique(named.begin(), named.end()), named.end());
    for (const std::string& name : named)
      deaths[name].add(run);
  }
  report.outcomes = counts_of(outcomes);
  report.deaths = counts_of(deaths);
  std::map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < report.outcomes.size(); ++i)
    numbers[report.outcomes[i].name] = i;
  if (plan.kernels.size() > 1) {
    std::vector<SweepPoint> points;
    points.reserve(runs.size());
    for (const SweepRun& run : runs)
      points.push_back({rank_in(plan.kernels, run.kernel), &run.kernel, numbers[run.outcome]});
    report.by_field.push_back(FieldSums(report, "kernel", std::move(points)).run());
  }
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    report.fields.push_back(plan.fields[i].path);
    const std::vector<std::string> shown = shown_values(plan.fields[i]);
    const bool all_numbers = std::all_of(
        runs.begin(), runs.end(), [&](const SweepRun& run) { return run.numbers[i].has_value(); });
    std::vector<SweepPoint> points;
    for (const SweepRun& run : runs) {
      const double at = all_numbers ? *run.numbers[i] : rank_in(shown, run.values[i]);
      points.push_back({at, &run.values[i], numbers[run.outcome]});
    }
    report.by_field.push_back(FieldSums(report, plan.fields[i].path, std::move(points)).run());
  }
  report.runs = std::move(runs);
  return report;
}

}  // namespace oomkit
