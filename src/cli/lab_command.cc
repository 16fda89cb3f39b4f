// `oom lab`: experiments with a running out of memory, told step by step.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/lab_run.h"
#include "cli/option_word.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "lab/experiment.h"
#include "lab/experiment_story.h"
#include "render/escape.h"
#include "render/lab_json.h"
#include "render/lab_text.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

constexpr const char* kLabName = "lab";

constexpr const char* kLabFooter = R"(
Each experiment is a small scenario that happens on a real kernel in a virtual machine (root
is not needed), and is told step by step: the files that are written and read with the values
seen, who was killed and why, and whether the kernel kept to its rules.

Examples:
  oom lab list                              what there is
  oom lab show v2-oom-group-1               what it is about, and its scenario
  oom lab run v2-oom-group-1                on the newest kernel that was fetched
  oom lab run panic --kernel 5.10 --kernel 7.2
  oom lab run avoidance                     four strategies against the same leak, side by side
  oom lab run v1-limit --world here         in a memory cgroup of its own on this machine
  oom lab run v2-limit --world model        in a model of the kernel, in no time
  oom lab run --all --format markdown       everything, on all kernels

Exit status: 0 all as expected, 1 something is not, 2 wrong usage, 3 something is missing
here, 4 a bug, 130 interrupted.)";

struct ListArguments {
  std::string format = "text";
  std::string colour = "auto";
};

struct ShowArguments {
  std::string name = {};
};

std::string kernels_text(const Experiment& experiment) {
  std::string text;
  for (const std::string& kernel : experiment.scenario.host.kernels)
    text += (text.empty() ? "" : ", ") + kernel;
  return text;
}

Result<ExitCode> print_result(const std::string& text) {
  if (const Status written = write_standard_output(text); !written)
    return tl::unexpected(written.error());
  return ExitCode::done;
}

Result<ExitCode> list(const ListArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const std::size_t form, chosen_word("--format", arguments.format, {"text", "json"}));
  OOMKIT_TRY(const bool colour, wants_colour(arguments.colour, where, false));
  std::vector<LabEntry> entries;
  for (const Experiment& each : experiments()) {
    const LabSpec& lab = *each.scenario.lab;
    entries.push_back({std::string(each.name), lab.title, lab.topic, kernels_text(each), lab.here});
  }
  if (form == 1) return print_result(lab_list_json(entries));
  std::string out;
  append_lab_list({out, Paint(colour), static_cast<std::size_t>(result_columns(where))}, entries);
  return print_result(out);
}

Result<ExitCode> show(const ShowArguments& arguments) {
  OOMKIT_TRY(const std::vector<const Experiment*> found, find_experiments(arguments.name));
  const auto columns = static_cast<std::size_t>(result_columns(terminal()));
  std::string out;
  for (const Experiment* each : found) {
    const Scenario& scenario = each->scenario;
    if (!out.empty()) out += '\n';
    out += std::string(each->name) + ": " + scenario.lab->title + "\n\n";
    append_paragraph(out, visible(scenario.description), columns, 0);
    out += "\nneeds: " + machine_text(scenario.host);
    if (const std::string kernels = kernels_text(*each); !kernels.empty())
      out += ", kernel " + kernels;
    out += scenario.lab->here ? "; runs here too\n\n" : "\n\n";
    out += each->text;
  }
  return print_result(out);
}

std::shared_ptr<LabRunArguments> add_run(CLI::App& lab) {
  auto arguments = std::make_shared<LabRunArguments>();
  CLI::App* const run = lab.add_subcommand("run", "Lets experiments happen, and tells them");
  run->add_option("NAME", arguments->names, "Experiments, or families of them (panic)");
  run->add_flag("--all", arguments->all, "All of them");
  run->add_option("--kernel", arguments->kernels,
                  "5.10, 6.1, 6.12, 7.2, host, or the path of an image; may be given repeatedly")
      ->allow_extra_args(false);
  run->add_option("--world", arguments->world,
                  "vm: a virtual machine; model: a model of the kernel; here: a memory cgroup of "
                  "its own on this machine")
      ->capture_default_str();
  run->add_option("--seed", arguments->seed, "One seed, one run")->capture_default_str();
  run->add_option("--jobs", arguments->jobs,
                  "Machines side by side; 0: as many as there are processors")
      ->capture_default_str();
  run->add_flag("--table", arguments->table, "One line for each run, also when they are few");
  run->add_option("--format", arguments->format, "text, json or markdown")->capture_default_str();
  run->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  run->add_option("--record", arguments->record,
                  "Write the record and the kernel log of each run into this folder");
  run->add_flag("--resume", arguments->resume,
                "Run only what has no record in the folder of --record, of this kernel and seed");
  run->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  return arguments;
}

}  // namespace

Command add_lab_command(CLI::App& app) {
  CLI::App* const lab =
      app.add_subcommand(kLabName, "Experiments on real kernels, told step by step");
  lab->footer(kLabFooter);
  lab->require_subcommand(1);
  auto list_arguments = std::make_shared<ListArguments>();
  CLI::App* const list_command = lab->add_subcommand("list", "What experiments there are");
  list_command->add_option("--format", list_arguments->format, "text or json")
      ->capture_default_str();
  list_command->add_option("--color", list_arguments->colour, "auto, always or never")
      ->capture_default_str();
  auto show_arguments = std::make_shared<ShowArguments>();
  CLI::App* const show_command =
      lab->add_subcommand("show", "What an experiment is about, and its scenario");
  show_command->add_option("NAME", show_arguments->name, "An experiment, or a family of them")
      ->required();
  const std::shared_ptr<LabRunArguments> run_arguments = add_run(*lab);
  return {kLabName, [=]() -> Result<ExitCode> {
            if (list_command->parsed()) return list(*list_arguments);
            if (show_command->parsed()) return show(*show_arguments);
            return run_lab(*run_arguments);
          }};
}

}  // namespace oomkit
