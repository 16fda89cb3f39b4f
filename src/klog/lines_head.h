// The head of a report: who asked for memory, on which kernel, and from where.
//
// Readers of one logical line each, without state. Tolerant by causes, not by kernels: a
// trigger line is a list of key=value whose commas a web page may have eaten, whose keys
// may be misspelt, and whose comm may hold anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "klog/line_text.h"

namespace oomkit {

struct TriggerLine {
  std::string_view comm;
  std::optional<std::uint64_t> gfp_mask;
  std::optional<std::string_view> gfp_text;
  std::optional<std::string_view> nodemask;  // Absent for "(null)".
  std::optional<int> order;
  std::optional<int> oom_score_adj;
  std::optional<int> oom_adj;
  int fields = 0;      // How many of the fields are there.
  bool ended = false;  // Its last field is there.
};

// "java invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=0, oom_score_adj=0"
std::optional<TriggerLine> read_trigger(std::string_view text, LineNotes& notes);

// What follows a mask in brackets: "0x24200ca(GFP_HIGHUSER_MOVABLE)". `at` stands on the
// mask's 0x and is moved behind what was read.
struct GfpMask {
  std::optional<std::uint64_t> mask;
  std::optional<std::string_view> text;
};
GfpMask take_gfp(std::string_view text, std::size_t& at);

// "java cpuset=/ mems_allowed=0-1"
struct CpusetLine {
  std::string_view comm;
  std::string_view cpuset;
  std::string_view mems_allowed;
};
std::optional<CpusetLine> read_cpuset_line(std::string_view text);

// "CPU: 1 UID: 0 PID: 5075 Comm: hog Not tainted 6.18.44 #1", "Pid: 4903, comm: java ..."
struct CpuLine {
  std::optional<int> cpu;
  std::optional<std::int64_t> pid;
  std::optional<std::int64_t> uid;
  std::string_view comm;     // Empty if the line breaks off in it.
  std::string_view taint;    // "Not tainted", "Tainted: G OE"; empty if it is not there.
  std::string_view release;  // Empty unless the build number behind it proves it whole.
};
std::optional<CpuLine> read_cpu_line(std::string_view text);

// A function of the stack; not `reliable` if the unwinder has put a "? " before it.
struct Frame {
  std::string_view function;
  bool reliable = true;
};
std::optional<Frame> read_frame(std::string_view text);

}  // namespace oomkit
