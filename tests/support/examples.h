// Reports put together by hand for examples/: plausible machines whose numbers add up.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "model/oom_report.h"

namespace oomkit::test {

// A process of an example, in pages; its page tables in KiB.
struct Row {
  std::int64_t pid = 0;
  std::int64_t uid = 0;
  std::string_view comm;
  std::int64_t total_vm = 0;
  std::int64_t anon = 0;
  std::int64_t file = 0;
  std::int64_t shmem = 0;
  std::int64_t swap = 0;
  std::int64_t pgtables_kib = 0;
  int adj = 0;
};

std::vector<Task> tasks_of(const std::vector<Row>& rows);

// The report of a kill of the process `pid`, with its trigger and table.
OomReport kill_report(const std::vector<Row>& rows, std::int64_t pid);

// A broker's container on 6.1, full of socket buffers.
OomReport socket_memory_example();

// A host of 4 GiB on 5.10 whose swap is used up.
OomReport swap_full_example();

// A host on 4.15 with much free memory and no block of 32 KiB.
OomReport fragmentation_example();

// A pod on 5.15 in which three processes are killed before the one that grows.
struct TimedReport {
  std::chrono::seconds after;  // The first.
  OomReport report;
};
std::vector<TimedReport> three_kills_example();

}  // namespace oomkit::test
