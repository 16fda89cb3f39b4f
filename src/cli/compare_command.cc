// `oom compare`: do two runs of a scenario agree?
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/option_word.h"
#include "io/machine.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "model/run_record_json.h"
#include "render/run_comparison.h"

namespace oomkit {
namespace {

constexpr const char* kCompareName = "compare";
constexpr std::size_t kRecordMax = std::size_t{256} << 20;

constexpr const char* kCompareFooter = R"(
Example:
  oom rehearse two.toml --kernel 5.10 --kernel 7.2 --record two.json
  oom compare two.5.10.json two.7.2.json

Exit status: 0 the same victims, survivors and events, 1 they differ, 2 wrong usage or no run
record, 3 something could not be read or written, 4 a bug.)";

struct CompareArguments {
  std::string a, b;
  std::optional<std::string> output;
  std::string format = "text";
  std::string colour = "auto";
};

Result<RunRecord> read_record(const std::string& path) {
  OOMKIT_TRY(const std::string text, read_whole(path, kRecordMax));
  Result<RunRecord> record = parse_run_record(text);
  if (!record) return fail(record.error().code, path + ": " + record.error().what);
  return record;
}

Result<ExitCode> run(const CompareArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const std::size_t form, chosen_word("--format", arguments.format, {"text", "json"}));
  OOMKIT_TRY(const bool colour,
             wants_colour(arguments.colour, where, arguments.output.has_value()));
  OOMKIT_TRY(const RunRecord a, read_record(arguments.a));
  OOMKIT_TRY(const RunRecord b, read_record(arguments.b));
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  const RunComparison comparison = compare_runs(a, b);
  std::string text;
  if (form == 1) {
    text = comparison_json(comparison, arguments.a, arguments.b);
  } else {
    append_comparison({text, Paint(colour), static_cast<std::size_t>(result_columns(where))},
                      comparison, arguments.a, arguments.b);
  }
  sink.append(text);
  if (const Status written = sink.finish(); !written && !sink.reader_gone())
    return tl::unexpected(written.error());
  return comparison.same ? ExitCode::done : ExitCode::nothing;
}

}  // namespace

Command add_compare_command(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* const command = app.add_subcommand(kCompareName, "Do two runs of a scenario agree?");
  command->footer(kCompareFooter);
  command->add_option("A", arguments->a, "A run record (oomkit.run/1)")->required();
  command->add_option("B", arguments->b, "Another one")->required();
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  return {kCompareName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
