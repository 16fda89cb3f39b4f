// Any bytes as one line of kernel text: told what it is, read by every line reader, whether
// it is of that kind or not. No crash, no overflow, nothing read past the end.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "klog/line_kind.h"
#include "klog/line_text.h"
#include "klog/lines_daemons.h"
#include "klog/lines_head.h"
#include "klog/lines_memcg.h"
#include "klog/lines_memory.h"
#include "klog/lines_other.h"
#include "klog/lines_tasks.h"
#include "klog/lines_verdict.h"
#include "model/kernel_version.h"

namespace {

using namespace oomkit;  // NOLINT(google-build-using-namespace): every reader of the room.

void read_head(std::string_view text, LineNotes& notes) {
  (void)read_trigger(text, notes);
  (void)read_cpuset_line(text);
  (void)read_cpu_line(text);
  (void)read_frame(text);
  std::size_t at = 0;
  (void)take_gfp(text, at);
}

void read_memory(std::string_view text, LineNotes& notes) {
  HostMemory memory;
  read_counters(text, 1, memory, notes);
  read_node(text, 1, memory, notes);
  read_zone(text, 1, memory, notes);
  read_free_list(text, 1, memory, notes);
  read_hugepages(text, 1, memory, notes);
  read_page_total(text, 1, memory, notes);
  read_swap_total(text, 1, memory, notes);
  read_slab_row(text, 1, memory, notes);
  Zone zone;
  read_lowmem_reserve(text, zone, notes);
}

void read_memcg(std::string_view text, LineNotes& notes) {
  (void)read_task_in(text);
  (void)read_memcg_counter(text, notes);
  (void)read_stat_begin(text);
  (void)read_protection(text, notes);
  MemcgStat stat;
  read_stat_amounts(text, stat, notes);
  read_stat_pair(text, stat, notes);
}

// The line as a header, and as a row below it and below a header that is guessed.
void read_tasks(std::string_view text, LineNotes& notes) {
  Task task;
  if (const auto columns = read_task_header(text)) read_task_row(text, *columns, task, notes);
  read_task_row(text, infer_task_columns(text, std::nullopt), task, notes);
  read_task_row(text, infer_task_columns(text, KernelVersion{6, 12, 0}), task, notes);
}

void read_verdict(std::string_view text, LineNotes& notes) {
  (void)read_oom_kill(text, notes);
  (void)read_choice(text, notes);
  (void)read_killed(text, notes);
  (void)read_reaper(text, notes);
  (void)read_exiting(text, notes);
  (void)read_group(text);
  (void)read_panic(text);
  (void)message_prefix(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  LineNotes notes;
  const LineKind kind = classify(text);
  read_head(text, notes);
  read_memory(text, notes);
  read_memcg(text, notes);
  read_tasks(text, notes);
  read_verdict(text, notes);
  (void)read_other_event(kind, text);
  (void)read_hung_task(text);
  (void)read_suppressed(text);
  (void)read_lines_lost(text);
  (void)read_daemon_line(text);
  (void)read_daemon_line(text, "systemd-oomd");
  return 0;
}
