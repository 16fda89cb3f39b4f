// What must hold of any report, however its log was damaged: a damaged log may say less,
// never something else.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "klog/assembly_reading.h"
#include "klog/writer.h"
#include "tests/support/frame_lines.h"
#include "tests/support/random_report.h"

namespace oomkit {
namespace {

using test::contradiction;
using test::read_lines;
using test::Reading;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + '\n';
  return text;
}

struct Sample {
  std::string log;
  OomReport report;
};

// A report of that kernel in dmesg's frame, and how it reads when nothing is wrong.
Sample sample(std::uint64_t seed, const KernelVersion& version,
              test::FrameStyle style = test::FrameStyle::dmesg) {
  Random random(seed);
  const OomReport report =
      test::random_report(random, version, {.tasks_max = 8, .nasty_names = false});
  Sample made;
  made.log = test::frame_lines(write_report(report, version), style);
  const Reading reading = read_lines(made.log);
  if (reading.reports.size() == 1) made.report = reading.reports[0];
  return made;
}

class OfEachKernel : public testing::TestWithParam<KernelVersion> {};

TEST_P(OfEachKernel, NoPrefixOfALogReadsWrong) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Sample whole = sample(seed, GetParam());
    // Each byte would be too slow for all kernels: each line, and each byte of the last.
    for (std::size_t length = 0; length <= whole.log.size(); length += 1 + length % 7) {
      const std::string prefix = whole.log.substr(0, length);
      const Reading reading = read_lines(prefix);
      ASSERT_LE(reading.reports.size(), 1U) << prefix;
      for (const OomReport& part : reading.reports) {
        ASSERT_EQ(contradiction(part, whole.report), "")
            << "seed " << seed << ", the first " << length << " bytes:\n"
            << prefix;
      }
    }
  }
}

TEST_P(OfEachKernel, NoEndOfALogReadsWrong) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Sample whole = sample(seed, GetParam());
    std::vector<std::string> lines = split(whole.log);
    while (!lines.empty()) {
      const std::string end = joined(lines);
      const Reading reading = read_lines(end);
      ASSERT_LE(reading.reports.size(), 1U) << end;
      for (const OomReport& part : reading.reports)
        ASSERT_EQ(contradiction(part, whole.report), "") << "seed " << seed << ":\n" << end;
      lines.erase(lines.begin());
    }
  }
}

TEST_P(OfEachKernel, ALineThatIsLostCostsOnlyWhatItSaid) {
  const Sample whole = sample(11, GetParam());
  const std::vector<std::string> lines = split(whole.log);
  for (std::size_t lost = 0; lost < lines.size(); ++lost) {
    std::vector<std::string> rest = lines;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(lost));
    const Reading reading = read_lines(joined(rest));
    ASSERT_LE(reading.reports.size(), 2U) << "without: " << lines[lost];
    for (const OomReport& part : reading.reports) {
      ASSERT_EQ(contradiction(part, whole.report), "") << "without: " << lines[lost] << "\n"
                                                       << joined(rest);
    }
  }
}

TEST_P(OfEachKernel, StrangersBetweenTheLinesChangeNothing) {
  constexpr std::string_view kStrangers[] = {
      "docker0: port 2(veth380a1cd) entered blocking state",
      "IPv6: ADDRCONF(NETDEV_CHANGE): vethcd0dbfb: link becomes ready",
      "EXT4-fs (sda1): mounted filesystem with ordered data mode",
      "audit: type=1400 audit(1617523733.123:45): apparmor=\"DENIED\" operation=\"open\"",
      "[UFW BLOCK] IN=eth0 OUT= MAC=00:11 SRC=10.0.0.1 DST=10.0.0.2 LEN=40 PROTO=TCP",
      "usb 1-1: new high-speed USB device number 4 using xhci_hcd",
      "TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.",
  };
  for (std::uint64_t seed = 21; seed <= 24; ++seed) {
    const Sample whole = sample(seed, GetParam());
    Random random(seed);
    std::vector<std::string> mixed;
    for (const std::string& line : split(whole.log)) {
      mixed.push_back(line);
      while (random.chance(20)) {
        const auto which = static_cast<std::size_t>(random.between(0, 6));
        mixed.push_back(line.substr(0, line.find("] ") + 2) + std::string(kStrangers[which]));
      }
    }
    const Reading reading = read_lines(joined(mixed));
    ASSERT_EQ(reading.reports.size(), 1U) << joined(mixed);
    ASSERT_EQ(contradiction(whole.report, reading.reports[0]), "") << joined(mixed);
    ASSERT_EQ(contradiction(reading.reports[0], whole.report), "") << joined(mixed);
  }
}

// Broken at blanks as mailers do, the rest of a line on lines of its own.
std::string wrapped_at_blanks(std::string_view log, std::size_t width) {
  std::string text;
  for (std::string line : split(log)) {
    while (line.size() > width) {
      std::size_t blank = line.rfind(' ', width);
      // A word longer than the width stands on a line of its own.
      if (blank == std::string::npos || blank < 16) blank = line.find(' ', width);
      if (blank == std::string::npos) break;
      text += line.substr(0, blank) + '\n';
      line.erase(0, blank + 1);
    }
    text += line + '\n';
  }
  return text;
}

// The ways in which lines get broken between the kernel and us.
enum class Wrap {
  at_blanks,           // A mailer.
  at_column,           // A terminal; `fold -w`.
  at_column_stripped,  // Copied from a terminal that drops blanks at the ends of lines.
  at_column_indented,  // Pasted into something that indents what goes on.
  at_column_crlf,      // minicom, IPMI's serial over LAN.
  after_blanks,        // `fold -s`.
  quoted_printable,    // A mail as it was sent.
};
constexpr Wrap kWraps[] = {Wrap::at_blanks,          Wrap::at_column,      Wrap::at_column_stripped,
                           Wrap::at_column_indented, Wrap::at_column_crlf, Wrap::after_blanks,
                           Wrap::quoted_printable};

std::string stripped(std::string line) {
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

std::string quoted_printable(std::string_view log, std::size_t width) {
  std::string text;
  for (const std::string& line : split(log)) {
    std::size_t column = 0;
    for (const char c : line) {
      const std::string_view written = c == '=' ? std::string_view("=3D") : std::string_view(&c, 1);
      if (column + written.size() >= width) {
        text += "=\n";
        column = 0;
      }
      text += written;
      column += written.size();
    }
    text += '\n';
  }
  return text;
}

std::string wrapped(std::string_view log, std::size_t width, Wrap way) {
  if (way == Wrap::at_blanks) return wrapped_at_blanks(log, width);
  // No mail is wider than 76 columns.
  if (way == Wrap::quoted_printable) return quoted_printable(log, std::min<std::size_t>(width, 76));
  const std::string_view end = way == Wrap::at_column_crlf ? "\r\n" : "\n";
  std::string text;
  for (std::string line : split(log)) {
    std::string indent;
    while (indent.size() + line.size() > width) {
      std::size_t cut = width - indent.size();
      if (way == Wrap::after_blanks) {
        const std::size_t blank = line.rfind(' ', cut - 1);
        if (blank != std::string::npos) cut = blank + 1;
      }
      const std::string piece = indent + line.substr(0, cut);
      text.append(way == Wrap::at_column_stripped ? stripped(piece) : piece).append(end);
      line.erase(0, cut);
      if (way == Wrap::at_column_indented) indent = "    ";
    }
    text.append(indent + line).append(end);
  }
  return text;
}

TEST_P(OfEachKernel, AWrappedLogNeverReadsWrong) {
  for (std::size_t width = 60; width <= 132; ++width) {
    const Sample whole = sample(width, GetParam());
    for (const Wrap way : kWraps) {
      // All ways at all widths would be too slow for all kernels.
      const bool often = way == Wrap::at_blanks || way == Wrap::at_column;
      if (!often && (width + static_cast<std::size_t>(way)) % 4 != 0) continue;
      const std::string log = wrapped(whole.log, width, way);
      const Reading reading = read_lines(log);
      ASSERT_LE(reading.reports.size(), 1U) << width << ":\n" << log;
      for (const OomReport& part : reading.reports) {
        EXPECT_EQ(contradiction(part, whole.report), "")
            << "way " << static_cast<int>(way) << " at " << width << ":\n"
            << log;
      }
    }
  }
}

TEST_P(OfEachKernel, ATerminalsBreaksAreUndone) {
  for (const std::size_t width : {72U, 80U, 100U}) {
    const Sample whole = sample(width + 1, GetParam());
    for (const Wrap way : kWraps) {
      if (way == Wrap::at_blanks) continue;
      const std::string log = wrapped(whole.log, width, way);
      const Reading reading = read_lines(log);
      ASSERT_EQ(reading.reports.size(), 1U) << log;
      EXPECT_EQ(contradiction(whole.report, reading.reports[0]), "")
          << "way " << static_cast<int>(way) << " at " << width << ":\n"
          << log;
      EXPECT_GT(reading.damage.of(Damage::wrapped_rejoined), 2U) << log;
    }
  }
}

TEST_P(OfEachKernel, ReportsOfTwoCallersInterleavedAreToldApart) {
  const Sample first = sample(31, GetParam(), test::FrameStyle::dmesg_caller);
  const Sample second = sample(32, GetParam(), test::FrameStyle::dmesg_caller);
  std::vector<std::string> one = split(first.log);
  std::vector<std::string> two = split(second.log);
  for (std::string& line : two) {
    const std::size_t caller = line.find("][");
    const std::size_t end = line.find("] ", caller);
    if (end != std::string::npos) line.replace(caller, end - caller, "][T98765");
  }
  Random random(5);
  std::string mixed;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < one.size() || j < two.size()) {
    const bool from_first = j == two.size() || (i < one.size() && random.chance(50));
    mixed += (from_first ? one[i++] : two[j++]) + '\n';
  }
  const Reading reading = read_lines(mixed);
  ASSERT_EQ(reading.reports.size(), 2U) << mixed;
  const bool in_order = contradiction(reading.reports[0], first.report).empty();
  const OomReport& a = in_order ? first.report : second.report;
  const OomReport& b = in_order ? second.report : first.report;
  EXPECT_EQ(contradiction(reading.reports[0], a), "") << mixed;
  EXPECT_EQ(contradiction(reading.reports[1], b), "") << mixed;
  EXPECT_EQ(contradiction(a, reading.reports[0]), "") << mixed;
  EXPECT_EQ(contradiction(b, reading.reports[1]), "") << mixed;
}

std::string name_of_version(const testing::TestParamInfo<KernelVersion>& info) {
  std::string name = "Linux_" + to_string(info.param);
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(Kernels, OfEachKernel, testing::ValuesIn(test::kernel_versions_to_try()),
                         name_of_version);

}  // namespace
}  // namespace oomkit
