// For the tests of framing: a framer's records as values that outlive the call.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "klog/framing.h"
#include "klog/record.h"

namespace oomkit {

struct FramedLine {
  std::string text, host, ident, caller, stamp;
  std::optional<HostTime> uptime;
  std::optional<int> level;
  std::uint64_t line = 0;
  bool framed = false, continues = false, lost_before = false, embedded = false;
};

inline std::ostream& operator<<(std::ostream& out, const FramedLine& line) {
  return out << line.line << (line.framed ? " framed \"" : " \"") << line.text
             << "\" host=" << line.host << " ident=" << line.ident << " stamp=" << line.stamp;
}

class CollectingSink final : public RecordSink {
 public:
  void on_record(const LogRecord& record) override {
    FramedLine line;
    line.text = record.text;
    line.host = record.host;
    line.ident = record.ident;
    line.caller = record.caller;
    line.stamp = record.stamp;
    line.uptime = record.uptime;
    line.level = record.level;
    line.line = record.line;
    line.framed = record.framed;
    line.continues = record.continues;
    line.lost_before = record.lost_before;
    line.embedded = record.embedded;
    lines.push_back(std::move(line));
  }

  std::vector<FramedLine> lines;
};

// Feeds a whole input, as a reader does: lines, and raw bytes where the framer asks.
inline void feed(Framer& framer, std::string_view input) {
  std::uint64_t number = 0;
  while (!input.empty()) {
    if (const std::size_t raw = framer.wants_raw(); raw != 0) {
      framer.raw(input.substr(0, raw));
      input.remove_prefix(raw < input.size() ? raw : input.size());
      continue;
    }
    const std::size_t end = input.find('\n');
    framer.line(input.substr(0, end), ++number);
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  framer.finish();
}

inline std::vector<FramedLine> frame_all(std::string_view input) {
  CollectingSink sink;
  Framer framer(sink);
  feed(framer, input);
  return std::move(sink.lines);
}

}  // namespace oomkit
