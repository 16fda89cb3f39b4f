#include "cli/guard_status.h"

#include <CLI/CLI.hpp>

#include "cli/guard_sockets.h"
#include "cli/option_word.h"
#include "io/output_sink.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

constexpr const char* kStatusFooter = R"(
Tells how the guard that runs is: since when, by which policy and whether its file has changed
since, what each rule compares and how far that is from its limit, what was decided last, and
whether the guard itself is well. What the host does not tell is said as unknown.

The guard's helper answers, so that asking costs the process that kills nothing. For root the
socket is /run/oom-guard/status.sock, else oom-guard.sock in $XDG_RUNTIME_DIR.

Examples:
  oom guard status
  oom guard status --format json | jq '.rules[] | {name, state}'
  oom guard status --socket /run/my-guard.sock

Exit status: 0 done, 2 the command line makes no sense, 3 no guard runs or it does not answer, 4 a
bug.)";

// Longer than the helper needs to be started again.
constexpr std::chrono::seconds kPatienceWithGuard(5);
constexpr std::size_t kAnswerMax = std::size_t{4} << 20;

Result<std::string> request_of(const GuardStatusArguments& arguments) {
  OOMKIT_TRY(const std::size_t format, chosen_word("--format", arguments.format, {"text", "json"}));
  if (format == 1) return "json\n";
  const Terminal screen = terminal();
  OOMKIT_TRY(const bool colour, wants_colour(arguments.colour, screen, false));
  return "text " + std::to_string(result_columns(screen)) + (colour ? " colour\n" : "\n");
}

}  // namespace

bool GuardStatusArguments::is_asked_for() const {
  return command->parsed();
}

std::shared_ptr<GuardStatusArguments> add_guard_status(CLI::App& guard) {
  auto arguments = std::make_shared<GuardStatusArguments>();
  CLI::App* const command = guard.add_subcommand("status", "How the guard that runs is");
  command->footer(kStatusFooter);
  command->add_option("--format", arguments->format, "text or json");
  command->add_option("--socket", arguments->socket, "Where the guard answers, if not as usual");
  command->add_option("--color", arguments->colour, "auto, always or never");
  arguments->command = command;
  return arguments;
}

Result<ExitCode> run_guard_status(const GuardStatusArguments& arguments) {
  OOMKIT_TRY(const std::string request, request_of(arguments));
  const auto path = arguments.socket ? arguments.socket : usual_status_socket();
  if (!path) {
    return fail(ErrorCode::unsupported,
                "where does the guard answer? XDG_RUNTIME_DIR is not set; --socket PATH says it");
  }
  const Result<std::string> answer = ask_socket(*path, request, kPatienceWithGuard, kAnswerMax);
  if (!answer) {
    if (answer.error().code != ErrorCode::not_found) return tl::unexpected(answer.error());
    return fail(ErrorCode::unsupported,
                "no guard runs here (" + *path +
                    ": nobody answers); systemctl start oom-guard or oom guard --config FILE "
                    "starts one, --socket PATH asks one elsewhere");
  }
  if (answer->empty())
    return fail(ErrorCode::io, *path +
                                   ": the guard is there, but has not looked yet; try again "
                                   "in a second");
  const Status written = write_standard_output(*answer);
  if (!written) return tl::unexpected(written.error());
  return ExitCode::done;
}

}  // namespace oomkit
