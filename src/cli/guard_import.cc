#include "cli/guard_import.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/diagnostics.h"
#include "cli/option_word.h"
#include "cli/scenario_file.h"
#include "cli/systemd_files.h"
#include "core/diagnostic.h"
#include "import/import.h"
#include "io/machine.h"
#include "io/output_sink.h"
#include "render/escape.h"

namespace oomkit {
namespace {

constexpr const char* kImportFooter = R"(
Prints a policy that does what the other program would do. What cannot be carried over is said on
stderr, each with its line and what is nearest.

  earlyoom FILE|ARGS...      /etc/default/earlyoom, a unit, or its arguments
  oomd FILE                  oomd.json
  nohang FILE                nohang.conf
  systemd-oomd [FILE...]     oomd.conf, units and their drop-ins, .oomrule files, or folders like
                             /etc/systemd; without any those of this host

Examples:
  oom guard import earlyoom -m 5 -s 10 --prefer '^chrome$'
  oom guard import --output policy.toml nohang /etc/nohang/nohang.conf

Exit status: 0 done, 1 nothing in it makes a rule, 2 it makes no sense, 3 something could not be
read, 4 a bug.)";

std::string join(std::span<const std::string> words) {
  std::string line;
  for (const std::string& word : words)
    line += (line.empty() ? "" : " ") + word;
  return line;
}

Result<std::vector<ImportSource>> read_sources(std::span<const std::string> paths) {
  std::vector<ImportSource> sources;
  for (const std::string& path : paths) {
    OOMKIT_TRY(std::string text, read_whole(path, kImportBytesMax));
    sources.push_back({path, std::move(text)});
  }
  return sources;
}

Result<std::vector<ImportSource>> systemd_sources(std::span<const std::string> paths,
                                                  const std::string& root) {
  if (paths.empty()) return host_systemd_files(root);
  std::vector<ImportSource> sources;
  for (const std::string& path : paths) {
    OOMKIT_TRY(std::vector<ImportSource> more,
               is_folder(path) ? folder_systemd_files(path) : read_sources(std::span(&path, 1)));
    std::move(more.begin(), more.end(), std::back_inserter(sources));
  }
  return sources;
}

Result<ExitCode> hand_out(const Imported& imported, std::span<const ImportSource> sources,
                          const std::string& output) {
  if (!imported.errors.empty()) {
    std::string text;
    for (const ImportError& error : imported.errors) {
      const bool is_known = error.source < sources.size();
      text += diagnostic_text(error.diagnostic, is_known ? sources[error.source].name : "import",
                              is_known ? sources[error.source].text : "");
    }
    complain_in_full("guard import", {ErrorCode::malformed, std::move(text)});
    return ExitCode::usage;
  }
  const bool are_arguments = sources.size() == 1 && sources[0].name == "arguments";
  for (const ImportNote& note : imported.notes) {
    std::string line;
    append_visible(line,
                   note_text(note, are_arguments ? std::span<const ImportSource>() : sources));
    say(line + '\n');
  }
  if (imported.policy.empty()) {
    complain("guard import", "nothing in it makes a rule");
    return ExitCode::nothing;
  }
  const Status written = output.empty() ? write_standard_output(imported.policy)
                                        : write_whole(output, imported.policy);
  if (!written) return tl::unexpected(written.error());
  return ExitCode::done;
}

}  // namespace

bool GuardImport::is_asked_for() const {
  return command->parsed();
}

std::shared_ptr<GuardImport> add_guard_import(CLI::App& guard) {
  auto arguments = std::make_shared<GuardImport>();
  CLI::App* const command =
      guard.add_subcommand("import", "Another program's configuration as a policy");
  command->footer(kImportFooter);
  // Everything from the program's name on is its own.
  command->prefix_command();
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--root", arguments->root,
                      "Look for the files of systemd below DIR instead of /");
  arguments->command = command;
  return arguments;
}

Result<ExitCode> run_guard_import(const GuardImport& arguments) {
  const std::vector<std::string> words = arguments.command->remaining();
  if (words.empty())
    return fail(ErrorCode::usage, "import from what? earlyoom, oomd, nohang or systemd-oomd");
  const auto names = import_tool_names();
  const std::vector<std::string> known(names.begin(), names.end());
  OOMKIT_TRY(const std::size_t index, chosen_word("import", words.front(), known));
  const auto tool = static_cast<ImportTool>(index);
  const auto rest = std::span(words).subspan(1);
  if (tool == ImportTool::earlyoom && (rest.empty() || rest.front().starts_with('-'))) {
    const std::vector<ImportSource> line = {{"arguments", join(rest)}};
    return hand_out(import_earlyoom_arguments(rest), line, arguments.output);
  }
  if (rest.empty() && tool != ImportTool::systemd_oomd)
    return fail(ErrorCode::usage, "import " + words.front() + " from which file?");
  OOMKIT_TRY(const std::vector<ImportSource> sources, tool == ImportTool::systemd_oomd
                                                          ? systemd_sources(rest, arguments.root)
                                                          : read_sources(rest));
  return hand_out(import_policy(tool, sources), sources, arguments.output);
}

}  // namespace oomkit
