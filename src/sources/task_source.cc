#include "sources/task_source.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <numeric>
#include <utility>

#include "kernel/badness.h"
#include "sources/host_text.h"
#include "sources/task_text.h"

namespace oomkit {
namespace {

Pages pages_of(KiB amount, PageSize page_size) {
  return floor_pages(to_bytes(amount), page_size);
}

// Memory by what status says. A process without any is a kernel thread, or one that has
// given it back on its way out.
void put_memory(const StatusText& status, PageSize page_size, Task& task) {
  const auto pages = [&](const std::optional<KiB>& amount) {
    return amount ? std::optional(pages_of(*amount, page_size)) : std::nullopt;
  };
  task.total_vm = pages(status.vm_size);
  task.rss = pages(status.rss);
  task.rss_anon = pages(status.rss_anon);
  task.rss_file = pages(status.rss_file);
  task.rss_shmem = pages(status.rss_shmem);
  if (task.rss_anon && task.rss_file && task.rss_shmem) {
    task.rss = *task.rss_anon + *task.rss_file + *task.rss_shmem;
  }
  task.swapents = pages(status.swap);
  if (!status.pte) return;
  // Up to 4.14 VmPTE is the lowest level alone; from 4.15 on it is all of them.
  if (status.pmd) {
    task.nr_ptes = pages_of(*status.pte, page_size).count();
    task.nr_pmds = pages_of(*status.pmd, page_size).count();
  } else {
    task.pgtables = to_bytes(*status.pte);
  }
}

void put_no_memory(Task& task) {
  task.total_vm = Pages(0);
  task.rss = Pages(0);
  task.rss_anon = Pages(0);
  task.rss_file = Pages(0);
  task.rss_shmem = Pages(0);
  task.swapents = Pages(0);
  task.pgtables = Bytes(0);
}

bool limited(const MemcgNode& memcg) {
  return (memcg.limit && memcg.limit->size) || (memcg.memsw_limit && memcg.memsw_limit->size);
}

// For each memcg whether it or one above it has a limit.
std::vector<bool> under_limit(const MemcgTree& tree) {
  std::vector<bool> under(tree.nodes.size());
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const auto parent = tree.nodes[i].parent;
    under[i] = limited(tree.nodes[i]) || (parent && under[*parent]);
  }
  return under;
}

// In the order of their making, which is the kernel's: by start time where it is known of
// all, else by number, which is the same until the numbers start again.
void order(Snapshot& snapshot) {
  std::vector<std::size_t> places(snapshot.tasks.size());
  std::iota(places.begin(), places.end(), 0);
  const auto& states = snapshot.task_states;
  const bool timed = std::all_of(states.begin(), states.end(),
                                 [](const TaskState& state) { return state.start.has_value(); });
  std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    if (timed && states[a].start != states[b].start) return *states[a].start < *states[b].start;
    return snapshot.tasks[a].pid < snapshot.tasks[b].pid;
  });
  std::vector<Task> tasks;
  std::vector<TaskState> ordered;
  tasks.reserve(places.size());
  ordered.reserve(places.size());
  for (const std::size_t place : places) {
    tasks.push_back(std::move(snapshot.tasks[place]));
    ordered.push_back(std::move(snapshot.task_states[place]));
  }
  snapshot.tasks = std::move(tasks);
  snapshot.task_states = std::move(ordered);
}

}  // namespace

Result<TaskSource> TaskSource::create(const FileTree& tree) {
  OOMKIT_TRY(std::unique_ptr<OpenFolder> proc, tree.open_folder("proc"));
  return TaskSource(std::move(proc));
}

void TaskSource::name_file(std::int64_t pid, std::string_view name) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), pid).ptr;
  path_.assign(digits.data(), end);
  path_ += '/';
  path_ += name;
}

OpenFolder::Reading TaskSource::file(std::int64_t pid, std::string_view name) {
  name_file(pid, name);
  return proc_->read_once(path_, buffer_);
}

std::optional<std::int64_t> TaskSource::number(std::int64_t pid, std::string_view name,
                                               SourceGaps& gaps) {
  const auto text = file(pid, name);
  if (!text) {
    if (text.error() == ErrorCode::denied) gaps.add(SourceGap::task_denied, path_);
    return std::nullopt;
  }
  const auto value = parse_number(*text);
  if (!value) gaps.add(SourceGap::task_malformed, path_);
  return value;
}

bool TaskSource::has_no_memory(std::int64_t pid) {
  const auto text = file(pid, "statm");
  const auto statm = text ? parse_statm(*text) : std::nullopt;
  return statm && statm->size == Pages(0);
}

TaskSource::Selection TaskSource::read_scores(const std::vector<std::int64_t>& pids,
                                              const Snapshot& snapshot, SourceGaps& gaps) {
  Selection found;
  found.entries.reserve(pids.size());
  const auto memory = snapshot.host_state ? snapshot.host_state->amount("MemTotal") : std::nullopt;
  scores_.begin(memory && snapshot.page_size ? ScoreFiles::room(*memory, *snapshot.page_size) : 0);
  for (const std::int64_t pid : pids) {
    name_file(pid, "oom_score");
    const ScoreFiles::Score score = scores_.read(*proc_, pid, path_, buffer_);
    if (!score.text && score.text.error() == ErrorCode::not_found) {
      gaps.add(SourceGap::task_vanished, path_);
      continue;
    }
    // Whose score cannot be read is looked at closely.
    const auto value = score.text ? parse_number(*score.text) : std::nullopt;
    // What begins as a kernel thread can become a program, and has memory from then on.
    if (score.was_kernel_thread && value == 0 && has_no_memory(pid)) {
      found.kernel_threads = true;
      continue;
    }
    found.entries.push_back({pid, value});
  }
  scores_.end();
  return found;
}

bool TaskSource::scores_tell_apart(const std::vector<std::int64_t>& pids, std::size_t leaders) {
  constexpr std::size_t kSample = 128;
  // So few stand out of any crowd, though a sample may not meet them.
  constexpr std::size_t kFew = 8;
  if (leaders < kFew || scores_.has_looked() || pids.size() < 4 * kSample) return true;
  std::vector<std::int64_t> scores;
  SourceGaps gaps;  // Who vanishes meanwhile is counted when all are read.
  for (std::size_t i = 0; i < kSample; ++i) {
    if (const auto score = number(pids[i * pids.size() / kSample], "oom_score", gaps))
      scores.push_back(*score);
  }
  if (scores.empty()) return true;
  std::sort(scores.begin(), scores.end(), std::greater<>());
  const std::size_t leading = std::min(leaders * scores.size() / pids.size(), scores.size() - 1);
  const auto through = std::count_if(scores.begin(), scores.end(), [&](std::int64_t score) {
    return score >= scores[leading] - 1;
  });
  return static_cast<std::size_t>(through) * 2 < scores.size();
}

void TaskSource::add_scores(std::size_t leaders, Snapshot& snapshot) {
  const auto total = snapshot.host_state ? snapshot.host_state->amount("MemTotal") : std::nullopt;
  if (!total || !snapshot.page_size) return;
  BadnessContext context;
  context.page_size = *snapshot.page_size;
  context.totalpages = floor_pages(*total, *snapshot.page_size);
  std::vector<std::pair<std::int64_t, std::size_t>> ranked;
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    if (const auto points = badness(snapshot.tasks[i], context))
      ranked.emplace_back(points->points, i);
  }
  leaders = std::min(leaders, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(leaders),
                    ranked.end(), std::greater<>());
  for (std::size_t i = 0; i < leaders; ++i) {
    const std::size_t task = ranked[i].second;
    snapshot.task_states[task].oom_score =
        number(snapshot.tasks[task].pid, "oom_score", snapshot.gaps);
  }
}

TaskSource::Selection TaskSource::select(const std::vector<std::int64_t>& pids, std::size_t leaders,
                                         const std::vector<Membership>& members,
                                         const Snapshot& snapshot, SourceGaps& gaps) {
  const Selection found = read_scores(pids, snapshot, gaps);
  const std::vector<Entry>& entries = found.entries;
  std::vector<std::int64_t> scores;
  scores.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (entry.score) scores.push_back(*entry.score);
  }
  std::int64_t enough = 0;
  if (leaders > 0 && leaders < scores.size()) {
    const auto nth = scores.begin() + static_cast<std::ptrdiff_t>(leaders - 1);
    std::nth_element(scores.begin(), nth, scores.end(), std::greater<>());
    enough = *nth - 1;
  }
  const std::vector<bool> under =
      snapshot.memcgs ? under_limit(*snapshot.memcgs) : std::vector<bool>();
  Selection chosen;
  chosen.kernel_threads = found.kernel_threads;
  for (const Entry& entry : entries) {
    // 0 is a kernel thread or one that is spared: the latter are worth to be shown.
    const auto memcg = memcg_of(members, entry.pid);
    if (!entry.score || *entry.score >= enough || *entry.score == 0 || (memcg && under[*memcg])) {
      chosen.entries.push_back(entry);
    }
  }
  const std::size_t left_out = entries.size() - chosen.entries.size();
  if (left_out > 0) gaps.add(SourceGap::tasks_unread, "", left_out);
  return chosen;
}

// A process whose first thread has ended lives on in the others, and is scored by them.
void TaskSource::find_memory_of_threads(std::int64_t pid, std::optional<PageSize> page_size,
                                        Task& task) {
  const std::string folder = std::to_string(pid) + "/task";
  const auto threads = proc_->folders(folder);
  if (!threads) return;
  for (const std::string& thread : *threads) {
    const auto text = proc_->read_once(folder + "/" + thread + "/status", buffer_);
    const auto status = text ? parse_status(*text) : std::nullopt;
    if (!status || !status->vm_size || !page_size) continue;
    put_memory(*status, *page_size, task);
    return;
  }
}

TaskSource::Outcome TaskSource::read_task(std::int64_t pid, const TaskQuery& query,
                                          std::optional<PageSize> page_size, Task& task,
                                          TaskState& state, SourceGaps& gaps) {
  task.pid = pid;
  const auto text = file(pid, "status");
  if (!text) {
    if (text.error() == ErrorCode::not_found) {
      gaps.add(SourceGap::task_vanished, path_);
      return Outcome::vanished;
    }
    gaps.add(SourceGap::task_denied, path_);
    return Outcome::unknown;
  }
  auto status = parse_status(*text);
  if (!status) {
    gaps.add(SourceGap::task_malformed, path_);
    return Outcome::unknown;
  }
  task.comm = std::move(status->name);
  task.tgid = status->tgid;
  task.uid = status->uid;
  state.parent = status->parent;
  state.state = status->state;
  state.threads = status->threads;
  state.kernel_thread = status->kernel_thread;
  state.locked = status->locked;
  state.hugetlb = status->hugetlb;
  if (!status->mems_allowed.empty()) state.mems_allowed = std::move(status->mems_allowed);
  if (status->vm_size && page_size) {
    put_memory(*status, *page_size, task);
    state.kernel_thread = false;
  } else if (!status->vm_size) {
    const char letter = state.state.value_or(' ');
    const bool zombie = letter == 'Z' || letter == 'X';
    put_no_memory(task);
    // All kernel threads are children of kthreadd, which is number 2.
    if (!state.kernel_thread) state.kernel_thread = !zombie && (pid == 2 || state.parent == 2);
    if (zombie) state.exiting = true;
    if (state.threads.value_or(1) > 1) find_memory_of_threads(pid, page_size, task);
  }
  if (const auto adj = number(pid, "oom_score_adj", gaps)) {
    task.oom_score_adj = static_cast<std::int32_t>(std::clamp<std::int64_t>(*adj, -1000, 1000));
  }
  if (query.kernel_scores) state.oom_score = number(pid, "oom_score", gaps);
  if (query.start_times) {
    const auto stat_text = file(pid, "stat");
    const auto stat = stat_text ? parse_stat(*stat_text) : std::nullopt;
    if (stat) {
      state.start = stat->start;
      state.exiting = stat->exiting || state.exiting.value_or(false);
      state.kernel_thread = stat->kernel_thread;
    } else if (stat_text) {
      gaps.add(SourceGap::task_malformed, path_);
    }
  }
  return Outcome::read;
}

Status TaskSource::read(const TaskQuery& query, const std::vector<Membership>& members,
                        Snapshot& snapshot) {
  const auto pids = proc_->numbers();
  if (!pids) return fail(pids.error(), "/proc: cannot list the processes");
  SourceGaps& gaps = snapshot.gaps;
  if (snapshot.host_state) {
    snapshot.host_state->tasks_seen = static_cast<std::int64_t>(pids->size());
  }
  Selection chosen;
  const bool by_score = query.leaders && scores_tell_apart(*pids, *query.leaders);
  if (by_score) {
    chosen = select(*pids, *query.leaders, members, snapshot, gaps);
  } else {
    chosen.entries.reserve(pids->size());
    for (const std::int64_t pid : *pids)
      chosen.entries.push_back({pid, std::nullopt});
  }
  const std::vector<Entry>& entries = chosen.entries;
  snapshot.tasks.clear();
  snapshot.task_states.clear();
  snapshot.tasks.reserve(entries.size());
  snapshot.task_states.reserve(entries.size());
  bool kernel_threads = chosen.kernel_threads;
  std::uint64_t unassigned = 0;
  for (const Entry& entry : entries) {
    Task task;
    TaskState state;
    const Outcome outcome = read_task(entry.pid, query, snapshot.page_size, task, state, gaps);
    if (outcome == Outcome::vanished) continue;
    if (!state.oom_score) state.oom_score = entry.score;
    kernel_threads |= state.kernel_thread.value_or(false);
    // Who cannot be killed and holds nothing is of no interest to whom the leaders are.
    if (query.leaders && state.kernel_thread.value_or(false)) {
      scores_.note_kernel_thread(entry.pid);
      continue;
    }
    state.memcg = memcg_of(members, entry.pid);
    if (snapshot.memcgs && !state.memcg && !state.exiting.value_or(false)) ++unassigned;
    snapshot.tasks.push_back(std::move(task));
    snapshot.task_states.push_back(std::move(state));
  }
  if (unassigned > 0) gaps.add(SourceGap::memcgs_unassigned, "", unassigned);
  if (!kernel_threads) gaps.add(SourceGap::tasks_namespaced, "");
  if (query.leaders && !by_score && !query.kernel_scores) add_scores(*query.leaders, snapshot);
  order(snapshot);
  return {};
}

tl::expected<SmapsText, ErrorCode> TaskSource::read_smaps(std::int64_t pid) {
  const auto text = file(pid, "smaps_rollup");
  if (!text) return tl::unexpected(text.error());
  const auto smaps = parse_smaps_rollup(*text);
  if (!smaps) return tl::unexpected(ErrorCode::malformed);
  return *smaps;
}

bool TaskSource::read_again(Snapshot& snapshot, std::size_t index) {
  const std::int64_t pid = snapshot.tasks[index].pid;
  SourceGaps gaps;  // What could not be read has been counted the first time.
  Task task;
  TaskState state;
  const TaskQuery query{.leaders = {}, .kernel_scores = true, .start_times = true};
  if (read_task(pid, query, snapshot.page_size, task, state, gaps) != Outcome::read) return false;
  TaskState& old = snapshot.task_states[index];
  if (old.start && state.start != old.start) return false;  // Another process of that number.
  state.memcg = old.memcg;
  snapshot.tasks[index] = std::move(task);
  old = std::move(state);
  return true;
}

}  // namespace oomkit
