// Quoted-printable, the way in which mails are written down: undone line by line.
//
// "=3D" stands for "=", and a line that ends in "=" goes on in the next one. A log's own
// lines hold many a "=", so this is a mail only if something shows it: its header, or a line
// that ends in "=" and has "=3D" in it or behind it. A "=" that is no escape shows the
// opposite.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "klog/repair_width.h"

namespace oomkit {

class MailRepair {
 public:
  explicit MailRepair(WholeLineSink& sink) : sink_(&sink) {}

  void line(std::string_view text, std::uint64_t number) {
    if (passes(text)) {
      sink_->on_whole_line(text, number);
      return;
    }
    take_line(text, number);
  }
  // A line that is no matter of mails. Asked of every line of every log.
  bool passes(std::string_view text) const {
    return !encoded_ && !waiting_ && !text.ends_with('=') && !text.ends_with("=\r") &&
           !begins_like_header(text);
  }
  // The same for a line of which only the front is known, and that it does not end in '='.
  bool passes_front(std::string_view text) const {
    return !encoded_ && !waiting_ && !begins_like_header(text);
  }
  void flush();   // What waits is all there is.
  void forget();  // Lines are skipped: what follows need not be of the same text.
  bool holding() const { return waiting_; }
  std::uint64_t rejoined() const { return rejoined_; }

 private:
  static bool begins_like_header(std::string_view text) {
    return text.size() > 28 && (text[0] == 'C' || text[0] == 'c') && text[7] == '-';
  }
  void take_line(std::string_view text, std::uint64_t number);
  void take_encoded(std::string_view text, std::uint64_t number);
  void pass_waiting();

  WholeLineSink* sink_;
  bool encoded_ = false;
  bool waiting_ = false;  // For the line that goes on with waiting_text_.
  std::string waiting_text_;
  std::uint64_t waiting_number_ = 0;
  std::uint64_t rejoined_ = 0;
};

}  // namespace oomkit
