// A policy in plain words, and the words that a policy can be written with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/policy.h"

namespace oomkit {

// What each rule looks at, whom it picks and what it does; the preferences; the settings.
std::string policy_text(const Policy& policy, std::string_view name, std::size_t columns);

// All signals, functions, rankers and actions, one line each.
std::string policy_vocabulary_text(std::size_t columns);

}  // namespace oomkit
