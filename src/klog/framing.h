// Physical lines in, records out: every frame a kernel log may stand in, taken off.
//
// The Framer keeps what a frame spreads over lines (journal export entries, kmsg
// dictionaries, a JSON object, a code fence) and nothing else. It never looks for OOM
// words; it only knows how logs are written down.
//
// A line is cleaned (frame_clean.h), loses what people put before it (frame_paste.h) and
// the heads of logs and containers (frame_head.h), is opened if it is JSON (frame_json.h),
// and is split where one physical line holds several: escaped line breaks, a message that
// another one ran into. What is left is the kernel's, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "klog/frame_same.h"
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
  explicit Framer(RecordSink& sink);
  ~Framer();
  Framer(const Framer&) = delete;
  Framer& operator=(const Framer&) = delete;

  // One physical line without its '\n' (a '\r' may be left). Gives zero, one or several
  // records. Views in them live until the next call.
  void line(std::string_view text, std::uint64_t number);

  // The record of the line that `text` begins with, if it is a plain row behind the same frame as
  // the line before, ends in '\n' and has kPadding bytes behind it; or null, and then nothing has
  // happened: line() takes it. Its text ends where the line does. Lives until the next call.
  const LogRecord* row(std::string_view text, std::uint64_t number);

  // What the row that row() gave last begins with. Rows that follow it directly with the same may
  // be read by their reader without a call for each. Empty if there is no such thing.
  RowFrame row_frame() const;

  // Bytes, not lines, that the frame wants next: a binary field of journal export. The
  // caller hands them over with raw(), in one piece or several, and then goes on with
  // line(). 0: none.
  std::size_t wants_raw() const;
  void raw(std::string_view bytes);

  // Lines were skipped by the caller (nothing of interest): forget what was open.
  void skipped();
  void finish();

  const DamageCounts& damage() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace oomkit
