// A report's text in the frames that logs stand in.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace oomkit::test {

enum class FrameStyle {
  bare,               // text
  dmesg,              // [  123.456789] text
  dmesg_caller,       // [  123.456789][  T123] text
  dmesg_ctime,        // [Tue Mar 12 09:42:51 2024] text
  dmesg_iso,          // 2024-03-12T09:42:51,572035+00:00 text
  dmesg_decoded,      // kern  :info  : [  123.456789] text
  kmsg,               // 6,1234,123456789,-;text
  rfc3164,            // Mar 12 09:42:51 host kernel: [  123.456789] text
  rfc5424,            // <6>1 2024-03-12T09:42:51.572035+00:00 host kernel - - - text
  journal_short,      // Mar 12 09:42:51 host kernel: text
  journal_short_iso,  // 2024-03-12T09:42:51+0000 host kernel: text
  journal_json,       // {"MESSAGE":"text","_HOSTNAME":"host",...}
  container_json,     // {"log":"[  123.456789] text\n","stream":"stdout","time":"..."}
  container_cri,      // 2024-03-12T09:42:51.572035123Z stdout F [  123.456789] text
  serial_console,     // [  123.456789] text\r
  mail_quote,         // > [  123.456789] text
};

inline constexpr std::array<FrameStyle, 16> kFrameStyles = {FrameStyle::bare,
                                                            FrameStyle::dmesg,
                                                            FrameStyle::dmesg_caller,
                                                            FrameStyle::dmesg_ctime,
                                                            FrameStyle::dmesg_iso,
                                                            FrameStyle::dmesg_decoded,
                                                            FrameStyle::kmsg,
                                                            FrameStyle::rfc3164,
                                                            FrameStyle::rfc5424,
                                                            FrameStyle::journal_short,
                                                            FrameStyle::journal_short_iso,
                                                            FrameStyle::journal_json,
                                                            FrameStyle::container_json,
                                                            FrameStyle::container_cri,
                                                            FrameStyle::serial_console,
                                                            FrameStyle::mail_quote};

std::string_view name_of(FrameStyle style);

// When the first line was printed, by the calendar and since boot; each line comes a little
// later than the one before.
struct FrameTime {
  std::chrono::sys_time<std::chrono::microseconds> wall{std::chrono::seconds{1710236571}};
  std::chrono::microseconds uptime{86412572035};
  std::chrono::microseconds step{7};
  std::string host = "host";
};

// Every line of `text` in its frame. The time that is reached is kept in `time`.
std::string frame_lines(std::string_view text, FrameStyle style, FrameTime& time);
std::string frame_lines(std::string_view text, FrameStyle style);

}  // namespace oomkit::test
