#include "cli/rehearse_compare.h"

#include <algorithm>
#include <vector>

#include "cli/simulate_policy.h"
#include "core/diagnostic.h"
#include "lab/model_world.h"
#include "render/escape.h"
#include "render/run_comparison.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

std::optional<std::string> modelled_kernel(const std::string& release) {
  for (const std::string& label : simulated_kernels()) {
    if (is_kernel(label, release)) return label;
  }
  return std::nullopt;
}

// Why there is nothing to compare with.
std::string absence(const RehearsalRequest& request, const std::optional<std::string>& kernel,
                    bool has_guard) {
  if (!kernel) return "the model does not know kernel " + request.kernel.release;
  const auto beyond = beyond_model(request.scenario, *kernel, has_guard);
  return beyond.empty() ? "" : beyond.front().message;
}

}  // namespace

WorldsCompared compare_with_model(const RehearsePlan& plan, const RehearsalResults& results) {
  WorldsCompared compared;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) continue;
    const RehearsalRequest& request = plan.requests[i];
    compared.text += "\n" + visible(plan.names[i]) + ", on the kernel and in the model: ";
    const auto kernel = modelled_kernel(request.kernel.release);
    if (const std::string why = absence(request, kernel, plan.guard.has_value()); !why.empty()) {
      compared.text += visible(why) + "\n";
      continue;
    }
    SimulationOptions options;
    options.kernel = *kernel;
    options.seed = request.seed;
    options.resident = resident_of(plan.guard);
    const auto model = run_in_model(request.scenario, options);
    if (!model) {
      compared.text += visible(model.error().what) + "\n";
      continue;
    }
    const RunComparison comparison = compare_runs(results[i]->record, model->rehearsal.record);
    append_comparison({compared.text, Paint(plan.colour), static_cast<std::size_t>(plan.columns)},
                      comparison, "kernel", "model");
    compared.same = compared.same && comparison.same;
  }
  return compared;
}

}  // namespace oomkit
