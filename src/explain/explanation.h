// What a report means: the verdict, where every byte was, why this victim, what to do.
//
// A value; nothing here prints. render/ shows it in four formats.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "explain/finding.h"
#include "explain/process_use.h"
#include "kernel/badness.h"
#include "kernel/cgroup_identity.h"
#include "kernel/watermark.h"
#include "model/oom_report.h"

namespace oomkit {

// Where every byte was: parts of a whole that add up, the rest named.
struct LedgerRow {
  // Both of static duration.
  std::string_view key;    // "sock", "anon", "slab_unreclaimable": the kernel's word.
  std::string_view label;  // "socket buffers"
  Bytes amount;
  bool in_no_process = false;  // Counted in no process's rss: the task table does not show it.
  std::string note;            // "tmpfs and shared memory; part of file cache"
};

struct Ledger {
  enum class Whole { memcg_usage, host_ram };
  Whole whole = Whole::memcg_usage;
  Bytes total;                 // Usage of the memcg, or RAM the page allocator has.
  std::optional<Bytes> limit;  // The memcg's limit.
  std::vector<LedgerRow> rows;
  Bytes unaccounted;  // total - sum(rows); negative when the kernel's numbers add up to more.
  bool approximate =
      false;  // Kernel memory is summed from parts because this kernel prints no `kernel`.
};

// Processes of one name, together.
struct NameSum {
  std::string comm;
  std::size_t count = 0;
  Bytes rss;
  Bytes swap;
};

struct Explanation {
  OomReport report;
  std::vector<ProcessUse> processes;  // The rows of its table that tell a size.
  std::string verdict;  // One paragraph of plain sentences; the first line of every output.
  std::string
      headline;  // "xray (pid 1586608) killed: container limit of 200.0 MiB, socket buffers"
  std::optional<Ledger> ledger;
  std::optional<Ranking> ranking;
  std::optional<std::size_t> predicted;  // Index into report.at.tasks.
  std::optional<bool> predicted_agrees;
  std::vector<NameSum> by_name;  // Largest first; only when it says more than the tasks do.
  std::optional<CgroupIdentity> limit_owner;
  std::optional<CgroupIdentity> victim_owner;
  std::optional<std::string> pod_name;  // "namespace/name" from /var/log/pods, when there.
  std::vector<ZoneTest> zones;
  std::vector<Finding> findings;  // Most severe first.
  std::string who_asked;          // "xray, for one page of user memory (order 0)"
  // The task of the table that the asking thread belongs to, where the log supports it.
  std::optional<std::size_t> trigger_task;
  bool trigger_in_victim = false;  // ... and it is the one that died.
};

struct ExplainOptions {
  // Lines of "namespace_name_uid" as /var/log/pods has them: the caller reads the folder.
  std::vector<std::string> pod_directories;
  // For --summary: no ranking, no verdict, no who_asked, and of the findings only those that
  // a line's note is made of. Less than half the work.
  bool brief = false;
};

Explanation explain(OomReport report, const ExplainOptions& options);

}  // namespace oomkit
