// `oom snapshot`: this host as a file, to look at later or elsewhere.
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/host_input.h"
#include "io/output_sink.h"
#include "model/snapshot_json.h"
#include "render/snapshot_redact.h"

namespace oomkit {
namespace {

constexpr const char* kSnapshotName = "snapshot";

constexpr const char* kSnapshotFooter = R"(
Memory, settings, swap, pressure, every memory cgroup and every process, as JSON
(oomkit.snapshot/1). Commands that look at a host take it with --from.

Examples:
  oom snapshot -o now.json                 keep this moment
  oom top --once --from now.json           who would have died then?
  oom snapshot --anonymize -o shared.json  stand-ins for host, cgroups and users

Exit status: 0 done, 2 wrong usage, 3 something could not be read or written, 4 a bug.)";

struct SnapshotArguments {
  HostArguments host;
  std::optional<std::string> output;
  bool anonymize = false;
};

Result<ExitCode> run(const SnapshotArguments& arguments) {
  OOMKIT_TRY(HostInput input, HostInput::create(arguments.host));
  OOMKIT_TRY(Snapshot snapshot, input.read(HostQuery::everything()));
  if (arguments.anonymize) snapshot = anonymized(std::move(snapshot));
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  sink.append(to_json(snapshot));
  const Status written = sink.finish();
  if (!written && !sink.reader_gone()) return tl::unexpected(written.error());
  return ExitCode::done;
}

}  // namespace

Command add_snapshot_command(CLI::App& app) {
  auto arguments = std::make_shared<SnapshotArguments>();
  CLI::App* const command = app.add_subcommand(kSnapshotName, "Keep what a host is now, as a file");
  command->footer(kSnapshotFooter);
  command->add_option("-o,--output", arguments->output, "Write to this file, whole or not at all");
  command->add_flag("--anonymize", arguments->anonymize,
                    "Stand-ins for the host, cgroups and users, to share it");
  add_host_options(*command, arguments->host);
  return {kSnapshotName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
