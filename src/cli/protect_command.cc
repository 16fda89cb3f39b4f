// `oom protect`: these shall live.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "act/protect_do.h"
#include "cli/command.h"
#include "cli/host_input.h"
#include "cli/option_word.h"
#include "cli/protect_output.h"
#include "core/size_text.h"
#include "io/child_process.h"
#include "io/machine.h"
#include "io/output_sink.h"

namespace oomkit {
namespace {

constexpr const char* kProtectName = "protect";

constexpr const char* kProtectFooter = R"(
TARGET is a pid, the name of processes ("sshd", "name:sshd"), or a systemd unit
("mariadb.service"). Processes get their oom_score_adj, which is one for all threads of a
process and is inherited by what it starts later; --children adds what descends from it now.
A unit gets a drop-in with OOMScoreAdjust=, MemoryMin= and MemoryLow=, and its processes and
its cgroup get the values at once. Without --score and memory the score is -999: the last to
die, but not exempt, for one that nobody may kill takes the machine down when it leaks.

Examples:
  oom protect 2211 --score -500            this process
  oom protect name:sshd --children         all of that name, with their sessions
  oom protect mariadb.service --memory-min 2G --dry-run      show what would change
  oom protect --undo mariadb.service       as it was before
  oom protect --undo                       all that was protected

What was there before is kept in /var/lib/oomkit, or in $XDG_STATE_HOME/oomkit.

Exit status: 0 done, 1 there was nothing to undo, or somebody changed it since, 2 wrong usage
or no such target, 3 it may not be done here (who may is said), 4 a bug.)";

struct ProtectArguments {
  std::vector<std::string> targets;
  std::optional<int> score;
  std::optional<std::string> memory_min, memory_low;
  bool children = false;
  bool user = false;
  bool dry_run = false;
  bool undo = false;
  std::string root = "/";
  std::string format = "text";
};

// The folder of `variable`, or `otherwise` below the home, without the leading slash.
std::optional<std::string> user_folder(const char* variable, const std::string& otherwise) {
  if (const auto chosen = environment_variable(variable); chosen && chosen->starts_with('/'))
    return chosen->substr(1);
  if (const auto home = environment_variable("HOME"); home && home->starts_with('/'))
    return home->substr(1) + otherwise;
  return std::nullopt;
}

std::string state_path(bool live) {
  if (live && (!is_root() || environment_variable("XDG_STATE_HOME"))) {
    if (const auto folder = user_folder("XDG_STATE_HOME", "/.local/state"))
      return *folder + "/oomkit/protect.json";
  }
  return "var/lib/oomkit/protect.json";
}

Status daemon_reload(bool user) {
  constexpr std::string_view kFolders[] = {"/usr/bin", "/bin"};
  const auto program = find_program("systemctl", kFolders);
  if (!program) return fail(ErrorCode::unsupported, "systemctl is not installed");
  OOMKIT_TRY(Pipe pipe, make_pipe(std::size_t{1} << 16));
  ChildSpec spec{*program, {"daemon-reload"}, {}, pipe.write_end.get()};
  if (user) spec.arguments.insert(spec.arguments.begin(), "--user");
  OOMKIT_TRY(ChildProcess child, ChildProcess::start(spec));
  pipe.write_end = FileDescriptor();
  constexpr std::size_t kWordsMax = 4096;
  std::string words = read_to_end(pipe.read_end.get(), kWordsMax);
  if (child.wait() == 0) return {};
  while (!words.empty() && words.back() == '\n')
    words.pop_back();
  return fail(ErrorCode::denied,
              "systemctl daemon-reload: " + (words.empty() ? std::string("it failed") : words) +
                  "; run with sudo");
}

Result<ProtectRequest> protect_request(const ProtectArguments& arguments) {
  ProtectRequest request;
  request.score = arguments.score;
  request.children = arguments.children;
  const auto size = [](const char* option, const std::optional<std::string>& text,
                       std::optional<Bytes>& field) -> Status {
    if (!text) return {};
    const Result<Bytes> bytes = parse_size(*text);
    if (!bytes) return fail(ErrorCode::usage, std::string(option) + ": " + bytes.error().what);
    field = *bytes;
    return {};
  };
  if (Status min = size("--memory-min", arguments.memory_min, request.memory_min); !min)
    return tl::unexpected(min.error());
  if (Status low = size("--memory-low", arguments.memory_low, request.memory_low); !low)
    return tl::unexpected(low.error());
  return request;
}

Result<UnitFolders> unit_folders(const ProtectArguments& arguments) {
  if (!arguments.user) return system_unit_folders();
  const auto config = user_folder("XDG_CONFIG_HOME", "/.config");
  if (!config) return fail(ErrorCode::unsupported, "--user: HOME is not set");
  return user_unit_folders(*config);
}

Result<ExitCode> undo(const ProtectArguments& arguments, const Protector& protector, bool json) {
  if (arguments.score || arguments.memory_min || arguments.memory_low || arguments.children)
    return fail(ErrorCode::usage, "--undo takes back what was done: it goes with TARGET alone");
  std::vector<std::optional<std::string>> targets;
  for (const std::string& target : arguments.targets) {
    OOMKIT_TRY(const ProtectTarget parsed, parse_protect_target(target));
    targets.emplace_back(canonical_text(parsed));
  }
  if (targets.empty()) targets.emplace_back();
  Protector::Undone all;
  for (const auto& target : targets) {
    OOMKIT_TRY(Protector::Undone undone, protector.undo(target, arguments.dry_run));
    if (!undone.found) {
      undone.left.push_back((target ? *target : std::string("everything")) +
                            " alone: it was not protected by this tool");
    }
    all.found |= undone.found;
    all.done.insert(all.done.end(), undone.done.begin(), undone.done.end());
    all.kept.insert(all.kept.end(), undone.kept.begin(), undone.kept.end());
    all.left.insert(all.left.end(), undone.left.begin(), undone.left.end());
  }
  const std::string text =
      json ? undo_json(all, arguments.dry_run) : undo_text(all, arguments.dry_run);
  if (Status written = write_standard_output(text); !written)
    return tl::unexpected(written.error());
  return all.left.empty() ? ExitCode::done : ExitCode::nothing;
}

// All are planned before the first is done: one that is wrong changes nothing.
Result<std::vector<ProtectPlan>> plan_all(const ProtectArguments& arguments,
                                          const ProtectRequest& request, const WritableTree& tree) {
  OOMKIT_TRY(const UnitFolders folders, unit_folders(arguments));
  OOMKIT_TRY(HostInput input, HostInput::create({std::nullopt, arguments.root}));
  OOMKIT_TRY(const Snapshot snapshot, input.read(HostQuery::everything()));
  std::vector<ProtectPlan> plans;
  for (const std::string& target : arguments.targets) {
    OOMKIT_TRY(const ProtectTarget parsed, parse_protect_target(target));
    if (parsed.kind == ProtectTarget::Kind::unit && input.is_live() &&
        !is_folder("/run/systemd/system")) {
      return fail(ErrorCode::unsupported,
                  target + ": systemd does not run here; name the processes instead");
    }
    Result<ProtectPlan> plan =
        plan_protection(snapshot, target, request, folders,
                        [&tree](const std::string& path) { return tree.read(path); });
    if (!plan && plan.error().code == ErrorCode::not_found) {
      return fail(ErrorCode::not_found,
                  plan.error().what + suggestion(parsed.word, known_targets(snapshot, parsed)));
    }
    if (!plan) return tl::unexpected(plan.error());
    plans.push_back(std::move(*plan));
  }
  return plans;
}

Result<ExitCode> run(const ProtectArguments& arguments) {
  OOMKIT_TRY(const std::size_t format, chosen_word("--format", arguments.format, {"text", "json"}));
  OOMKIT_TRY(const ProtectRequest request, protect_request(arguments));
  if (arguments.targets.empty() && !arguments.undo)
    return fail(ErrorCode::usage, "whom? give a pid, a process name or a systemd unit");
  OOMKIT_TRY(const WritableTree tree, WritableTree::create(arguments.root));
  const bool live = tree.full_name("") == "/";
  const auto reload = [live, user = arguments.user]() -> Status {
    return live ? daemon_reload(user) : Status();
  };
  const Protector protector(tree, state_path(live), reload);
  std::optional<FolderLock> lock;
  if (!arguments.dry_run) {
    OOMKIT_TRY(FolderLock held, protector.lock());
    lock.emplace(std::move(held));
  }
  if (arguments.undo) return undo(arguments, protector, format == 1);
  OOMKIT_TRY(const std::vector<ProtectPlan> plans, plan_all(arguments, request, tree));
  if (!arguments.dry_run) {
    for (const ProtectPlan& plan : plans) {
      if (Status done = protector.protect(plan); !done) return tl::unexpected(done.error());
    }
  }
  const std::string root = tree.full_name("");
  ProtectWords words{arguments.dry_run, root.substr(0, root.size() - 1), ""};
  if (live)
    words.reload_words =
        arguments.user ? "systemctl --user daemon-reload" : "systemctl daemon-reload";
  const Status written =
      write_standard_output(format == 1 ? protect_json(plans, words) : protect_text(plans, words));
  if (!written) return tl::unexpected(written.error());
  return ExitCode::done;
}

}  // namespace

Command add_protect_command(CLI::App& app) {
  auto arguments = std::make_shared<ProtectArguments>();
  CLI::App* const command =
      app.add_subcommand(kProtectName, "Let processes or units live: scores and protected memory");
  command->footer(kProtectFooter);
  command->add_option("TARGET", arguments->targets, "A pid, a process name, or a systemd unit");
  command->add_option("--score", arguments->score,
                      "oom_score_adj: -1000 exempt, -999 last, 0 by its size, 1000 first");
  command->add_option("--memory-min", arguments->memory_min,
                      "Memory of a unit that is never reclaimed: 512M, 2G");
  command->add_option("--memory-low", arguments->memory_low,
                      "Memory of a unit that is reclaimed only when nothing else is left");
  command->add_flag("--children", arguments->children, "And all processes that descend from it");
  command->add_flag("--user", arguments->user, "Units are those of the user's own manager");
  command->add_flag("--dry-run", arguments->dry_run, "Show what would change, and change nothing");
  command->add_flag("--undo", arguments->undo, "Take back what was changed");
  command->add_option("--root", arguments->root, "Work on the tree below this folder")
      ->capture_default_str();
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  return {kProtectName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
