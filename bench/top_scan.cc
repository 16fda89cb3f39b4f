// Names the host's next victim again and again, as the live screen of `oom top` does, and says
// how much processor time each time took.
//
//   top_scan SCANS
//
// One line: nanoseconds of the first scan, of the second (which keeps files open), the median of
// the SCANS after them; peak resident KiB, and the KiB of the kernel's that the open files hold;
// how many processes there are, and who it is. Processor time, as the kernel counts it: that of
// a scan of earlyoom is taken in the same way.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <time.h>

#include "count_argument.h"
#include "io/file_tree.h"
#include "render/top_report.h"
#include "sources/live_host.h"

namespace {

struct Scan {
  std::int64_t nanoseconds = 0;
  std::int64_t processes = 0;
  std::string victim;
};

std::int64_t processor_time_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

oomkit::Result<Scan> scan_once(oomkit::LiveHost& host) {
  const std::int64_t began = processor_time_ns();
  OOMKIT_TRY(oomkit::Snapshot snapshot, host.read(oomkit::HostQuery::next_victims(1)));
  OOMKIT_TRY(const oomkit::TopReport report,
             oomkit::make_top_report(std::move(snapshot), std::nullopt, {"host", false}));
  Scan scan;
  scan.processes = report.snapshot.host_state->tasks_seen.value_or(0);
  const auto& prediction = report.scopes.at(0).prediction;
  if (prediction && !prediction->would_kill.empty()) {
    const oomkit::Task& victim = report.snapshot.tasks[prediction->would_kill.front()];
    scan.victim = victim.comm + " (" + std::to_string(victim.pid) + ")";
  }
  scan.nanoseconds = processor_time_ns() - began;
  return scan;
}

// A page for the text of each that was read, and half a KiB.
std::int64_t open_files_kib() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return std::distance(begin(files), end(files)) * 9 / 2;
}

int complain(const oomkit::Error& error) {
  std::fprintf(stderr, "top_scan: %s\n", error.what.c_str());
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  const int wanted = oomkit::bench::count_argument(count, arguments);
  if (wanted == 0) {
    std::fputs("usage: top_scan SCANS\n", stderr);
    return 2;
  }
  const auto tree = oomkit::open_file_tree("/");
  if (!tree) return complain(tree.error());
  auto host = oomkit::LiveHost::create(**tree);
  if (!host) return complain(host.error());
  std::vector<Scan> scans;
  for (int i = 0; i < wanted + 2; ++i) {
    auto scan = scan_once(*host);
    if (!scan) return complain(scan.error());
    if (scan->victim.empty() || (i > 0 && scan->victim != scans[0].victim)) {
      std::fputs("top_scan: the victim is not the same each time\n", stderr);
      return 1;
    }
    scans.push_back(std::move(*scan));
  }
  const Scan first = scans[0];
  const Scan second = scans[1];
  std::sort(scans.begin() + 2, scans.end(),
            [](const Scan& a, const Scan& b) { return a.nanoseconds < b.nanoseconds; });
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%lld %lld %lld %ld %lld %lld %s\n", static_cast<long long>(first.nanoseconds),
              static_cast<long long>(second.nanoseconds),
              static_cast<long long>(scans[2 + (scans.size() - 2) / 2].nanoseconds),
              usage.ru_maxrss, static_cast<long long>(open_files_kib()),
              static_cast<long long>(first.processes), first.victim.c_str());
  return 0;
}
