// The host's memory, settings and pressure, from procfs and sysfs into a snapshot.
#pragma once

#include <optional>
#include <vector>

#include "io/file_tree.h"
#include "model/snapshot.h"
#include "sources/mounts.h"

namespace oomkit {

class HostSource {
 public:
  // The folders stay open: a second reading opens only the files.
  static Result<HostSource> create(const FileTree& tree);

  // Release, host name, page size, memory, settings, swap, pressure, the tasks' number apart.
  void read(Snapshot& snapshot);
  // What is read once and seldom: after a crash, and at boot. `read` comes first.
  void read_setup(Snapshot& snapshot);
  Mounts read_mounts(SourceGaps& gaps);

 private:
  HostSource(std::unique_ptr<OpenFolder> proc, std::unique_ptr<OpenFolder> sys)
      : proc_(std::move(proc)), sys_(std::move(sys)) {}

  // The file's text; a gap is counted if it cannot be read.
  std::optional<std::string_view> text(const OpenFolder& folder, std::string_view path,
                                       SourceGaps& gaps);
  void read_names(Snapshot& snapshot);
  void read_memory(Snapshot& snapshot, HostState& host);
  void read_settings(HostState& host, SourceGaps& gaps);
  void read_swap(HostState& host, SourceGaps& gaps);
  void read_pressure(HostState& host, SourceGaps& gaps);
  std::optional<PageSize> page_size_by_own_size();

  std::unique_ptr<OpenFolder> proc_;
  std::unique_ptr<OpenFolder> sys_;  // Absent where a capture has none.
  std::vector<char> buffer_;
};

}  // namespace oomkit
