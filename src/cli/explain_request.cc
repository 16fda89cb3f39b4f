#include "cli/explain_request.h"

#include <algorithm>

#include "cli/option_word.h"
#include "core/text.h"

namespace oomkit {
namespace {

tl::unexpected<Error> refuse(std::string sentence) {
  return fail(ErrorCode::usage, std::move(sentence));
}

Result<OutputFormat> format_of(const ExplainArguments& arguments) {
  const struct {
    const char* word;
    OutputFormat format;
  } formats[] = {{"text", OutputFormat::text},
                 {"json", OutputFormat::json},
                 {"html", OutputFormat::html},
                 {"markdown", OutputFormat::markdown}};
  std::vector<std::string> words;
  for (const auto& known : formats) {
    words.emplace_back(known.word);
    if (arguments.format != known.word) continue;
    if (!arguments.summary) return known.format;
    if (known.format == OutputFormat::text) return OutputFormat::summary;
    return refuse("--summary is a form of text: it does not go with --format " + arguments.format);
  }
  return refuse_word("--format", arguments.format, words);
}

Result<std::optional<std::size_t>> number_of(const std::optional<std::string>& text) {
  if (!text) return std::optional<std::size_t>();
  Cursor cursor(*text);
  const auto number = cursor.take_integer<std::uint32_t>();
  if (!number || *number == 0 || !cursor.at_end())
    return refuse("--only \"" + *text + "\": expected the number of a report, 1 or more");
  return std::optional<std::size_t>(*number);
}

Result<std::optional<TimeBound>> bound_of(const char* option,
                                          const std::optional<std::string>& text,
                                          const Calendar& now) {
  if (!text) return std::optional<TimeBound>();
  auto bound = parse_time_bound(*text, now);
  if (!bound) return fail(bound.error().code, std::string(option) + " " + bound.error().what);
  return std::optional<TimeBound>(*bound);
}

Status check_inputs(const ExplainArguments& arguments, const Terminal& terminal) {
  if (arguments.kmsg && (arguments.journal || !arguments.files.empty()))
    return refuse("--kmsg reads the kernel's buffer: give no FILE and no --journal with it");
  if (arguments.boot && !arguments.journal)
    return refuse("--boot chooses among the boots in a journal: add --journal");
  if (std::count(arguments.files.begin(), arguments.files.end(), "-") > 1)
    return refuse("\"-\" is standard input, which can be read only once");
  const bool reads_input =
      (arguments.files.empty() && !arguments.journal && !arguments.kmsg) ||
      std::find(arguments.files.begin(), arguments.files.end(), "-") != arguments.files.end();
  if (reads_input && arguments.files.empty() && terminal.input) {
    return refuse(
        "nothing to read: name a FILE, pipe a log in (dmesg | oom explain), or use --journal "
        "or --kmsg");
  }
  return {};
}

std::string without_end_slash(std::string path) {
  while (!path.empty() && path.back() == '/')
    path.pop_back();
  return path;
}

}  // namespace

Result<ExplainRequest> understand(const ExplainArguments& arguments, const Terminal& terminal,
                                  const Calendar& now) {
  ExplainRequest request;
  OOMKIT_TRY(request.render.format, format_of(arguments));
  OOMKIT_TRY(request.render.colour,
             wants_colour(arguments.colour, terminal, arguments.output.has_value()));
  OOMKIT_TRY(request.only, number_of(arguments.only));
  OOMKIT_TRY(request.since, bound_of("--since", arguments.since, now));
  OOMKIT_TRY(request.until, bound_of("--until", arguments.until, now));
  if (request.since && request.until && request.until->utc < request.since->utc)
    return refuse("--until is before --since: no report can lie between them");
  if (const Status inputs = check_inputs(arguments, terminal); !inputs)
    return tl::unexpected(inputs.error());
  request.files = arguments.files;
  request.journal = arguments.journal;
  request.kmsg = arguments.kmsg;
  if (request.files.empty() && !request.journal && !request.kmsg) request.files = {"-"};
  request.boot = arguments.boot;
  request.output = arguments.output;
  request.root = without_end_slash(arguments.root);
  request.plain_scan = arguments.plain_scan;
  request.now = now;
  request.render.redact = arguments.redact;
  request.render.columns = result_columns(terminal);
  return request;
}

}  // namespace oomkit
