// Words that heads of log lines are made of: priorities, facilities, idents, callers.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "klog/record.h"

namespace oomkit {

// "warn", "warning", "err", "error", ... (any case) as a syslog level.
std::optional<int> level_of_word(std::string_view word);

// "kern  :warn  : " of dmesg -x. Each take_* takes all that it names or nothing.
bool take_decoded_priority(std::string_view& rest, LogRecord& record);
// "kern.warn " of busybox and OpenWrt.
bool take_dotted_priority(std::string_view& rest, LogRecord& record);
// "<4>", "<30>", and the "<c>" with which kernels up to 3.4 marked a continuation.
bool take_angle_priority(std::string_view& rest, LogRecord& record);
// "[ T1234]", "[    C0]" of PRINTK_CALLER and the blank behind it.
bool take_caller(std::string_view& rest, LogRecord& record);

// "kernel:" or "earlyoom[454]:" with nothing before it: known words only, for a thread's
// name can be anything ("kubelet: page allocation failure").
bool take_known_ident(std::string_view& rest, LogRecord& record);

// "host kernel: ", "host sshd[12]: ", "host kern.warn kernel: ", "kernel: " behind a time.
// `host_length` and `ident_length` say where the words stood if it was the plain two words.
struct SourceWords {
  bool plain = false;
  std::size_t length = 0;  // Of "host kernel:".
  std::size_t host_length = 0;
  std::size_t ident_length = 0;
};
bool take_source(std::string_view& rest, LogRecord& record, SourceWords& words);

}  // namespace oomkit
