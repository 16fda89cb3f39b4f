// A process's files as values: /proc/PID/status, stat, statm, cgroup.
//
// Everything in them may be chosen by the process itself as far as its name goes, so a name
// with newlines, brackets or any bytes must not be taken for other fields: `status` escapes
// them, `stat` ends the name at its last bracket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "core/units.h"

namespace oomkit {

// What /proc/PID/status says, amounts in kB as printed.
struct StatusText {
  std::string name;
  std::optional<char> state;
  std::optional<std::int64_t> tgid, parent, uid, threads;
  std::optional<KiB> vm_size, rss, rss_anon, rss_file, rss_shmem, swap, locked, hugetlb;
  std::optional<KiB> pte, pmd;        // VmPMD stood beside VmPTE from 4.0 to 4.14.
  std::optional<bool> kernel_thread;  // "Kthread:", 6.8.
  std::string mems_allowed;           // "0-1"; "" if it is not told.
};
// Nothing if it does not begin as a status does.
std::optional<StatusText> parse_status(std::string_view text);

struct StatText {
  std::int64_t pid = 0;
  std::string name;
  char state = '?';
  std::int64_t parent = 0;
  bool exiting = false;        // PF_EXITING
  bool kernel_thread = false;  // PF_KTHREAD
  HostTime start{};            // Since boot, in hundredths of a second.
};
std::optional<StatText> parse_stat(std::string_view text);

struct StatmText {
  Pages size, resident, shared;
};
std::optional<StatmText> parse_statm(std::string_view text);

// /proc/PID/smaps_rollup (4.14): what is shared divided among those who share it.
struct SmapsText {
  std::optional<KiB> rss, pss, swap_pss;
  std::optional<KiB> uss;  // Private pages, clean and dirty.
};
std::optional<SmapsText> parse_smaps_rollup(std::string_view text);

// The path of a process in a cgroup hierarchy: of `controller` in v1, of v2 for "".
std::optional<std::string> parse_cgroup_path(std::string_view text, std::string_view controller);

}  // namespace oomkit
