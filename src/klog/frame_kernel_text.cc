#include "klog/frame_kernel_text.h"

#include <cstddef>

#include "core/text.h"
#include "klog/frame_blanks.h"

namespace oomkit {
namespace {

constexpr std::string_view kBeginnings[] = {
    "Mem-Info:",
    "Mem-info:",
    "Node ",
    "DMA",
    "Normal",
    "HighMem",
    "Movable",
    "CPU: ",
    "Pid: ",
    "Hardware name:",
    "Call Trace:",
    "Call trace:",
    "Workqueue: ",
    "Tasks state",
    "Tasks in /",
    "Task in /",
    "oom-kill:",
    "oom_reaper:",
    "oom_kill_process:",
    "Out of memory",
    "Out of Memory",
    "Memory cgroup",
    "Memory limit reached",
    "Killed process",
    "Kernel panic",
    "memory: usage",
    "memory+swap: usage",
    "swap: usage",
    "kmem: usage",
    "active_anon:",
    "active_file:",
    "inactive_anon:",
    "inactive_file:",
    "Active:",
    "unevictable:",
    "slab_reclaimable:",
    "slab_unreclaimable:",
    "mapped:",
    "free:",
    "lowmem_reserve",
    "protections",
    "Free swap",
    "Total swap",
    "Swap cache",
    "Unreclaimable slab",
    "Memory allocations",
    "SysRq",
    "sysrq:",
    "** ",
    "anon ",
    "file ",
};

constexpr std::string_view kAnywhere[] = {
    " invoked oom-killer",
    " page allocation failure",
    " total pagecache pages",
    " pages in swap cache",
    " pages RAM",
    " pages reserved",
    " pages HighMem",
    " callbacks suppressed",
    " cpuset=",
    " hugepages_total=",
};

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at]))
    ++at;
  return at;
}

}  // namespace

bool looks_like_task_row(std::string_view text) {
  std::size_t at = after_blanks(text, 0);
  if (at >= text.size() || text[at] != '[') return false;
  at = after_blanks(text, at + 1);
  if (text.substr(at, 3) == "pid") return text.find("tgid", at) != std::string_view::npos;
  const std::size_t pid_end = skip_digits(text, at);
  if (pid_end == at || pid_end >= text.size() || text[pid_end] != ']') return false;
  at = pid_end + 1;
  // uid, tgid, total_vm and rss: the four that every kernel's table has.
  for (int number = 0; number < 4; ++number) {
    const std::size_t begin = after_blanks(text, at);
    at = skip_digits(text, begin);
    if (begin == at) return false;
  }
  return true;
}

bool begins_like_kernel_text(std::string_view text) {
  text.remove_prefix(after_blanks(text, 0));
  if (text.empty()) return false;
  if (text[0] == '[') return text.substr(0, 3) == "[<f" || looks_like_task_row(text);
  for (const std::string_view beginning : kBeginnings) {
    if (text[0] == beginning[0] && text.substr(0, beginning.size()) == beginning) return true;
  }
  return false;
}

bool looks_like_kernel_text(std::string_view text) {
  constexpr std::size_t kLookAt = 256;  // A comm before " invoked oom-killer" is 15 bytes.
  if (begins_like_kernel_text(text)) return true;
  text = text.substr(0, kLookAt);
  for (const std::string_view word : kAnywhere) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace oomkit
