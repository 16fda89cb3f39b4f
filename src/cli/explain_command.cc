// `oom explain`: why was it killed?
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/diagnostics.h"
#include "cli/explain_request.h"
#include "cli/explain_session.h"
#include "core/size_text.h"
#include "io/byte_source.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "io/spool.h"
#include "render/quantity.h"
#include "render/renderer.h"

namespace oomkit {
namespace {

constexpr const char* kExplainName = "explain";
constexpr std::size_t kPodsMax = 100'000;

constexpr const char* kExplainFooter = R"(
Reads logs as they are: dmesg in any of its forms, /dev/kmsg, syslog, journalctl, container
and CI logs, serial consoles, what people paste into mails; .gz, .xz and .zst too.

Examples:
  dmesg | oom explain                  why was it killed?
  oom explain /var/log/kern.log*       every kill in these files
  oom explain --journal --since -1d    of the last day, from the journal
  oom explain --summary kern.log       one line for each kill
  oom explain --only 3 --format html --output kill.html kern.log

Exit status: 0 found, 1 no kill found, 2 wrong usage, 3 something could not be read or
written, 4 a bug.)";

// Text that waits for the end of a document, in a temporary file when there is much of it.
class SpooledText final : public TextStore {
 public:
  void append(std::string_view text) override { spool_.append(text); }
  bool empty() const override { return spool_.empty(); }
  void drain(const std::function<void(std::string_view)>& output) override { spool_.drain(output); }

 private:
  Spool spool_;
};

bool is_journal_file(const std::string& path) {
  const auto ends_with = [&](std::string_view end) {
    return path.size() >= end.size() &&
           path.compare(path.size() - end.size(), end.size(), end) == 0;
  };
  return ends_with(".journal") || ends_with(".journal~");
}

JournalQuery journal_query(const ExplainRequest& request) {
  JournalQuery query;
  if (!request.root.empty()) query.directory = request.root + "/var/log/journal";
  query.files = request.files;
  query.boot = request.boot;
  if (request.since) query.since_us = request.since->utc.count();
  if (request.until) query.until_us = request.until->utc.count();
  return query;
}

// The sources asked for, opened one after the other.
class Inputs {
 public:
  explicit Inputs(const ExplainRequest& request) : request_(request) {}

  // A file that is not there is refused before anything is read or written.
  Status check() const {
    for (const std::string& file : request_.files) {
      if (file == "-") continue;
      if (Status readable = check_readable(file); !readable) return readable;
    }
    return {};
  }

  std::size_t count() const {
    return request_.journal || request_.kmsg ? 1 : request_.files.size();
  }

  Result<std::unique_ptr<ByteSource>> open(std::size_t index) const {
    if (request_.kmsg) return open_kmsg(request_.root + "/dev/kmsg");
    if (request_.journal) return open_journal(journal_query(request_));
    const std::string& file = request_.files[index];
    if (!is_journal_file(file)) return open_log_file(file);
    JournalQuery query = journal_query(request_);
    query.directory.reset();
    query.files = {file};
    return open_journal(query);
  }

 private:
  const ExplainRequest& request_;
};

// Why there is nothing to see: how much was read, and what was looked for.
std::string nothing_found(const ExplainRequest& request, const ExplainSession& session) {
  if (session.found() > 0) {
    const std::string count = session.found() == 1
                                  ? "there is 1 report"
                                  : "there are " + grouped_text(session.found()) + " reports";
    if (request.only)
      return "no report " + std::to_string(*request.only) + ": " + count + " in what was read";
    return count + ", and none lies in the time asked for";
  }
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  for (const InputLine& input : session.inputs()) {
    bytes += input.bytes;
    lines += input.lines;
  }
  std::string sentence = "no OOM kill in " + grouped_text(lines) + " lines (" +
                         size_text(Bytes(static_cast<std::int64_t>(bytes))) + ") of ";
  sentence += session.inputs().size() == 1 ? session.inputs().front().name
                                           : grouped_text(session.inputs().size()) + " inputs";
  sentence +=
      "; looked for the kernel's OOM reports and kill lines and for kills by systemd-oomd, "
      "earlyoom, oomd, nohang, lmkd and kubelet";
  if (session.others() > 0) {
    sentence += "; " + grouped_text(session.others()) +
                (session.others() == 1 ? " other event is no kill" : " other events are no kills");
  }
  return sentence;
}

Result<ExitCode> run(const ExplainArguments& arguments) {
  OOMKIT_TRY(ExplainRequest request, understand(arguments, terminal(), calendar_now()));
  const Inputs inputs(request);
  if (Status readable = inputs.check(); !readable) return tl::unexpected(readable.error());
  request.render.make_store = [] { return std::make_unique<SpooledText>(); };

  // The first input is opened before the output is touched, so that a refusal leaves no trace.
  OOMKIT_TRY(std::unique_ptr<ByteSource> source, inputs.open(0));
  std::optional<OutputSink> sink;
  if (request.output && *request.output != "-") {
    OOMKIT_TRY(OutputSink file, OutputSink::file(*request.output));
    sink.emplace(std::move(file));
  } else {
    sink.emplace(OutputSink::standard_output());
  }
  ExplainSession session(
      request,
      {.pod_directories = folder_names(request.root + "/var/log/pods", kPodsMax),
       .brief = request.render.format == OutputFormat::summary},
      make_renderer(request.render, [&](std::string_view text) { sink->append(text); }));
  session.begin();
  const auto stop = [&] { return sink->failed(); };
  Status problem;
  for (std::size_t i = 0; i < inputs.count() && problem && !stop(); ++i) {
    if (i > 0) {
      OOMKIT_TRY(source, inputs.open(i));
    }
    problem = session.read(*source, stop);
  }
  session.end();
  // Of a result that lacks what could not be read, a file would look like all of it.
  if (!problem && request.output) return tl::unexpected(problem.error());
  const Status written = sink->finish();
  if (sink->reader_gone()) return ExitCode::done;
  if (!written) return tl::unexpected(written.error());
  if (!problem) return tl::unexpected(problem.error());
  if (session.shown() > 0) return ExitCode::done;
  complain(kExplainName, nothing_found(request, session));
  return ExitCode::nothing;
}

}  // namespace

Command add_explain_command(CLI::App& app) {
  auto arguments = std::make_shared<ExplainArguments>();
  CLI::App* const command =
      app.add_subcommand(kExplainName, "Why was it killed? Explains kernel logs");
  command->footer(kExplainFooter);
  command->add_option("FILE", arguments->files,
                      "Kernel logs; - or nothing is standard input, *.journal a journal file");
  command->add_flag("--journal", arguments->journal,
                    "Read the systemd journal (with FILE: these journal files)");
  command->add_option("--since", arguments->since,
                      "Only kills since then: \"2026-11-21 12:00\", yesterday, -1h");
  command->add_option("--until", arguments->until, "Only kills until then");
  command
      ->add_option("--boot", arguments->boot, "Which boot of the journal: 0 is this, -1 the last")
      ->expected(0, 1)
      ->default_str("0");
  command->add_flag("--kmsg", arguments->kmsg, "Read the kernel's own buffer, /dev/kmsg");
  command->add_option("--format", arguments->format, "text, json, html or markdown")
      ->capture_default_str();
  command->add_flag("--summary", arguments->summary, "One line for each kill");
  command->add_option("--only", arguments->only, "Only this report, by its number");
  command->add_flag("--redact", arguments->redact,
                    "Stand-ins for hosts, users, paths and ids, to share the result");
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  command->add_option("--root", arguments->root, "Read /var, /dev and the like below this folder")
      ->capture_default_str();
  command->add_flag("--plain-scan", arguments->plain_scan, "")->group("");
  return {kExplainName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
