#include "tests/support/frame_lines.h"

#include <cstdint>

#include "core/json_writer.h"
#include "klog/writer_line.h"

namespace oomkit::test {
namespace {

using std::chrono::microseconds;

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Calendar {
  explicit Calendar(std::chrono::sys_time<microseconds> time) {
    const auto days = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(days);
    year = static_cast<int>(date.year());
    month = static_cast<unsigned>(date.month());
    day = static_cast<unsigned>(date.day());
    weekday = std::chrono::weekday(days).c_encoding();
    const auto of_day = time - days;
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(of_day).count();
    hour = static_cast<int>(seconds / 3600);
    minute = static_cast<int>(seconds / 60 % 60);
    second = static_cast<int>(seconds % 60);
    micros = of_day.count() % 1000000;
  }
  int year, hour, minute, second;
  unsigned month, day, weekday;
  std::int64_t micros;
};

LineWriter& zero_padded(LineWriter& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i < width; ++i)
    out.text("0");
  return out.text(digits);
}

void put_clock(LineWriter& out, const Calendar& at) {
  zero_padded(out, at.hour, 2).text(":");
  zero_padded(out, at.minute, 2).text(":");
  zero_padded(out, at.second, 2);
}

// 2024-03-12T09:42:51
void put_iso(LineWriter& out, const Calendar& at) {
  zero_padded(out, at.year, 4).text("-");
  zero_padded(out, at.month, 2).text("-");
  zero_padded(out, at.day, 2).text("T");
  put_clock(out, at);
}

// Mar 12 09:42:51
void put_rfc3164(LineWriter& out, const Calendar& at) {
  out.text(kMonths[at.month - 1]).text(" ").padded(at.day, 2).text(" ");
  put_clock(out, at);
}

// [ 2545.572035]
void put_uptime(LineWriter& out, microseconds uptime) {
  out.text("[").padded(uptime.count() / 1000000, 5).text(".");
  zero_padded(out, uptime.count() % 1000000, 6).text("] ");
}

// The kernel's log levels, by what the line says.
int level_of(std::string_view line) {
  const auto says = [line](std::string_view words) {
    return line.find(words) != std::string_view::npos;
  };
  if (says("Kernel panic")) return 0;
  if (says("Killed process") || says("Kill process")) return 3;
  const bool info = says("oom-kill:") || says("Tasks state") || says("oom_reaper:") ||
                    says("failcnt") || says("Memory cgroup stats") || line.substr(0, 1) == "[";
  return info ? 6 : 4;
}

std::string_view level_word(int level) {
  constexpr std::array<std::string_view, 7> kLevels = {"emerg ", "alert ", "crit  ", "err   ",
                                                       "warn  ", "notice", "info  "};
  return kLevels[static_cast<std::size_t>(level)];
}

// /dev/kmsg shows bytes that are no printable ASCII, and the backslash, as \x5c.
void put_kmsg_text(LineWriter& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      out.text({&c, 1});
    } else {
      out.text("\\x").text(byte < 16 ? "0" : "").hex(static_cast<int>(byte));
    }
  }
}

class Frames {
 public:
  Frames(std::string& text, FrameStyle style, FrameTime& time)
      : text_(&text), out_(text), style_(style), time_(&time) {}

  void put(std::string_view line) {
    const Calendar at(time_->wall);
    before_text(at, line);
    put_text(at, line);
    out_.text(style_ == FrameStyle::serial_console ? "\r\n" : "\n");
    time_->wall += time_->step;
    time_->uptime += time_->step;
    ++sequence_;
  }

 private:
  void put_host() { out_.text(" ").text(time_->host).text(" kernel: "); }

  void before_text(const Calendar& at, std::string_view line) {
    switch (style_) {
      case FrameStyle::bare:
      case FrameStyle::journal_json:
      case FrameStyle::container_json:
        break;
      case FrameStyle::dmesg:
      case FrameStyle::serial_console:
        put_uptime(out_, time_->uptime);
        break;
      case FrameStyle::dmesg_caller:
        put_uptime(out_, time_->uptime);
        text_->pop_back();
        out_.text("[ T4711] ");
        break;
      case FrameStyle::dmesg_ctime:
        out_.text("[").text(kDays[at.weekday]).text(" ").text(kMonths[at.month - 1]);
        out_.text(" ").padded(at.day, 2).text(" ");
        put_clock(out_, at);
        out_.text(" ").number(at.year).text("] ");
        break;
      case FrameStyle::dmesg_iso:
        put_iso(out_, at);
        zero_padded(out_.text(","), at.micros, 6).text("+00:00 ");
        break;
      case FrameStyle::dmesg_decoded:
        out_.text("kern  :").text(level_word(level_of(line))).text(": ");
        put_uptime(out_, time_->uptime);
        break;
      case FrameStyle::kmsg:
        out_.number(level_of(line)).text(",").number(sequence_).text(",");
        out_.number(time_->uptime.count()).text(",-;");
        break;
      case FrameStyle::rfc3164:
        put_rfc3164(out_, at);
        put_host();
        put_uptime(out_, time_->uptime);
        break;
      case FrameStyle::rfc5424:
        out_.text("<").number(level_of(line)).text(">1 ");
        put_iso(out_, at);
        zero_padded(out_.text("."), at.micros, 6).text("+00:00 ").text(time_->host);
        out_.text(" kernel - - - ");
        put_uptime(out_, time_->uptime);
        break;
      case FrameStyle::journal_short:
        put_rfc3164(out_, at);
        put_host();
        break;
      case FrameStyle::journal_short_iso:
        put_iso(out_, at);
        out_.text("+0000");
        put_host();
        break;
      case FrameStyle::container_cri:
        put_iso(out_, at);
        zero_padded(out_.text("."), at.micros * 1000, 9).text("Z stdout F ");
        put_uptime(out_, time_->uptime);
        break;
      case FrameStyle::mail_quote:
        out_.text("> ");
        put_uptime(out_, time_->uptime);
        break;
    }
  }

  void put_text(const Calendar& at, std::string_view line) {
    if (style_ == FrameStyle::kmsg) {
      put_kmsg_text(out_, line);
    } else if (style_ == FrameStyle::journal_json) {
      put_journal_json(line);
    } else if (style_ == FrameStyle::container_json) {
      put_container_json(at, line);
    } else {
      out_.text(line);
    }
  }

  void put_journal_json(std::string_view line) {
    JsonWriter json(*text_);
    json.begin_object();
    json.field("__REALTIME_TIMESTAMP", std::to_string(time_->wall.time_since_epoch().count()));
    json.field("_TRANSPORT", "kernel");
    json.field("SYSLOG_IDENTIFIER", "kernel");
    json.field("PRIORITY", std::to_string(level_of(line)));
    json.field("_SOURCE_MONOTONIC_TIMESTAMP", std::to_string(time_->uptime.count()));
    json.field("_HOSTNAME", std::string_view(time_->host));
    json.field("MESSAGE", line);
    json.end_object();
  }

  void put_container_json(const Calendar& at, std::string_view line) {
    std::string log;
    LineWriter log_writer(log);
    put_uptime(log_writer, time_->uptime);
    log_writer.text(line).end();
    std::string stamp;
    LineWriter stamp_writer(stamp);
    put_iso(stamp_writer, at);
    zero_padded(stamp_writer.text("."), at.micros * 1000, 9).text("Z");
    JsonWriter json(*text_);
    json.begin_object();
    json.field("log", std::string_view(log));
    json.field("stream", "stdout");
    json.field("time", std::string_view(stamp));
    json.end_object();
  }

  std::string* text_;
  LineWriter out_;
  FrameStyle style_;
  FrameTime* time_;
  std::int64_t sequence_ = 1234;
};

}  // namespace

std::string_view name_of(FrameStyle style) {
  constexpr std::array<std::string_view, kFrameStyles.size()> kNames = {"bare",
                                                                        "dmesg",
                                                                        "dmesg_caller",
                                                                        "dmesg_ctime",
                                                                        "dmesg_iso",
                                                                        "dmesg_decoded",
                                                                        "kmsg",
                                                                        "rfc3164",
                                                                        "rfc5424",
                                                                        "journal_short",
                                                                        "journal_short_iso",
                                                                        "journal_json",
                                                                        "container_json",
                                                                        "container_cri",
                                                                        "serial_console",
                                                                        "mail_quote"};
  return kNames[static_cast<std::size_t>(style)];
}

std::string frame_lines(std::string_view text, FrameStyle style, FrameTime& time) {
  std::string framed;
  Frames frames(framed, style, time);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    frames.put(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return framed;
}

std::string frame_lines(std::string_view text, FrameStyle style) {
  FrameTime time;
  return frame_lines(text, style, time);
}

}  // namespace oomkit::test
