#include "klog/reader.h"

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
    }
    if (taken.lines > 0) assembly.hold_row(*row, waiting);
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
