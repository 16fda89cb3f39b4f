// Which tasks get a row, and what stands in it.
//
// A table may have a hundred thousand rows; a person wants the first ten of the ranking,
// who died, and who would have been in line but may not be killed.
#include <algorithm>
#include <vector>

#include "core/size_text.h"
#include "kernel/totalpages.h"
#include "render/quantity.h"
#include "render/report_view.h"

namespace oomkit {
namespace {

constexpr std::size_t kTopRows = 10;
constexpr std::size_t kTopRowsBesideNames = 5;  // Where sums by name say more.
constexpr std::size_t kVictimRowsMax = 20;
constexpr std::size_t kExemptRowsMax = 3;

class TaskViewMaker {
 public:
  explicit TaskViewMaker(const Explanation& explanation)
      : explanation_(explanation), at_(explanation.report.at) {
    for (const Victim& victim : explanation.report.victims) {
      if (victim.pid) victim_pids_.push_back(*victim.pid);
    }
    std::sort(victim_pids_.begin(), victim_pids_.end());
    if (!explanation.by_name.empty()) top_rows_ = kTopRowsBesideNames;
    if (at_.host_memory && at_.page_size)
      host_totalpages_ = host_totalpages(*at_.host_memory, *at_.page_size);
  }

  TaskView make() {
    view_.listed = at_.tasks.size();
    view_.ranked = explanation_.ranking && !explanation_.ranking->tasks.empty();
    view_.title = view_.ranked ? "Who could be killed, most likely first" : "The largest tasks";
    if (view_.ranked) {
      add_ranked();
    } else {
      add_largest();
    }
    finish_columns();
    return std::move(view_);
  }

 private:
  bool is_victim(const Task& task) const {
    return std::binary_search(victim_pids_.begin(), victim_pids_.end(), task.pid);
  }

  void add_ranked() {
    const auto& ranked = explanation_.ranking->tasks;
    std::size_t victims = 0;
    std::vector<std::size_t> exempt;
    for (std::size_t place = 0; place < ranked.size(); ++place) {
      if (ranked[place].index >= at_.tasks.size()) continue;
      const Task& task = at_.tasks[ranked[place].index];
      const bool killable = !ranked[place].badness.unkillable;
      const bool victim = is_victim(task);
      if (killable ? place < top_rows_ || (victim && victims < kVictimRowsMax) : victim) {
        add(task, &ranked[place].badness, killable ? std::optional(place + 1) : std::nullopt);
        victims += victim ? 1 : 0;
      } else if (!killable && task.rss) {
        exempt.push_back(place);
      }
    }
    const auto rss_of = [&](std::size_t place) { return *at_.tasks[ranked[place].index].rss; };
    const std::size_t shown = std::min(exempt.size(), kExemptRowsMax);
    std::partial_sort(exempt.begin(), exempt.begin() + static_cast<std::ptrdiff_t>(shown),
                      exempt.end(), [&](std::size_t a, std::size_t b) {
                        return rss_of(a) != rss_of(b) ? rss_of(a) > rss_of(b) : a < b;
                      });
    for (std::size_t i = 0; i < shown; ++i)
      add(at_.tasks[ranked[exempt[i]].index], &ranked[exempt[i]].badness, std::nullopt);
  }

  void add_largest() {
    std::vector<std::size_t> order;
    order.reserve(at_.tasks.size());
    for (std::size_t i = 0; i < at_.tasks.size(); ++i)
      order.push_back(i);
    const auto use_of = [&](std::size_t i) {
      const Task& task = at_.tasks[i];
      return task.rss.value_or(Pages(-1));
    };
    const std::size_t shown = std::min(order.size(), top_rows_);
    const auto top_end = order.begin() + static_cast<std::ptrdiff_t>(shown);
    std::partial_sort(order.begin(), top_end, order.end(), [&](std::size_t a, std::size_t b) {
      return use_of(a) != use_of(b) ? use_of(a) > use_of(b) : a < b;
    });
    for (std::size_t i = 0; i < shown; ++i)
      add(at_.tasks[order[i]], nullptr, std::nullopt);
    std::sort(top_end, order.end());
    std::size_t victims = 0;
    for (auto i = top_end; i != order.end() && victims < kVictimRowsMax; ++i) {
      if (!is_victim(at_.tasks[*i])) continue;
      add(at_.tasks[*i], nullptr, std::nullopt);
      ++victims;
    }
  }

  std::string memory_text(const std::optional<Pages>& pages) const {
    if (!pages) return "";
    if (at_.page_size) return size_text(to_bytes(*pages, *at_.page_size));
    return std::to_string(pages->count()) + " pages";
  }

  void add(const Task& task, const Badness* badness, std::optional<std::size_t> rank) {
    TaskLine line;
    line.task = &task;
    line.rank = rank;
    line.rss = memory_text(task.rss);
    line.swap = memory_text(task.swapents);
    if (const auto pgtables = pgtables_bytes(task, at_.page_size.value_or(PageSize::k4K));
        pgtables && (task.pgtables || at_.page_size)) {
      line.pgtables = size_text(*pgtables);
    }
    if (task.oom_score_adj) {
      line.adj = std::to_string(*task.oom_score_adj);
    } else if (task.oom_adj) {
      line.adj = std::to_string(*task.oom_adj);
    }
    if (badness != nullptr && !badness->unkillable) line.points = std::to_string(badness->points);
    set_terms(line, badness);
    set_score(line, badness);
    set_standing(line, badness);
    view_.has_swap |= task.swapents && task.swapents->count() > 0;
    view_.lines.push_back(std::move(line));
  }

  // In pages for now; finish_columns() makes shares of them.
  void set_terms(TaskLine& line, const Badness* badness) const {
    const auto number = [](std::int64_t count) {
      return std::max(0.0, static_cast<double>(count));
    };
    const Task& task = *line.task;
    if (badness == nullptr) {
      line.rss_share = task.rss ? number(task.rss->count()) : 0;
      line.swap_share = task.swapents ? number(task.swapents->count()) : 0;
      line.counted = line.rss_share + line.swap_share;
      return;
    }
    const BadnessContext& context = explanation_.ranking->context;
    // Before 3.5 points and what adj adds are per mille of what may be used.
    const double unit = context.rule == BadnessRule::v1
                            ? static_cast<double>(context.totalpages.count()) / 1000
                            : 1;
    line.rss_share = number(badness->rss.count());
    line.swap_share = number(badness->swap.count());
    line.pgtables_share = number(badness->pgtables.count());
    line.adj_share = number(badness->adj_points) * unit;
    if (badness->unkillable) return;
    const double taken_off = (number(-badness->adj_points) + number(badness->root_bonus)) * unit;
    line.counted = std::max(
        0.0, line.rss_share + line.swap_share + line.pgtables_share + line.adj_share - taken_off);
  }

  void set_score(TaskLine& line, const Badness* badness) const {
    if (badness == nullptr || badness->unkillable) return;
    const BadnessRule rule = explanation_.ranking->context.rule;
    if (!host_totalpages_ && rule > BadnessRule::v1) return;
    line.score = std::to_string(
        oom_score(badness->points, false, rule, host_totalpages_.value_or(Pages(1))));
  }

  void set_standing(TaskLine& line, const Badness* badness) const {
    const Task& task = *line.task;
    if (is_victim(task)) {
      line.standing = TaskLine::Standing::victim;
      line.note = "killed";
    } else if (badness != nullptr && badness->unkillable) {
      line.standing = TaskLine::Standing::exempt;
      line.note = *badness->unkillable == Unkillable::adj_minus_1000 ? "exempt"
                  : *badness->unkillable == Unkillable::init         ? "exempt: init"
                                                                     : "exempt: a kernel thread";
    } else if (explanation_.predicted && explanation_.predicted_agrees == false &&
               &task == &at_.tasks[*explanation_.predicted]) {
      line.note = "first by the rule";
    }
  }

  void finish_columns() {
    double longest = 0;
    for (const TaskLine& line : view_.lines) {
      view_.has_pgtables |= !line.pgtables.empty();
      view_.has_points |= !line.points.empty();
      view_.has_score |= !line.score.empty();
      view_.has_adj_share |= line.adj_share > 0;
      view_.has_taken_off |=
          line.counted < line.rss_share + line.swap_share + line.pgtables_share + line.adj_share;
      longest = std::max(longest,
                         line.rss_share + line.swap_share + line.pgtables_share + line.adj_share);
    }
    for (TaskLine& line : view_.lines) {
      for (double* share : {&line.rss_share, &line.swap_share, &line.pgtables_share,
                            &line.adj_share, &line.counted})
        *share = longest > 0 ? std::min(*share / longest, 1.0) : 0;
    }
    if (view_.listed > view_.lines.size()) {
      view_.footnote = grouped_text(view_.listed - view_.lines.size()) + " more tasks are listed";
    }
    if (explanation_.report.tasks_dropped > 0) {
      view_.footnote += view_.footnote.empty() ? "" : ", ";
      view_.footnote +=
          grouped_text(explanation_.report.tasks_dropped) + " beyond them were not kept";
    }
  }

  const Explanation& explanation_;
  const Snapshot& at_;
  std::vector<std::int64_t> victim_pids_;
  std::size_t top_rows_ = kTopRows;
  std::optional<Pages> host_totalpages_;
  TaskView view_;
};

}  // namespace

TaskView make_task_view(const Explanation& explanation) {
  if (explanation.report.at.tasks.empty()) return {};
  return TaskViewMaker(explanation).make();
}

}  // namespace oomkit
