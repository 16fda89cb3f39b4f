#include "klog/reader.h"

#include <cstring>
#include <utility>

#include "klog/assembly.h"
#include "klog/framing.h"
#include "klog/reader_lines.h"
#include "klog/repair_mail.h"
#include "klog/repair_width.h"
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
    LogRecord waiting;  // Its views live on: those into the text, and those of the frame.
    while (taken.bytes < text.size() && assembly.in_report()) {
      const char* const begin = text.data() + taken.bytes;
      const void* const end = std::memchr(begin, '\n', text.size() - taken.bytes);
      if (end == nullptr) break;
      const std::string_view line(begin,
                                  static_cast<std::size_t>(static_cast<const char*>(end) - begin));
      if (!mails.passes(line)) break;
      const LogRecord* const row = framer.row(line, number + taken.lines);
      if (row == nullptr || !widths.passes(line)) break;
      assembly.on_row(*row, taken.lines > 0 ? &waiting : nullptr);
      waiting = *row;
      ++taken.lines;
      taken.bytes += line.size() + 1;
    }
    if (taken.lines > 0) assembly.hold_row(waiting);
    return taken;
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
