// The processes of a host, from procfs into tasks.
//
// Two ways. All of them with everything, for a snapshot and for checking scores. Or only
// those who can be next: /proc/PID/oom_score is the cheapest file that orders processes,
// one number which the kernel itself works out in a third of the time that printing
// `status` takes. It is monotone in what the kernel compares, so whoever can be among the
// first N has at least the score of the N-th (less 1, for what changes meanwhile), and only
// those are read closely. Whoever does so again and again keeps these files open
// (score_files.h). Where most have the same score, as thousands of small processes do, it
// orders nobody: a sample finds that out, and all are read closely at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/file_tree.h"
#include "model/snapshot.h"
#include "sources/memcg_source.h"
#include "sources/score_files.h"
#include "sources/task_text.h"

namespace oomkit {

struct TaskQuery {
  // Look closely only at those who can be among this many leaders; absent: at all.
  std::optional<std::size_t> leaders;
  bool kernel_scores = false;  // Read oom_score of those looked at.
  bool start_times = false;    // Read stat: start, parent, exiting.
};

class TaskSource {
 public:
  static Result<TaskSource> create(const FileTree& tree);

  // Needs the snapshot's page size; sets tasks, task_states, tasks_seen, in the order in
  // which the kernel walks them as far as it is known. `members`: of the snapshot's memcgs.
  Status read(const TaskQuery& query, const std::vector<Membership>& members, Snapshot& snapshot);

  // Walks all page tables of the process, which takes a while for a large one.
  tl::expected<SmapsText, ErrorCode> read_smaps(std::int64_t pid);

  // Task `index` of the snapshot once more, its score too: to compare both as of one moment.
  // False if it is not there any more.
  bool read_again(Snapshot& snapshot, std::size_t index);

 private:
  explicit TaskSource(std::unique_ptr<OpenFolder> proc) : proc_(std::move(proc)) {}

  struct Entry {
    std::int64_t pid = 0;
    std::optional<std::int64_t> score;
  };
  enum class Outcome { read, vanished, unknown };

  // Those who can lead, and whether a kernel thread is among those left out.
  struct Selection {
    std::vector<Entry> entries;
    bool kernel_threads = false;
  };
  Selection read_scores(const std::vector<std::int64_t>& pids, const Snapshot& snapshot,
                        SourceGaps& gaps);
  Selection select(const std::vector<std::int64_t>& pids, std::size_t leaders,
                   const std::vector<Membership>& members, const Snapshot& snapshot,
                   SourceGaps& gaps);
  // Whether scores leave out more than they let through.
  bool scores_tell_apart(const std::vector<std::int64_t>& pids, std::size_t leaders);
  // The kernel's scores of those who come first by ours.
  void add_scores(std::size_t leaders, Snapshot& snapshot);
  bool has_no_memory(std::int64_t pid);
  Outcome read_task(std::int64_t pid, const TaskQuery& query, std::optional<PageSize> page_size,
                    Task& task, TaskState& state, SourceGaps& gaps);
  void find_memory_of_threads(std::int64_t pid, std::optional<PageSize> page_size, Task& task);
  // The text of a file of a process; `path_` is its name, for a gap's example.
  OpenFolder::Reading file(std::int64_t pid, std::string_view name);
  void name_file(std::int64_t pid, std::string_view name);
  std::optional<std::int64_t> number(std::int64_t pid, std::string_view name, SourceGaps& gaps);

  std::unique_ptr<OpenFolder> proc_;
  ScoreFiles scores_;
  std::vector<char> buffer_;
  std::string path_;
};

}  // namespace oomkit
