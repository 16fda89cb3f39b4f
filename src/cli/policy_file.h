// A policy file as commands take it: read and checked, or a refusal with all that is wrong.
#pragma once

#include <string>

#include "core/result.h"
#include "policy/policy.h"

namespace oomkit {

Result<Policy> read_policy_file(const std::string& path);
// The same of a file that has been read.
Result<Policy> parse_policy_file(const std::string& path, const std::string& source);

}  // namespace oomkit
