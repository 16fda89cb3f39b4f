// Physical lines in, records out: every frame a kernel log may stand in, taken off.
//
// The Framer keeps what a frame spreads over lines (journal export entries, kmsg
// dictionaries, a JSON object, a code fence) and nothing else. It never looks for OOM
// words; it only knows how logs are written down.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "klog/record.h"
#include "model/damage.h"

namespace oomkit {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void on_record(const LogRecord& record) = 0;
};

class Framer {
 public:
  explicit Framer(RecordSink& sink) : sink_(&sink) {}

  // One physical line without its '\n' (a '\r' may be left). Gives zero, one or several
  // records. Views in them live until the next call.
  void line(std::string_view text, std::uint64_t number);

  // Bytes, not lines, that the frame wants next: a binary field of journal export. The
  // caller hands them over with raw() and then goes on with line(). 0: none.
  std::size_t wants_raw() const { return wants_raw_; }
  void raw(std::string_view bytes);

  // Lines were skipped by the caller (nothing of interest): forget what was open.
  void skipped();
  void finish();

  const DamageCounts& damage() const { return damage_; }

 private:
  RecordSink* sink_;
  DamageCounts damage_;
  std::size_t wants_raw_ = 0;
  std::string message_;  // Unescaped or collected text that records point into.
};

}  // namespace oomkit
