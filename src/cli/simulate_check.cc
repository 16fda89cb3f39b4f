#include "cli/simulate_check.h"

#include <algorithm>
#include <utility>

#include "core/diagnostic.h"
#include "sim/simulate.h"

namespace oomkit {

Status check_for_model(const ScenarioFile& file, const std::string& kernel, bool has_guard) {
  const auto& meant = file.scenario.host.kernels;
  const bool fits = meant.empty() || std::any_of(meant.begin(), meant.end(), [&](const auto& it) {
                      return is_kernel(it, kernel) || is_kernel(kernel, it);
                    });
  if (!fits) return fail(ErrorCode::usage, file.path + ": is not meant for kernel " + kernel);
  std::string text;
  for (const Diagnostic& diagnostic : beyond_model(file.scenario, kernel, has_guard))
    text += diagnostic_text(diagnostic, file.path, file.source);
  if (!text.empty()) return fail(ErrorCode::usage, std::move(text));
  return {};
}

}  // namespace oomkit
