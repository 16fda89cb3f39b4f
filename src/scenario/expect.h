// [expect] and [[expect_on]]: what must have happened, from their TOML tables.
#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"
#include "scenario/scenario.h"
#include "scenario/table_reader.h"

namespace oomkit {

// The processes, cgroups and events of `scenario` must have been read before: checks name
// them.
void read_expect(const toml::table& table, const Scenario& scenario, ExpectSpec& expect,
                 std::vector<Diagnostic>& diagnostics);
void read_expect_on(const toml::table& table, std::size_t number, Scenario& scenario,
                    std::vector<Diagnostic>& diagnostics);

// "SUBJECT OP VALUE". Its place in the file is left for the caller.
Result<Check> parse_check(std::string_view text, const Scenario& scenario);

}  // namespace oomkit
