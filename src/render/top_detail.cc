#include "render/top_detail.h"

#include <algorithm>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/top_text.h"
#include "render/width.h"

namespace oomkit {
namespace {

std::string signed_grouped(std::int64_t number) {
  const std::uint64_t magnitude = number < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(number)
                                             : static_cast<std::uint64_t>(number);
  return (number < 0 ? "-" : "") + grouped_text(magnitude);
}

class Detail {
 public:
  Detail(const TopReport& report, std::size_t task, std::size_t columns)
      : report_(report), snapshot_(report.snapshot), index_(task), columns_(columns) {}

  std::vector<std::string> lines(const std::optional<MemoryDetail>& memory) {
    const Task& task = snapshot_.tasks[index_];
    lines_.push_back(visible(task.comm) + " (" + std::to_string(task.pid) + ")");
    if (const auto cgroup = cgroup_of(snapshot_, index_); !cgroup.empty()) {
      lines_.push_back("in " + path_end(cgroup, columns_ - 3));
    }
    lines_.emplace_back();
    for (const TopScope& scope : report_.scopes)
      terms(scope);
    facts(task);
    if (memory && memory->pid == task.pid) amounts(*memory, task);
    return std::move(lines_);
  }

 private:
  void row(std::string_view name, std::int64_t pages, const std::string& note) {
    std::string text = "  ";
    append_left(text, name, 16);
    append_right(text, signed_grouped(pages), 16);
    append_right(text, size_text(to_bytes(Pages(pages), *snapshot_.page_size)), 12);
    if (!note.empty()) text += "   " + note;
    lines_.push_back(std::move(text));
  }

  // The sum as the kernel makes it, in every scope that the process is a candidate of.
  void terms(const TopScope& scope) {
    if (!scope.prediction) return;
    const auto& tasks = scope.prediction->tasks;
    const auto found = std::find_if(tasks.begin(), tasks.end(), [&](const PredictedTask& task) {
      return task.index == index_;
    });
    if (found == tasks.end()) return;
    const std::string where = scope.memcg ? path_end(scope.name, columns_ / 2) : "the host";
    if (found->spared) {
      lines_.push_back("in " + where +
                       " it is never chosen: " + std::string(spared_text(*found->spared)));
      return;
    }
    const Badness& b = found->badness;
    lines_.push_back("in " + where + " it is number " + std::to_string(found - tasks.begin() + 1) +
                     "          pages");
    row("resident", b.rss.count(), "");
    if (b.swap != Pages(0)) row("swap", b.swap.count(), "");
    row("page tables", b.pgtables.count(), "");
    if (b.root_bonus != 0) row("root's discount", -b.root_bonus, "");
    const std::int64_t step = scope.prediction->totalpages.count() / 1000;
    const auto adj = snapshot_.tasks[index_].oom_score_adj.value_or(0);
    if (scope.prediction->rule != BadnessRule::v1) {
      row("oom_score_adj", b.adj_points,
          std::to_string(adj) + " times " +
              grouped_text(static_cast<std::uint64_t>(std::max<std::int64_t>(step, 0))));
    }
    row("points", b.points, "of " + signed_grouped(scope.prediction->totalpages.count()));
    lines_.emplace_back();
  }

  void facts(const Task& task) {
    const auto ours = computed_score(report_, index_);
    std::string text = "score " + (ours ? std::to_string(*ours) : std::string("?"));
    if (snapshot_.task_states.empty()) {
      lines_.push_back(std::move(text));
      return;
    }
    const TaskState& state = snapshot_.task_states[index_];
    if (state.oom_score) text += ", the kernel says " + std::to_string(*state.oom_score);
    lines_.push_back(std::move(text));
    std::string facts;
    const auto fact = [&](const std::string& sentence) {
      facts += (facts.empty() ? "" : ", ") + sentence;
    };
    if (task.uid) fact("user " + std::to_string(*task.uid));
    if (state.state) fact(std::string("state ") + visible(std::string(1, *state.state)));
    if (state.threads)
      fact(std::to_string(*state.threads) + (*state.threads == 1 ? " thread" : " threads"));
    if (state.parent) fact("child of " + std::to_string(*state.parent));
    if (state.mems_allowed) fact("nodes " + visible(*state.mems_allowed));
    if (state.locked && *state.locked > KiB(0))
      fact(size_text(to_bytes(*state.locked)) + " locked");
    if (state.hugetlb && *state.hugetlb > KiB(0)) {
      fact(size_text(to_bytes(*state.hugetlb)) + " of huge pages, which no score counts");
    }
    lines_.push_back(std::move(facts));
    kinds(task);
  }

  void kinds(const Task& task) {
    if (!task.rss_anon || !task.rss_file || !task.rss_shmem) return;
    const auto size = [&](Pages pages) { return size_text(to_bytes(pages, *snapshot_.page_size)); };
    lines_.push_back("resident: anonymous " + size(*task.rss_anon) + ", file " +
                     size(*task.rss_file) + ", shared " + size(*task.rss_shmem));
  }

  void amounts(const MemoryDetail& memory, const Task& task) {
    lines_.emplace_back();
    if (!memory.problem.empty()) {
      lines_.push_back(visible(memory.problem));
      return;
    }
    const auto line = [&](std::string_view name, const std::optional<Bytes>& amount,
                          std::string_view note) {
      std::string text = "  ";
      append_left(text, name, 5);
      append_right(text, amount ? size_text(*amount) : "?", 12);
      text += "   ";
      text += note;
      lines_.push_back(std::move(text));
    };
    std::optional<Bytes> vss;
    if (task.total_vm) vss = to_bytes(*task.total_vm, *snapshot_.page_size);
    line("VSS", vss, "address space, promised");
    line("RSS", memory.rss, "resident, shared pages in full");
    line("PSS", memory.pss, "resident, shared pages divided among their users");
    line("USS", memory.uss, "its own alone: what its death frees for sure");
    if (memory.swap_pss && *memory.swap_pss > Bytes(0)) line("SWAP", memory.swap_pss, "its share");
  }

  const TopReport& report_;
  const Snapshot& snapshot_;
  std::size_t index_;
  std::size_t columns_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> task_detail_lines(const TopReport& report, std::int64_t pid,
                                           const std::optional<MemoryDetail>& memory,
                                           std::size_t columns) {
  for (std::size_t i = 0; i < report.snapshot.tasks.size(); ++i) {
    if (report.snapshot.tasks[i].pid == pid)
      return Detail(report, i, std::max<std::size_t>(columns, 10)).lines(memory);
  }
  return {"process " + std::to_string(pid) + " is not there any more, or not among the leaders"};
}

}  // namespace oomkit
