// The lines of an input that are worth a closer look, with their numbers.
//
// Almost all of a log is about something else. HotLines runs the scanner over raw bytes
// and cuts lines only where an OOM report may be:
//
//   - the first 64 KiB of the input, since a ring buffer that wrapped around begins
//     inside a report;
//   - from 64 KiB before a line with an anchor, since a report may have lost its head;
//   - on for as long as whoever takes the lines is busy with one, and 16 KiB further.
//
// All of this is said in places of the input and never in blocks, so the result does not
// depend on how the input comes in: whole, or byte by byte.
//
// Memory: the lines of the last 64 KiB, and one line, of which 1 MiB is kept. That much,
// because a JSON log may hold a whole report with its task table as one message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "klog/scan.h"

namespace oomkit {

class HotLineSink {
 public:
  struct Wish {
    std::size_t raw_bytes = 0;  // Hand over so many bytes next, whatever is in them.
    bool busy = false;          // Something is open: the lines that follow are wanted.
    bool rows = false;          // A table is: lines are offered to rows() first.
  };
  // Lines with their '\n'.
  struct Taken {
    std::size_t bytes = 0;
    std::uint64_t lines = 0;
  };

  virtual ~HotLineSink() = default;
  virtual Wish line(std::string_view text, std::uint64_t number) = 0;  // Without its '\n'.
  // `text` begins with the line of that number. Takes lines from its front, as many as it likes
  // or none, with the same result as if each had been given to line().
  virtual Taken rows(std::string_view /*text*/, std::uint64_t /*number*/) { return {}; }
  virtual Wish raw(std::string_view bytes) = 0;  // At most as many as were wished for.
  virtual void skipped() = 0;                    // Lines were left out before the next one.
};

class HotLines {
 public:
  static constexpr std::size_t kBefore = std::size_t{64} << 10;
  static constexpr std::size_t kAfter = std::size_t{16} << 10;
  static constexpr std::size_t kLineMax = std::size_t{1} << 20;

  using Scan = ScanResult (*)(std::string_view block, std::size_t from);

  HotLines(HotLineSink& sink, Scan scan) : sink_(&sink), scan_(scan) {}

  void feed(std::string_view block);
  void finish();  // The end of the input, which need not be the end of a line.

  std::uint64_t bytes() const { return position_; }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t lines_cut() const { return lines_cut_; }
  // The last line that was given is the input's last, and has no line break at its end.
  bool ends_in_line() const { return ends_in_line_; }

 private:
  void feed_slice(std::string_view slice);
  std::size_t run_hot(std::string_view text, std::size_t at, std::uint64_t text_position);
  std::size_t run_cold(std::string_view text, std::size_t at);
  void go_hot(std::string_view before, std::uint64_t line_position);
  std::size_t take_raw(std::string_view text, std::size_t at);
  std::size_t take_rows(std::string_view text, std::size_t at, std::uint64_t text_position);
  void give_line(std::string_view line, std::uint64_t end_position, bool has_anchor);
  void begin_line(std::string_view text, std::uint64_t position);
  void continue_line(std::string_view text);
  void end_line();
  void pass_rest_of_line(std::size_t given);
  void keep(std::string_view lines);

  HotLineSink* sink_;
  Scan scan_;

  std::uint64_t position_ = 0;  // Of the current slice in the input.
  std::uint64_t lines_ = 0;     // Begun before the current place.
  std::uint64_t lines_cut_ = 0;

  bool hot_ = true;
  std::uint64_t hot_until_ = kBefore;  // Lines that begin before this place are given.
  HotLineSink::Wish wish_;
  std::uint64_t given_until_ = 0;

  // Whole lines that were passed by last: at least those that begin in the last kBefore
  // bytes. Empty while hot.
  std::string kept_;

  // A line whose end has not come yet.
  bool in_line_ = false;
  bool ends_in_line_ = false;
  std::string line_;
  std::uint64_t line_size_ = 0;
  std::uint64_t line_position_ = 0;
};

}  // namespace oomkit
