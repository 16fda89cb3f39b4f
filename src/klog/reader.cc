#include "klog/reader.h"

#include <utility>

#include "klog/assembly.h"
#include "klog/framing.h"
#include "klog/reader_lines.h"
#include "klog/repair_mail.h"
#include "klog/repair_width.h"
#include "klog/row_scan.h"
#include "klog/scan.h"

namespace oomkit {

// The steps in a row: HotLines picks lines, MailRepair and WidthRepair put together what mails
// and terminals broke, the Framer takes their frames off, the Assembly makes reports of what is
// left.
struct LogReader::State final : HotLineSink, WholeLineSink {
  State(std::string input_name, ReportSink& sink, const LogReaderOptions& options)
      : assembly(input_name, sink),
        framer(assembly),
        widths(*this),
        mails(widths),
        hot_lines(*this, options.plain_scan ? scan_plain : scan_fast) {
    totals.name = std::move(input_name);
  }

  Wish line(std::string_view text, std::uint64_t number) override {
    mails.line(text, number);
    return wish();
  }
  void on_whole_line(std::string_view text, std::uint64_t number) override {
    framer.line(text, number);
  }
  // Rows are most of what a log of reports is made of. Where one plain row follows the other
  // behind the same frame, no step has anything to decide but the framer.
  Taken rows(std::string_view text, std::uint64_t number) override {
    Taken taken;
    PlainRow waiting;
    const LogRecord* row = nullptr;  // The frame, and the last row that the framer took.
    while (assembly.in_report()) {
      const std::string_view rest = text.substr(taken.bytes);
      if (!mails.passes_front(rest)) break;
      const LogRecord* const next = framer.row(rest, number + taken.lines);
      if (next == nullptr) break;
      const auto size =
          static_cast<std::size_t>(next->text.data() + next->text.size() - rest.data());
      if (!widths.passes(rest.substr(0, size))) break;
      row = next;
      assembly.on_row(*row, taken.lines > 0 ? &waiting : nullptr);
      waiting = {row->text, row->line, row->uptime};
      ++taken.lines;
      taken.bytes += size + 1;
      take_run(text, number, taken, waiting);
    }
    if (row != nullptr) assembly.hold_row(*row, waiting);
    return taken;
  }
  // The rows that follow, where even that is more than they need: they have the frame and the
  // columns of the last one, and nothing about them is in doubt. `waiting` is the last row taken.
  void take_run(std::string_view text, std::uint64_t number, Taken& taken, PlainRow& waiting) {
    const TaskColumns* const columns = assembly.open_columns();
    const RowFrame frame = framer.row_frame();
    if (columns == nullptr || frame.size() < RowScan::kBytesBefore) return;
    row_scan.begin(*columns);
    const char* const end = text.data() + text.size();
    if (row_scan.read(waiting.text.data(), end, assembly.next_row()) != nullptr) {
      take_rows(text, number, frame, taken, waiting);
    }
    assembly.end_rows();
  }
  // The last row has been read, but nobody knows yet what comes behind it.
  void take_rows(std::string_view text, std::uint64_t number, const RowFrame& frame, Taken& taken,
                 PlainRow& waiting) {
    const char* const end = text.data() + text.size();
    bool goes_on = true;
    while (goes_on) {
      const char* const line = text.data() + taken.bytes;
      HostTime uptime{};
      const char* const begin = frame.take(line, end, uptime);
      if (begin == nullptr) return;
      const char* const row_end = row_scan.read(begin, end, assembly.next_row());
      if (row_end == nullptr) return;
      const auto size = static_cast<std::size_t>(row_end - line);
      if (!widths.passes({line, size}) && !passes_before_frame({line, size}, end, frame)) return;
      goes_on = assembly.keep_row(waiting.line, waiting.uptime);
      waiting.text = {begin, static_cast<std::size_t>(row_end - begin)};
      waiting.line = number + taken.lines;
      if (frame.has_uptime) waiting.uptime = uptime;
      ++taken.lines;
      taken.bytes += size + 1;
    }
  }
  // The longest line of late, but the next has the same frame: so this one was not broken.
  bool passes_before_frame(std::string_view line, const char* text_end, const RowFrame& frame) {
    const char* const next = line.data() + line.size() + 1;
    HostTime uptime{};
    if (frame.take(next, text_end, uptime) == nullptr) return false;
    const std::string_view rest(next, static_cast<std::size_t>(text_end - next));
    const std::size_t size = rest.find('\n');
    return size != std::string_view::npos && mails.passes(rest.substr(0, size)) &&
           widths.passes_before_frame(line);
  }
  Wish raw(std::string_view bytes) override {
    framer.raw(bytes);
    return wish();
  }
  void skipped() override {
    mails.forget();
    widths.forget();
    framer.skipped();
    assembly.skipped();
  }
  Wish wish() const {
    return {framer.wants_raw(), mails.holding() || widths.holding() || !assembly.idle(),
            assembly.in_table()};
  }

  Assembly assembly;
  Framer framer;
  WidthRepair widths;
  MailRepair mails;
  HotLines hot_lines;
  RowScan row_scan;
  InputTotals totals;
  DamageCounts damage;
};

LogReader::LogReader(std::string input_name, ReportSink& sink, LogReaderOptions options)
    : state_(std::make_unique<State>(std::move(input_name), sink, options)) {}

LogReader::~LogReader() = default;

void LogReader::feed(std::string_view block) {
  state_->hot_lines.feed(block);
}

void LogReader::finish() {
  state_->hot_lines.finish();
  state_->mails.flush();
  state_->widths.flush();
  state_->framer.finish();
  state_->assembly.finish(state_->hot_lines.ends_in_line());
}

const InputTotals& LogReader::totals() const {
  state_->totals.bytes = state_->hot_lines.bytes();
  state_->totals.lines = state_->hot_lines.lines();
  return state_->totals;
}

const DamageCounts& LogReader::damage() const {
  DamageCounts& damage = state_->damage;
  damage = DamageCounts();
  damage.merge(state_->framer.damage());
  damage.merge(state_->assembly.damage());
  damage.add(Damage::line_too_long, state_->hot_lines.lines_cut());
  damage.add(Damage::wrapped_rejoined, state_->mails.rejoined() + state_->widths.rejoined());
  return damage;
}

}  // namespace oomkit
