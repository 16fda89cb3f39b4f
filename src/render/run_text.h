// Run records as people read them: a column a kernel, and what differs between two records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/run_record.h"
#include "render/text_screen.h"

namespace oomkit {

// One column: a run, or why there is none.
struct RunColumn {
  std::string kernel;  // "6.1": what it was asked for by.
  const RunRecord* record = nullptr;
  std::optional<std::int64_t> boot_ms;
  std::string problem;  // When there is no record.
};

// "two.toml    6.1.0-50    7.2.13 ..." with a row for each thing worth comparing, then what
// did not hold and what is doubtful.
void append_run_table(TextScreen screen, const std::string& scenario_file,
                      const std::vector<RunColumn>& columns);

// "after 3.6 s, as wanted": when a run ended, and by what.
std::string run_end_text(const RunRecord& record);

// "6.1.0-50-cloud-amd64" as "6.1.0-50".
std::string short_release(std::string_view release);

}  // namespace oomkit
