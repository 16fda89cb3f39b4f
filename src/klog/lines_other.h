// Lines that people take for an OOM kill and that are none, and lines about the log itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "klog/line_kind.h"
#include "klog/line_text.h"
#include "model/oom_report.h"

namespace oomkit {

// The event that a line of kind page_failure, slub_failure, vmalloc_failure or overcommit
// tells of, with its comm, order and mask; the sentence is not filled.
std::optional<OtherEvent> read_other_event(LineKind kind, std::string_view text);

// "INFO: task java:123 blocked for more than 120 seconds.": the comm.
std::string_view read_hung_task(std::string_view text);

// What the event is, and that nobody was killed for it. `count` like lines in a row.
std::string describe_other(const OtherEvent& event, std::uint64_t count);

// "oom_kill_process: 70 callbacks suppressed" and its older forms: how many.
std::uint64_t read_suppressed(std::string_view text);

// "** 12 printk messages dropped **", "imuxsock lost 7 messages ...": how many; at least
// one, for the line itself says so.
std::uint64_t read_lines_lost(std::string_view text);

}  // namespace oomkit
