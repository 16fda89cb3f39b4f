// What oom-guest says over the second serial port: lines to values.
//
// One message a line: a word, a blank, a JSON object (protocol version 1).
//
//   hello    it runs: the kernel's release, what the machine looks like from inside
//   begin    the scenario starts: time 0
//   event, process, cgroup, host     members of the run record, as oomkit.run/1 has them
//   decision what a guard recorded
//   kmsg     one record of /dev/kmsg
//   capture  the text of a /proc or cgroup file
//   progress what a person may want to see meanwhile
//   fail     the scenario cannot be set up on this kernel
//   end      it is over
//
// A guest dies in the middle of words when its kernel panics, and other programs may come
// to write on the same port: whatever is no such line is counted and passed over. Memory is
// bounded whatever comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/run_record.h"

namespace oomkit {

struct GuestHello {
  std::int64_t protocol = 0;
  std::string release;
  std::optional<std::int64_t> boot_ms;  // From the kernel's start to the guest's first line.
  std::optional<std::int64_t> page_size;
};

struct GuestCapture {
  std::string label;
  std::string path;  // "proc/zoneinfo"
  std::string text;
};

struct GuestDecision {
  std::int64_t t_ms = 0;
  std::string record;  // An object of oomkit.decision/1.
};

struct GuestProgress {
  struct Process {
    std::string comm;
    std::int64_t instance = 1;
    Bytes rss;
  };
  std::int64_t t_ms = 0;
  std::vector<Process> processes;
  std::int64_t oom_kills = 0;
};

struct GuestFailure {
  std::string sentence;
  std::string remedy;  // May be empty.
};

struct GuestEnd {
  std::string ended;  // "condition", "time".
  std::int64_t duration_ms = 0;
};

struct Transcript {
  std::optional<GuestHello> hello;
  std::optional<std::int64_t> begin_us;  // Of the guest's uptime.
  RunRecord parts;                       // Its events, processes, cgroups and host.
  bool has_host = false;
  std::string kmsg;  // Records as /dev/kmsg gives them, each ended by a newline.
  std::vector<GuestCapture> captures;
  std::vector<GuestDecision> decisions;
  std::optional<GuestProgress> progress;  // The last.
  std::optional<GuestFailure> failure;
  std::optional<GuestEnd> end;

  std::uint64_t malformed = 0;  // Lines that are no message.
  std::string first_malformed;  // Its beginning.
  std::uint64_t dropped = 0;    // Messages beyond what is kept.
};

class GuestProtocol {
 public:
  static constexpr std::size_t kLineMax = std::size_t{4} << 20;
  static constexpr std::size_t kItemsMax = 100'000;  // Events, and each kind of other parts.
  static constexpr std::size_t kTextMax = std::size_t{64} << 20;  // kmsg, and the rest.

  void feed(std::string_view bytes);
  void finish();  // What stands after the last newline was cut off: counted.

  const Transcript& transcript() const { return transcript_; }
  Transcript take() { return std::move(transcript_); }

 private:
  void take_line(std::string_view line);
  bool take_message(std::string_view type, std::string_view json);
  template <class Item>
  void keep_text(std::vector<Item>& items, Item item, std::size_t bytes);
  void refuse(std::string_view line);

  Transcript transcript_;
  std::string line_;
  bool overlong_ = false;
  std::size_t text_bytes_ = 0;  // Of captures and decisions.
};

// Text of the guest's: code points up to U+00FF stand for bytes, as a process name or a
// kernel line need not be UTF-8.
std::string bytes_of_text(std::string_view utf8);

}  // namespace oomkit
