#include "scenario/sweep.h"

#include <algorithm>

#include "core/random.h"
#include "scenario/sweep_value.h"

namespace oomkit {
namespace {

std::int64_t combinations(const SweepPlan& plan) {
  auto count = static_cast<std::int64_t>(std::max<std::size_t>(plan.kernels.size(), 1));
  for (const SweepField& field : plan.fields) {
    if (field.draw) continue;
    const auto values = static_cast<std::int64_t>(field.values.size());
    if (__builtin_mul_overflow(count, values, &count)) return INT64_MAX;
  }
  return count;
}

}  // namespace

std::int64_t count_runs(const SweepPlan& plan) {
  std::int64_t count = 0;
  return __builtin_mul_overflow(combinations(plan), plan.runs, &count) ? INT64_MAX : count;
}

SweepChoice choose(const SweepPlan& plan, std::int64_t index) {
  SweepChoice choice;
  choice.seed = plan.seed + static_cast<std::uint64_t>(index);
  Random random(choice.seed);
  // The last field changes fastest, the kernel slowest.
  std::int64_t rest = index / plan.runs;
  choice.values.resize(plan.fields.size());
  for (std::size_t i = plan.fields.size(); i-- > 0;) {
    const SweepField& field = plan.fields[i];
    if (field.draw) continue;
    const auto count = static_cast<std::int64_t>(field.values.size());
    choice.values[i] = field.values[static_cast<std::size_t>(rest % count)];
    rest /= count;
  }
  choice.kernel = static_cast<std::size_t>(rest);
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    if (plan.fields[i].draw) choice.values[i] = draw_value(*plan.fields[i].draw, random);
  }
  return choice;
}

std::string scenario_text(const SweepPlan& plan, std::string_view source,
                          const SweepChoice& choice) {
  std::vector<std::size_t> order(plan.fields.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return plan.fields[a].begin < plan.fields[b].begin;
  });
  std::string text;
  std::size_t at = 0;
  for (const std::size_t i : order) {
    const SweepField& field = plan.fields[i];
    text.append(source.substr(at, field.begin - at)).append(choice.values[i].toml);
    at = field.end;
  }
  return text.append(source.substr(at));
}

}  // namespace oomkit
