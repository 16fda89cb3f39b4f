// What events and listeners do, from their TOML tables.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "scenario/scenario.h"
#include "scenario/table_reader.h"

namespace oomkit {

// Reads into `action` the one thing that the table of `reader` does, which must be one of
// `allowed`. Names are checked against the cgroups and processes of `scenario`, which must
// have been read before.
void read_action(TableReader& reader, std::span<const std::string_view> allowed,
                 const Scenario& scenario, Action& action, std::vector<Diagnostic>& diagnostics);

void read_event(const toml::table& table, std::size_t number, Scenario& scenario,
                std::vector<Diagnostic>& diagnostics);
void read_listener(const toml::table& table, Scenario& scenario,
                   std::vector<Diagnostic>& diagnostics);

// Settings as tables have them: { "memory.max" = "80M" }.
void read_settings(TableReader& owner, std::string_view key, std::vector<Setting>& settings);

}  // namespace oomkit
