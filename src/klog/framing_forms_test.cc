// One log, every frame: what the kernel said and when must come out the same, whoever
// wrote it down.
#include <array>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/json_writer.h"
#include "klog/framing_testing.h"

namespace oomkit {
namespace {

// Lines that a careless framer takes for frames, or breaks.
const std::vector<std::string>& kernel_lines() {
  static const std::vector<std::string> lines = {
      "tmux: server invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE), order=0",
      "in:imjournal invoked oom-killer: gfp_mask=0x6200ca(GFP_HIGHUSER_MOVABLE), order=0",
      "runc:[2:INIT] invoked oom-killer: gfp_mask=0x500cc2(GFP_HIGHUSER|__GFP_ACCOUNT), order=0",
      "kworker/u8:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0",
      "(sd-pam) invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0",
      "Web Content: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)",
      "kubelet: page allocation failure: order:1, mode:0x20",
      "Node 0 DMA: 1*4kB (U) 0*8kB 3*4096kB (M) = 13312kB",
      "DMA free:13312kB min:64kB low:80kB high:96kB",
      "CPU: 0 PID: 1 Comm: systemd Not tainted 6.1.0 #1",
      "Call Trace:",
      " <TASK>",
      " dump_stack_lvl+0x34/0x48",
      " [<ffffffff817232f0>] dump_stack+0x64/0x82",
      "[c0000001cb163640] [c000000001035754] dump_stack+0xe8/0x164 (unreliable)",
      "Mem-Info:",
      "active_anon:101 inactive_anon:127 isolated_anon:29",
      " active_file:1200 inactive_file:1204 isolated_file:98",
      "lowmem_reserve[]: 0 0 0 0",
      "Free swap  = 93424kB",
      "262144 pages RAM",
      "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
      "[  1234]     0  1234     4594      771    81920        0          -998 my app",
      "[   77]  1000    77  1577128   259389 10326016  1019452             0 [kthreadd]",
      "[  78]     0    78        1        1        8        0             0 12:30:59",
      "oom-kill:constraint=X,oom_memcg=/a,task_memcg=/a/by\\x2duuid,task=a: b,pid=7,uid=0",
      "Memory cgroup out of memory: Killed process 7 (a: b [c] #1) total-vm:1kB, anon-rss:2kB",
      "oom_reaper: reaped process 7 (x | y), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
      "anon 12345678",
      "",
  };
  return lines;
}

std::string two_digits(int number) {
  return std::string(number < 10 ? "0" : "") + std::to_string(number);
}

// Each frame's line number `n` is written at second n of one minute and of the uptime.
struct Frame {
  const char* name;
  std::function<std::string(const std::string& text, int n)> wrap;
  const char* host = "";
  const char* ident = "";
  bool has_uptime = false;
  bool has_stamp = false;
  bool framed = true;
};

std::string uptime_at(int n) {
  return "[ 4321." + two_digits(n) + "0001] ";
}
std::string syslog_at(int n) {
  return "Nov 21 12:22:" + two_digits(n);
}
std::string iso_at(int n) {
  return "2026-11-21T12:22:" + two_digits(n);
}
std::string json_string(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}
std::string byte_array(const std::string& text) {
  std::string out = "[";
  for (const char c : text)
    out += (out.size() > 1 ? "," : "") + std::to_string(static_cast<unsigned char>(c));
  return out + "]";
}
// As the kernel shows a record to readers of /dev/kmsg.
std::string kmsg_text(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '\\' ? std::string("\\x5c") : std::string(1, c);
  return out;
}
std::string entities(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}
std::string length_bytes(std::size_t length) {
  std::string out;
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(static_cast<unsigned char>(length >> (8 * i)));
  return out;
}

using Text = const std::string&;

std::vector<Frame> kernel_frames() {
  return {
      {"bare", [](Text t, int) { return t; }, "", "", false, false, false},
      {"dmesg", [](Text t, int n) { return uptime_at(n) + t; }, "", "", true},
      {"dmesg with CR", [](Text t, int n) { return uptime_at(n) + t + "\r"; }, "", "", true},
      {"dmesg in colour",
       [](Text t, int n) {
         return "\x1b[32m" + uptime_at(n) + "\x1b[0m\x1b[1;31m" + t + "\x1b[0m";
       },
       "", "", true},
      {"dmesg with caller",
       [](Text t, int n) { return "[ 4321." + two_digits(n) + "0001][  T248] " + t; }, "", "",
       true},
      {"dmesg with caller apart", [](Text t, int n) { return uptime_at(n) + "[    C0] " + t; }, "",
       "", true},
      {"dmesg -x", [](Text t, int n) { return "kern  :warn  : " + uptime_at(n) + t; }, "", "",
       true},
      {"dmesg -x -T",
       [](Text t, int n) {
         return "kern  :err   : [Sat Nov 21 12:22:" + two_digits(n) + " 2026] " + t;
       },
       "", "", false, true},
      {"dmesg -r", [](Text t, int n) { return "<4>" + uptime_at(n) + t; }, "", "", true},
      {"dmesg -d",
       [](Text t, int n) { return "[ 4321." + two_digits(n) + "0001 <    0.000017>] " + t; }, "",
       "", true},
      {"a vendor's processor number",
       [](Text t, int n) { return "[ 4321." + two_digits(n) + "0001,3] " + t; }, "", "", true},
      {"a vendor's wall clock",
       [](Text t, int n) {
         return "<6>[ 4321." + two_digits(n) + "0001 / 06-12 05:12:34.123] " + t;
       },
       "", "", true},
      {"dmesg -e", [](Text t, int) { return "[  +0.000017] " + t; }},
      {"dmesg -e, a new minute", [](Text t, int) { return "[Nov21 12:22] " + t; }, "", "", false,
       true},
      {"dmesg -T",
       [](Text t, int n) { return "[Sat Nov 21 12:22:" + two_digits(n) + " 2026] " + t; }, "", "",
       false, true},
      {"dmesg -T, German",
       [](Text t, int n) { return "[Sa Nov 21 12:22:" + two_digits(n) + " 2026] " + t; }, "", "",
       false, true},
      {"dmesg -T, Russian",
       [](Text t, int n) { return "[Сб ноя 21 12:22:" + two_digits(n) + " 2026] " + t; }, "", "",
       false, true},
      {"dmesg iso", [](Text t, int n) { return iso_at(n) + ",572035+00:00 " + t; }, "", "", false,
       true},
      {"pstore", [](Text t, int) { return "<4>" + t; }},
      {"kmsg",
       [](Text t, int n) {
         return "4," + std::to_string(n + 100) + ",4321" + two_digits(n) + "0001,-;" +
                kmsg_text(t) + "\n SUBSYSTEM=pci";
       },
       "", "kernel", true},
      {"kmsg with caller",
       [](Text t, int n) {
         return "4," + std::to_string(n + 100) + ",4321" + two_digits(n) + "0001,-,caller=T1;" +
                kmsg_text(t);
       },
       "", "kernel", true},
  };
}

std::vector<Frame> syslog_frames() {
  return {
      {"syslog", [](Text t, int n) { return syslog_at(n) + " web-1.example kernel: " + t; },
       "web-1.example", "kernel", false, true},
      {"syslog with uptime",
       [](Text t, int n) { return syslog_at(n) + " web-1.example kernel: " + uptime_at(n) + t; },
       "web-1.example", "kernel", true, true},
      {"syslog without host", [](Text t, int n) { return syslog_at(n) + " kernel: " + t; }, "",
       "kernel", false, true},
      {"syslog, Russian",
       [](Text t, int n) { return "ноя 21 12:22:" + two_digits(n) + " web-1 kernel: " + t; },
       "web-1", "kernel", false, true},
      {"syslog on the wire",
       [](Text t, int n) { return "<4>" + syslog_at(n) + " web-1 kernel: " + t; }, "web-1",
       "kernel", false, true},
      {"busybox",
       [](Text t, int n) {
         return "Sat Nov 21 12:22:" + two_digits(n) + " 2026 kern.warn kernel: " + uptime_at(n) + t;
       },
       "", "kernel", true, true},
      {"RFC 5424",
       [](Text t, int n) { return "<3>1 " + iso_at(n) + ".572035+00:00 web-1 kernel - - - " + t; },
       "web-1", "kernel", false, true},
      {"RFC 5424 with data",
       [](Text t, int n) {
         return "<3>1 " + iso_at(n) + "Z web-1 kernel 12 ID7 [a@1 b=\"]\"][c d=\"\\\"\"] " + t;
       },
       "web-1", "kernel", false, true},
  };
}

std::vector<Frame> journal_frames() {
  return {
      {"journalctl short-precise",
       [](Text t, int n) { return syslog_at(n) + ".572035 web-1 kernel: " + t; }, "web-1", "kernel",
       false, true},
      {"journalctl short-iso", [](Text t, int n) { return iso_at(n) + "+0000 web-1 kernel: " + t; },
       "web-1", "kernel", false, true},
      {"journalctl short-full",
       [](Text t, int n) {
         return "Sat 2026-11-21 12:22:" + two_digits(n) + " UTC web-1 kernel: " + t;
       },
       "web-1", "kernel", false, true},
      {"journalctl short-monotonic",
       [](Text t, int n) { return uptime_at(n) + "web-1 kernel: " + t; }, "web-1", "kernel", true},
      {"journalctl short-unix",
       [](Text t, int n) { return "17637277" + two_digits(n) + ".572035 web-1 kernel: " + t; },
       "web-1", "kernel", false, true},
      {"journalctl json",
       [](Text t, int n) {
         return "{\"_TRANSPORT\":\"kernel\",\"PRIORITY\":\"4\",\"__REALTIME_TIMESTAMP\":"
                "\"1763727771572035\",\"MESSAGE\":" +
                json_string(t) + ",\"_SOURCE_MONOTONIC_TIMESTAMP\":\"4321" + two_digits(n) +
                "0001\",\"SYSLOG_IDENTIFIER\":\"kernel\",\"_HOSTNAME\":\"web-1\"}";
       },
       "web-1", "kernel", true, true},
      {"journalctl json, message as bytes",
       [](Text t, int) {
         return "{\"_HOSTNAME\":\"web-1\",\"_TRANSPORT\":\"kernel\",\"MESSAGE\":" + byte_array(t) +
                "}";
       },
       "web-1", "kernel"},
      {"journalctl json-pretty",
       [](Text t, int) {
         return "{\n\t\"_HOSTNAME\" : \"web-1\",\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"MESSAGE\" "
                ": " +
                json_string(t) + ",\n\t\"_X\" : \"y\"\n}";
       },
       "web-1", "kernel"},
      {"journalctl json-pretty, message as bytes",
       [](Text t, int) {
         std::string lines = byte_array(t);
         for (std::size_t at = 0; (at = lines.find_first_of("[,", at)) != std::string::npos;
              at += 2)
           lines.insert(at + 1, "\n");
         lines.insert(lines.size() - 1, "\n");
         return "{\n\t\"_HOSTNAME\" : \"web-1\",\n\t\"MESSAGE\" : " + lines +
                ",\n\t\"_A\" : [\n\"x\",\n\"y\"\n],\n\t\"_TRANSPORT\" : \"kernel\"\n}";
       },
       "web-1", "kernel"},
      {"journalctl export",
       [](Text t, int n) {
         return "__CURSOR=s=1;i=" + std::to_string(n) + "\n_TRANSPORT=kernel\nMESSAGE=" + t +
                "\n_HOSTNAME=web-1\nPRIORITY=4\n";
       },
       "web-1", "kernel"},
      {"journalctl export, counted bytes",
       [](Text t, int) {
         return "_TRANSPORT=kernel\n_HOSTNAME=web-1\nMESSAGE\n" + length_bytes(t.size()) + t + "\n";
       },
       "web-1", "kernel"},
  };
}

std::vector<Frame> container_frames() {
  return {
      {"docker json-file",
       [](Text t, int n) {
         return "{\"log\":" + json_string(uptime_at(n) + t + "\n") +
                ",\"stream\":\"stdout\",\"time\":\"2026-11-21T12:22:51.572035123Z\"}";
       },
       "", "", true, true},
      {"CRI", [](Text t, int n) { return iso_at(n) + ".572035123Z stdout F " + uptime_at(n) + t; },
       "", "", true, true},
      {"CI", [](Text t, int n) { return iso_at(n) + ".5720351Z " + t; }, "", "", false, true},
      {"GitLab CI", [](Text t, int n) { return iso_at(n) + ".572035Z 01O " + uptime_at(n) + t; },
       "", "", true, true},
      {"docker compose", [](Text t, int n) { return "web-1  | " + uptime_at(n) + t; }, "", "",
       true},
  };
}

std::vector<Frame> pasted_frames() {
  return {
      {"mail", [](Text t, int n) { return "> " + uptime_at(n) + t; }, "", "", true},
      {"mail, bare", [](Text t, int) { return "> " + t; }, "", "", false, false, false},
      {"mail, twice", [](Text t, int n) { return "> > " + uptime_at(n) + t; }, "", "", true},
      {"mail, thrice, close", [](Text t, int n) { return ">>> " + uptime_at(n) + t; }, "", "",
       true},
      {"bars", [](Text t, int n) { return "| " + uptime_at(n) + t; }, "", "", true},
      {"list", [](Text t, int n) { return "  " + std::to_string(n) + ". <4>" + uptime_at(n) + t; },
       "", "", true},
      {"cat -n", [](Text t, int n) { return "    " + std::to_string(n) + "\t" + uptime_at(n) + t; },
       "", "", true},
      {"grep -n", [](Text t, int n) { return std::to_string(n) + ":" + uptime_at(n) + t; }, "", "",
       true},
      {"grep -Hn",
       [](Text t, int n) {
         return "./kern.log:" + std::to_string(n) + ":" + syslog_at(n) + " web-1 kernel: " + t;
       },
       "web-1", "kernel", false, true},
      {"grep -H",
       [](Text t, int n) { return "/var/log/kern.log:" + syslog_at(n) + " web-1 kernel: " + t; },
       "web-1", "kernel", false, true},
      {"markdown list", [](Text t, int n) { return "* " + uptime_at(n) + t; }, "", "", true},
      {"indented", [](Text t, int n) { return "    " + uptime_at(n) + t; }, "", "", true},
      {"tab", [](Text t, int n) { return "\t" + syslog_at(n) + " web-1 kernel: " + t; }, "web-1",
       "kernel", false, true},
      {"a web page", [](Text t, int n) { return entities("<4>" + uptime_at(n) + t) + "<br>"; }, "",
       "", true},
      {"a serial console's prompt",
       [](Text t, int n) { return "web-1 login: " + uptime_at(n) + t; }, "", "", true},
      {"a serial logger",
       [](Text t, int n) { return "[2026-11-21T12:22:51.123Z] " + uptime_at(n) + t; }, "", "", true,
       true},
      {"a time cut off", [](Text t, int n) { return "web-1 kernel: " + uptime_at(n) + t; }, "web-1",
       "kernel", true},
      {"no time", [](Text t, int) { return "kernel: " + t; }, "", "kernel"},
      {"a bracket lost", [](Text t, int n) { return uptime_at(n).substr(2) + t; }, "", "", true},
      {"the other bracket lost",
       [](Text t, int n) { return "[ 4321." + two_digits(n) + "0001 " + t; }, "", "", true},
      {"UTF-8 mark", [](Text t, int n) { return "\xEF\xBB\xBF" + uptime_at(n) + t; }, "", "", true},
      {"no-break spaces",
       [](Text t, int n) {
         return "[\xC2\xA0"
                "4321." +
                two_digits(n) + "0001]\xC2\xA0" + t;
       },
       "", "", true},
  };
}

const std::vector<Frame>& frames() {
  static const std::vector<Frame> frames = [] {
    std::vector<Frame> all;
    for (const auto& part :
         {kernel_frames(), syslog_frames(), journal_frames(), container_frames(), pasted_frames()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return frames;
}

class EveryFrame : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryFrame, GivesBackWhatTheKernelSaid) {
  const Frame& frame = frames()[GetParam()];
  SCOPED_TRACE(frame.name);
  std::string input;
  for (std::size_t n = 0; n < kernel_lines().size(); ++n)
    input += frame.wrap(kernel_lines()[n], static_cast<int>(n)) + "\n";

  const std::vector<FramedLine> lines = frame_all(input);

  ASSERT_EQ(lines.size(), kernel_lines().size());
  for (std::size_t n = 0; n < lines.size(); ++n) {
    const FramedLine& line = lines[n];
    SCOPED_TRACE(kernel_lines()[n]);
    EXPECT_EQ(line.text, kernel_lines()[n]);
    EXPECT_EQ(line.host, frame.host);
    EXPECT_EQ(line.ident, frame.ident);
    EXPECT_EQ(line.framed, frame.framed);
    EXPECT_EQ(line.uptime.has_value(), frame.has_uptime);
    if (line.uptime) {
      const auto expected = HostTime(4'321'000'001'000 + static_cast<std::int64_t>(n) * 10'000'000);
      EXPECT_EQ(line.uptime->count(), expected.count());
    }
    EXPECT_EQ(!line.stamp.empty(), frame.has_stamp) << line.stamp;
    EXPECT_FALSE(line.embedded || line.continues || line.lost_before);
  }
}

INSTANTIATE_TEST_SUITE_P(Framing, EveryFrame, testing::Range<std::size_t>(0, frames().size()));

}  // namespace
}  // namespace oomkit
