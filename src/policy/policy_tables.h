// The tables of a policy file, one function each. Private to policy_*.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include <toml++/toml.h>

#include "policy/policy_parse.h"
#include "scenario/table_reader.h"

namespace oomkit {

void read_policy_settings(const toml::table& table, ParsedPolicy& parsed);
void read_policy_rule(std::string_view source, const toml::table& table, std::size_t index,
                      ParsedPolicy& parsed);
void read_policy_preference(std::string_view source, const toml::table& table, std::size_t index,
                            ParsedPolicy& parsed);
// match, only, except: { comm = "^sshd$", user = "..." }
PolicyMatch read_policy_match(std::string_view source, TableReader& outer, std::string_view key,
                              std::string where, ParsedPolicy& parsed);
// What ticks have to tell for these rules.
TickNeeds needs_of(const Policy& policy);

}  // namespace oomkit
