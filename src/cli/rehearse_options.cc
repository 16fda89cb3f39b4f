#include "cli/rehearse_options.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "cli/guard_program.h"
#include "cli/option_word.h"
#include "cli/policy_file.h"
#include "cli/simulate_policy.h"
#include "io/machine.h"
#include "policy/policy_parse.h"

namespace oomkit {
namespace {

constexpr double kTimeoutMax = 86'400;

std::string list_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool is_meant_for(const Scenario& scenario, const KernelImage& kernel) {
  const auto& kernels = scenario.host.kernels;
  return kernels.empty() || std::any_of(kernels.begin(), kernels.end(), [&](const auto& version) {
           return is_kernel(version, kernel.release);
         });
}

// Without --kernel: the newest fetched one that the scenario is meant for.
Result<KernelImage> default_kernel(const ScenarioFile& file) {
  const std::vector<std::string> fetched = fetched_kernels();
  for (auto name = fetched.rbegin(); name != fetched.rend(); ++name) {
    Result<KernelImage> image = find_kernel(*name);
    if (!image || is_meant_for(file.scenario, *image)) return image;
  }
  if (!file.scenario.host.kernels.empty()) return find_kernel(file.scenario.host.kernels.back());
  return fail(ErrorCode::unsupported, "no kernel in " + kernels_folder() +
                                          "; ./dev kernels fetches four of them, or name one "
                                          "with --kernel");
}

Result<std::vector<KernelImage>> kernels_for(const RehearseArguments& arguments,
                                             const ScenarioFile& file) {
  std::vector<KernelImage> images;
  if (arguments.kernels.empty()) {
    OOMKIT_TRY(KernelImage image, default_kernel(file));
    images.push_back(std::move(image));
  }
  for (const std::string& word : arguments.kernels) {
    OOMKIT_TRY(KernelImage image, find_kernel(word));
    if (!is_meant_for(file.scenario, image)) {
      return fail(ErrorCode::usage, file.path + ": is meant for kernel " +
                                        list_text(file.scenario.host.kernels) + ", and " +
                                        image.release + " is another");
    }
    images.push_back(std::move(image));
  }
  return images;
}

std::string stem_of(const std::string& name) {
  const std::size_t dot = name.find_last_of('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

Result<std::optional<std::chrono::milliseconds>> timeout_of(const RehearseArguments& arguments) {
  if (!arguments.timeout_s) return std::optional<std::chrono::milliseconds>();
  const double seconds = *arguments.timeout_s;
  if (!(seconds > 0) || seconds > kTimeoutMax)
    return fail(ErrorCode::usage, "--timeout: expected seconds, more than 0 and at most 86400");
  return std::optional(std::chrono::milliseconds(std::llround(seconds * 1000)));
}

Result<ExplainForm> explain_form(const RehearseArguments& arguments, std::size_t runs) {
  if (!arguments.explain) return runs > 1 ? ExplainForm::summary : ExplainForm::full;
  OOMKIT_TRY(const std::size_t form,
             chosen_word("--explain", *arguments.explain, {"full", "summary", "none"}));
  return static_cast<ExplainForm>(form);
}

// The guard and its policy, which is checked here and read again there.
Result<GuestExtras> extras_for(const RehearseArguments& arguments) {
  GuestExtras extras;
  if (!arguments.policy) {
    if (!arguments.decisions) return extras;
    return fail(ErrorCode::usage, "--decisions: there is a guard to decide with --policy only");
  }
  OOMKIT_TRY(std::string text, read_whole(*arguments.policy, kPolicyBytesMax));
  if (const auto policy = parse_policy_file(*arguments.policy, text); !policy)
    return tl::unexpected(policy.error());
  OOMKIT_TRY(const std::string program, find_guard_program());
  constexpr std::size_t kProgramMax = std::size_t{64} << 20;
  OOMKIT_TRY(std::string bytes, read_whole(program, kProgramMax));
  extras.files.push_back({"oom-guard", std::move(bytes), true});
  extras.files.push_back({"policy.toml", std::move(text), false});
  return extras;
}

}  // namespace

Result<RehearsePlan> plan_rehearsal(const RehearseArguments& arguments, const Terminal& terminal) {
  RehearsePlan plan;
  OOMKIT_TRY(const std::size_t form, chosen_word("--format", arguments.format, {"text", "json"}));
  plan.json = form == 1;
  if (plan.json && arguments.compare)
    return fail(ErrorCode::usage,
                "--compare tells what differs as text; for JSON there is "
                "oom simulate --format json and oom compare --format json");
  if (arguments.compare) {
    OOMKIT_TRY(plan.guard, simulated_guard(arguments.policy));
  }
  OOMKIT_TRY(plan.colour, wants_colour(arguments.colour, terminal, arguments.output.has_value()));
  plan.columns = result_columns(terminal);
  OOMKIT_TRY(const auto timeout, timeout_of(arguments));
  for (const std::string& path : arguments.scenarios) {
    OOMKIT_TRY(ScenarioFile file, read_scenario_file(path));
    plan.files.push_back(std::move(file));
  }
  OOMKIT_TRY(const GuestExtras extras, extras_for(arguments));
  for (std::size_t i = 0; i < plan.files.size(); ++i) {
    const ScenarioFile& file = plan.files[i];
    OOMKIT_TRY(std::vector<KernelImage> kernels, kernels_for(arguments, file));
    for (KernelImage& kernel : kernels) {
      plan.names.push_back(stem_of(file.name) + "." + kernel.label);
      plan.file_of.push_back(i);
      plan.requests.push_back({file.scenario, file.source, file.folder, std::move(kernel),
                               arguments.seed, timeout, extras});
    }
  }
  OOMKIT_TRY(plan.explain, explain_form(arguments, plan.requests.size()));
  return plan;
}

std::string file_for(const std::string& option, const RehearsePlan& plan, std::size_t request,
                     const std::string& extension) {
  if (is_folder(option)) return option + "/" + plan.names[request] + extension;
  if (plan.requests.size() == 1) return option;
  // "out/run.json" becomes "out/run.two.6.1.json" for several scenarios, "out/run.6.1.json"
  // for several kernels of one.
  const std::size_t slash = option.find_last_of('/');
  const std::size_t dot = option.find_last_of('.');
  const bool has_dot = dot != std::string::npos && dot > (slash == std::string::npos ? 0 : slash);
  const std::string end = has_dot ? option.substr(dot) : "";
  const std::string part =
      plan.files.size() > 1 ? plan.names[request] : plan.requests[request].kernel.label;
  return option.substr(0, has_dot ? dot : option.size()) + "." + part + end;
}

}  // namespace oomkit
