#include "scenario/scenario.h"

#include "core/text.h"

namespace oomkit {

bool is_kernel(std::string_view version, std::string_view release) {
  if (version.empty() || !release.starts_with(version)) return false;
  const std::string_view rest = release.substr(version.size());
  return rest.empty() || !is_digit(rest.front()) || !is_digit(version.back());
}

Bytes boot_memory_min(std::string_view kernel) {
  constexpr Bytes kOfVersion5{64 << 20};
  constexpr Bytes kSinceVersion6{80 << 20};  // 6.1, 6.12 and 7.2: 72M is a panic or silence.
  return kernel.starts_with("5.") ? kOfVersion5 : kSinceVersion6;
}

ExpectSpec expect_for(const Scenario& scenario, std::string_view release) {
  ExpectSpec expect = scenario.expect;
  for (const ExpectOnSpec& on : scenario.expect_on) {
    bool fits = false;
    for (const std::string& version : on.kernels)
      fits = fits || is_kernel(version, release);
    if (!fits) continue;
    const ExpectSpec& instead = on.expect;
    if (instead.victims) expect.victims = instead.victims;
    if (instead.survivors) expect.survivors = instead.survivors;
    if (instead.constraint) expect.constraint = instead.constraint;
    if (instead.oom_kills) expect.oom_kills = instead.oom_kills;
    if (instead.panic) expect.panic = instead.panic;
    if (!instead.checks.empty()) expect.checks = instead.checks;
  }
  return expect;
}

}  // namespace oomkit
