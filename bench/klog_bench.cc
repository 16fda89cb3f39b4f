// What each step of the reader costs a byte, apart from the others.
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "bench/quiet_log.h"
#include "bench/report_log.h"
#include "klog/framing.h"
#include "klog/reader.h"
#include "klog/reader_lines.h"
#include "klog/scan.h"
#include "klog/scan_vector.h"

namespace oomkit::bench {
namespace {

constexpr std::size_t kBytes = std::size_t{512} << 10;  // In L2, as the reader's blocks are.

const std::string& quiet_text() {
  static const std::string made = [] {
    std::string text;
    QuietLog log(1);
    while (text.size() < kBytes)
      log.append_line(text);
    return text;
  }();
  return made;
}

const std::string& report_text() {
  static const std::string made = [] {
    std::string text;
    ReportLog log(1, test::FrameStyle::rfc3164, ReportLog::Reports::whole);
    while (text.size() < kBytes)
      log.append_report(text);
    return text;
  }();
  return made;
}

void count_bytes(benchmark::State& state, std::string_view text) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size()));
}

void scan_quiet(benchmark::State& state, HotLines::Scan scan) {
  for (auto _ : state)
    benchmark::DoNotOptimize(scan(quiet_text(), 0).lines);
  count_bytes(state, quiet_text());
}

struct LineCounter final : HotLineSink {
  Wish line(std::string_view text, std::uint64_t) override {
    bytes += text.size();
    return {};
  }
  Wish raw(std::string_view) override { return {}; }
  void skipped() override {}
  std::uint64_t bytes = 0;
};

void pass_by_lines(benchmark::State& state) {
  LineCounter counter;
  HotLines lines(counter, scan_fast);
  for (auto _ : state)
    lines.feed(quiet_text());
  count_bytes(state, quiet_text());
}

struct RecordCounter final : RecordSink {
  void on_record(const LogRecord& record) override { bytes += record.text.size(); }
  std::uint64_t bytes = 0;
};

void take_frames_off(benchmark::State& state) {
  RecordCounter counter;
  for (auto _ : state) {
    Framer framer(counter);
    std::string_view text = report_text();
    for (std::uint64_t number = 1; !text.empty(); ++number) {
      const std::size_t end = text.find('\n');
      framer.line(text.substr(0, end), number);
      text.remove_prefix(end + 1);
    }
    framer.finish();
  }
  count_bytes(state, report_text());
}

struct ReportCounter final : ReportSink {
  void on_report(OomReport&&) override { ++reports; }
  void on_other(OtherEvent&&) override {}
  std::uint64_t reports = 0;
};

void read_reports(benchmark::State& state) {
  ReportCounter counter;
  for (auto _ : state) {
    LogReader reader("bench", counter);
    reader.feed(report_text());
    reader.finish();
  }
  count_bytes(state, report_text());
}

BENCHMARK_CAPTURE(scan_quiet, plain, scan_plain);
BENCHMARK_CAPTURE(scan_quiet, fast, scan_fast);
#if defined(__x86_64__)
BENCHMARK_CAPTURE(scan_quiet, avx2, scan::scan_avx2);
#endif
BENCHMARK(pass_by_lines);
BENCHMARK(take_frames_off);
BENCHMARK(read_reports);

}  // namespace
}  // namespace oomkit::bench
