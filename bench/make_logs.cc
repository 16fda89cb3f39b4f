// Writes the logs that the benchmarks read, the same bytes on every machine.
//
//   make_logs quiet BYTES FILE            a busy host, no kill
//   make_logs reports-syslog BYTES FILE   nothing but whole reports, as syslog writes them
//   make_logs reports-dmesg BYTES FILE    and as dmesg prints them
//   make_logs brief-dmesg BYTES FILE      reports with few lines each
//   make_logs words                       the scanner's words, as a pattern for rg
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bench/quiet_log.h"
#include "bench/report_log.h"
#include "klog/scan_anchors.h"

namespace {

using oomkit::bench::QuietLog;
using oomkit::bench::ReportLog;
using oomkit::test::FrameStyle;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

int print_words() {
  std::string pattern;
  for (const oomkit::scan::Anchor& anchor : oomkit::scan::kAnchors) {
    if (!pattern.empty()) pattern += '|';
    for (const char c : anchor.word) {
      if (c == '.' || c == '(' || c == ')') pattern += '\\';
      pattern += c;
    }
  }
  std::puts(pattern.c_str());
  return 0;
}

int write_log(const std::function<void(std::string&)>& append, std::size_t bytes,
              const char* path) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path, "wb"));
  if (!file) {
    std::perror(path);
    return 1;
  }
  std::string block;
  for (std::size_t written = 0; written < bytes; written += block.size()) {
    block.clear();
    while (block.size() < kBlock)
      append(block);
    if (std::fwrite(block.data(), 1, block.size(), file.get()) != block.size()) {
      std::perror(path);
      return 1;
    }
  }
  return 0;
}

int usage() {
  std::fputs(
      "usage: make_logs quiet|reports-syslog|reports-dmesg|brief-dmesg BYTES FILE\n"
      "       make_logs words\n",
      stderr);
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view kind = count > 1 ? arguments[1] : "";
  if (kind == "words" && count == 2) return print_words();
  if (count != 4) return usage();
  std::size_t bytes = 0;
  const char* const number = arguments[2];
  const char* const number_end = number + std::strlen(number);
  if (std::from_chars(number, number_end, bytes).ptr != number_end) return usage();

  constexpr std::uint64_t kSeed = 1;
  if (kind == "quiet") {
    QuietLog log(kSeed);
    return write_log([&](std::string& out) { log.append_line(out); }, bytes, arguments[3]);
  }
  const bool brief = kind == "brief-dmesg";
  if (brief || kind == "reports-syslog" || kind == "reports-dmesg") {
    ReportLog log(kSeed, kind == "reports-syslog" ? FrameStyle::rfc3164 : FrameStyle::dmesg,
                  brief ? ReportLog::Reports::brief : ReportLog::Reports::whole);
    return write_log([&](std::string& out) { log.append_report(out); }, bytes, arguments[3]);
  }
  return usage();
}
