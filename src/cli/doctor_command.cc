// `oom doctor`: is this host set up to survive running out of memory?
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/host_input.h"
#include "cli/option_word.h"
#include "doctor/catalogue.h"
#include "doctor/kill_log.h"
#include "io/byte_source.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "render/doctor_text.h"
#include "render/width.h"

namespace oomkit {
namespace {

constexpr const char* kDoctorName = "doctor";

constexpr const char* kDoctorFooter = R"(
Looks at how this host would run out of memory: overcommit, swap, reserves and watermarks,
who could be killed and who must not be, cgroup limits, what is left for a post-mortem, and
who has been killed already. Each finding comes with its reason and with commands for a root
shell, with values for this host. Reading is all that it does.

Examples:
  oom doctor                               this host
  oom doctor --from now.json               a host that "oom snapshot" kept
  oom doctor --list                        what it looks at
  oom doctor --format json | jq '.checks[] | select(.status == "critical")'

Exit status: 0 nothing is critical, 1 something is, 2 wrong usage, 3 something could not be
read, 4 a bug.)";

struct DoctorArguments {
  HostArguments host;
  bool list = false;
  std::string format = "text";
  std::string colour = "auto";
  std::optional<std::string> output;
};

std::string list_of_checks() {
  std::string text;
  for (const CheckEntry& entry : check_catalogue()) {
    append_left(text, entry.id, 18);
    text += entry.about;
    text += '\n';
  }
  return text;
}

// Of this machine alone: another one's log is not in its snapshot.
std::optional<LoggedKills> kernel_log(const HostInput& input) {
  if (!input.is_live()) return std::nullopt;
  auto source = open_kmsg("/dev/kmsg");
  if (!source) return std::nullopt;
  KillLog log((*source)->name());
  LogReader reader((*source)->name(), log);
  constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
  std::vector<char> buffer(kBlockBytes);
  while (true) {
    const Result<std::size_t> size = (*source)->read(buffer);
    if (!size) return std::nullopt;
    if (*size == 0) break;
    reader.feed(std::string_view(buffer.data(), *size));
  }
  reader.finish();
  return log.kills();
}

Result<ExitCode> run(const DoctorArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const std::size_t format, chosen_word("--format", arguments.format, {"text", "json"}));
  OOMKIT_TRY(const bool colour,
             wants_colour(arguments.colour, where, arguments.output.has_value()));
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  if (arguments.list) {
    sink.append(list_of_checks());
    const Status listed = sink.finish();
    if (!listed && !sink.reader_gone()) return tl::unexpected(listed.error());
    return ExitCode::done;
  }
  OOMKIT_TRY(HostInput input, HostInput::create(arguments.host));
  OOMKIT_TRY(const Snapshot snapshot, input.read(HostQuery::everything()));
  const DoctorReport report = examine({snapshot, kernel_log(input)});
  if (format == 1) {
    sink.append(doctor_json(snapshot, report));
  } else {
    const auto columns = static_cast<std::size_t>(result_columns(where));
    sink.append(doctor_text(snapshot, report, {columns, colour}));
  }
  const Status written = sink.finish();
  if (!written && !sink.reader_gone()) return tl::unexpected(written.error());
  return report.count(CheckStatus::critical) > 0 ? ExitCode::nothing : ExitCode::done;
}

}  // namespace

Command add_doctor_command(CLI::App& app) {
  auto arguments = std::make_shared<DoctorArguments>();
  CLI::App* const command =
      app.add_subcommand(kDoctorName, "Is this host set up to survive running out of memory?");
  command->footer(kDoctorFooter);
  command->add_flag("--list", arguments->list, "What is looked at, by id");
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  command->add_option("-o,--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  add_host_options(*command, arguments->host);
  return {kDoctorName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
