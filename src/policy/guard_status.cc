#include "policy/guard_status.h"

#include <array>
#include <cstdio>

#include "core/fnv.h"

namespace oomkit {

std::string_view rule_state_text(RuleState state) {
  static constexpr std::array<std::string_view, 6> kStates = {"not judged", "unknown", "idle",
                                                              "waiting",    "holds",   "acting"};
  return kStates.at(static_cast<std::size_t>(state));
}

std::uint64_t policy_hash(std::string_view text) {
  return fnv1a(text);
}

std::string policy_hash_text(std::uint64_t hash) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "fnv1a64:%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

}  // namespace oomkit
