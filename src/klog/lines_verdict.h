// The lines that say who was chosen and who died, in all their forms from 2.6.18 to 7.2.
//
// Names and paths stand unquoted between other fields and may hold what those begin
// with, so each line is taken apart from both ends: what stands behind a name is looked
// for from the right.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "klog/line_text.h"

namespace oomkit {

// "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,..."
struct OomKillLine {
  std::optional<std::string_view> constraint;
  std::optional<std::string_view> nodemask;  // Absent for "(null)".
  std::optional<std::string_view> cpuset;
  std::optional<std::string_view> mems_allowed;
  std::optional<std::string_view> oom_memcg;
  std::optional<std::string_view> task_memcg;
  std::optional<std::string_view> task;
  std::optional<std::int64_t> pid;
  std::optional<std::int64_t> uid;
  bool global_oom = false;
  bool ended = false;  // uid, its last field, is there.
};
std::optional<OomKillLine> read_oom_kill(std::string_view text, LineNotes& notes);

// "Out of memory: Kill process 3882 (python) score 623 or sacrifice child", and "kill
// process ... or a child", "... and children", "... sharing same memory".
struct ChoiceLine {
  std::string_view prefix;  // "Out of memory"; empty if the line has none.
  std::optional<std::int64_t> pid;
  std::optional<std::string_view> comm;
  std::optional<std::int64_t> score;
  bool and_children = false;  // 2.6.18: every one of them is named as killed.
  bool ended = false;
};
std::optional<ChoiceLine> read_choice(std::string_view text, LineNotes& notes);

// "Killed process 1586608 (xray) total-vm:737128kB, anon-rss:26372kB, ..." with a prefix
// or without one.
struct KilledLine {
  std::string_view prefix;
  std::optional<std::int64_t> pid;
  std::optional<std::string_view> comm;
  std::optional<std::int64_t> uid;
  std::optional<KiB> total_vm;
  std::optional<KiB> anon_rss;
  std::optional<KiB> file_rss;
  std::optional<KiB> shmem_rss;
  std::optional<KiB> pgtables;
  std::optional<int> oom_score_adj;
  int fields = 0;
  bool ended = false;  // Nothing can follow: oom_score_adj, its last field, is there.
};
std::optional<KilledLine> read_killed(std::string_view text, LineNotes& notes);

// "oom_reaper: reaped process 123 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
// "oom_reaper: unable to reap pid:123 (java)".
struct ReaperLine {
  std::optional<std::int64_t> pid;
  std::optional<std::string_view> comm;
  bool reaped = true;
  std::optional<KiB> anon_rss;
  std::optional<KiB> file_rss;
  std::optional<KiB> shmem_rss;
};
std::optional<ReaperLine> read_reaper(std::string_view text, LineNotes& notes);

// "Out of memory: OOM victim 123 (java) is already exiting. Skip killing the task"
struct ExitingLine {
  std::string_view prefix;
  std::optional<std::int64_t> pid;
  std::optional<std::string_view> comm;
};
std::optional<ExitingLine> read_exiting(std::string_view text, LineNotes& notes);

// "Tasks in /a/b are going to be killed due to memory.oom.group set": the path.
std::optional<std::string_view> read_group(std::string_view text);

// "Kernel panic - not syncing: Out of memory: ...": what follows "not syncing: ".
std::optional<std::string_view> read_panic(std::string_view text);

// What a message is about, from its first words: "Memory cgroup out of memory".
std::string_view message_prefix(std::string_view before_kill);

}  // namespace oomkit
