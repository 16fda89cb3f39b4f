// Where a host is read from: this machine, a captured tree of one (--root), or a snapshot
// that was kept (--from). The same for every command that needs a host.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "io/file_tree.h"
#include "sources/live_host.h"

namespace CLI {  // NOLINT(readability-identifier-naming): its own spelling.
class App;
}  // namespace CLI

namespace oomkit {

struct HostArguments {
  std::optional<std::string> from;
  std::string root = "/";
};

// Adds --from and --root.
void add_host_options(CLI::App& command, HostArguments& arguments);

class HostInput {
 public:
  static Result<HostInput> create(const HostArguments& arguments);

  // Whether it changes from one reading to the next.
  bool is_live() const { return live_; }
  bool is_kept() const { return kept_.has_value(); }

  Result<Snapshot> read(const HostQuery& query);
  // Nothing but what grows; the same as read() for a kept snapshot.
  Result<Snapshot> read_amounts();
  // What a process shares and has alone; why not, if that is not to be had.
  tl::expected<SmapsText, std::string> read_smaps(std::int64_t pid);
  // Task `index` once more with its score; false if that cannot be.
  bool read_task_again(Snapshot& snapshot, std::size_t index);

 private:
  HostInput() = default;

  std::optional<Snapshot> kept_;
  std::unique_ptr<FileTree> tree_;
  std::unique_ptr<LiveHost> host_;
  bool live_ = false;
};

}  // namespace oomkit
