#include "cli/host_input.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "io/machine.h"
#include "io/process_environment.h"
#include "model/snapshot_json.h"

namespace oomkit {
namespace {

constexpr std::size_t kSnapshotMax = 512UL << 20;

Result<Snapshot> kept_snapshot(const std::string& path) {
  OOMKIT_TRY(const std::string text, read_whole(path, kSnapshotMax));
  Result<Snapshot> snapshot = parse_snapshot(text);
  if (!snapshot) return fail(snapshot.error().code, path + ": " + snapshot.error().what);
  return snapshot;
}

void stamp(Snapshot& snapshot) {
  snapshot.time = WallTime{calendar_now().utc, true, true};
}

}  // namespace

void add_host_options(CLI::App& command, HostArguments& arguments) {
  command.add_option("--from", arguments.from,
                     "Work on a snapshot that was kept, not on this host");
  command.add_option("--root", arguments.root, "Read /proc and /sys below this folder")
      ->capture_default_str();
}

Result<HostInput> HostInput::create(const HostArguments& arguments) {
  HostInput input;
  if (arguments.from) {
    if (arguments.root != "/") {
      return fail(ErrorCode::usage, "--from and --root are two different hosts: give one of them");
    }
    OOMKIT_TRY(input.kept_, kept_snapshot(*arguments.from));
    return input;
  }
  OOMKIT_TRY(input.tree_, open_file_tree(arguments.root));
  OOMKIT_TRY(LiveHost host, LiveHost::create(*input.tree_));
  input.host_ = std::make_unique<LiveHost>(std::move(host));
  input.live_ = arguments.root == "/";
  return input;
}

Result<Snapshot> HostInput::read(const HostQuery& query) {
  if (kept_) return *kept_;
  Result<Snapshot> snapshot = host_->read(query);
  if (snapshot && live_) stamp(*snapshot);
  return snapshot;
}

Result<Snapshot> HostInput::read_amounts() {
  if (kept_) return *kept_;
  return host_->read_amounts();
}

tl::expected<SmapsText, std::string> HostInput::read_smaps(std::int64_t pid) {
  if (!host_) return tl::unexpected<std::string>("a snapshot does not say what a process shares");
  const auto smaps = host_->read_smaps(pid);
  if (smaps) return *smaps;
  switch (smaps.error()) {
    case ErrorCode::denied:
      return tl::unexpected<std::string>("its memory map may not be read: run with sudo");
    case ErrorCode::not_found:
      return tl::unexpected<std::string>("it is gone, or this kernel has no smaps_rollup (4.14)");
    default:
      return tl::unexpected<std::string>("its memory map cannot be read");
  }
}

bool HostInput::read_task_again(Snapshot& snapshot, std::size_t index) {
  return live_ && host_->read_task_again(snapshot, index);
}

}  // namespace oomkit
