#include "scenario/expect.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 4> kConstraints = {"none", "cpuset", "memory_policy",
                                                          "memcg"};

void read_checks(TableReader& reader, const Scenario& scenario, ExpectSpec& expect,
                 std::vector<Diagnostic>& diagnostics) {
  const auto texts = reader.has("checks") ? reader.texts("checks") : std::nullopt;
  if (!texts) return;
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const Diagnostic place = reader.place_in_list("checks", i);
    auto check = parse_check((*texts)[i], scenario);
    if (check) {
      check->line = place.line;
      check->column = place.column;
      expect.checks.push_back(*std::move(check));
      continue;
    }
    Diagnostic refused = place;
    refused.message = reader.where() + ": " + check.error().what;
    refused.hint = "as in \"cgroup./box.events.oom_kill == 1\"";
    diagnostics.push_back(std::move(refused));
  }
}

void read_keys(TableReader& reader, const Scenario& scenario, ExpectSpec& expect,
               std::vector<Diagnostic>& diagnostics) {
  if (reader.has("victims")) expect.victims = reader.texts("victims");
  if (reader.has("survivors")) expect.survivors = reader.texts("survivors");
  expect.constraint = reader.text("constraint");
  if (expect.constraint && std::find(kConstraints.begin(), kConstraints.end(),
                                     *expect.constraint) == kConstraints.end()) {
    reader.refuse("constraint",
                  reader.where() + ": unknown constraint \"" + *expect.constraint + "\"",
                  "none, cpuset, memory_policy or memcg");
  }
  expect.oom_kills = reader.integer("oom_kills", 0);
  expect.panic = reader.flag("panic");
  read_checks(reader, scenario, expect, diagnostics);
  reader.finish();
}

}  // namespace

void read_expect(const toml::table& table, const Scenario& scenario, ExpectSpec& expect,
                 std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[expect]", diagnostics);
  read_keys(reader, scenario, expect, diagnostics);
}

void read_expect_on(const toml::table& table, std::size_t number, Scenario& scenario,
                    std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[[expect_on]] " + std::to_string(number + 1), diagnostics);
  ExpectOnSpec on;
  on.kernels = reader.has("kernel") ? reader.texts("kernel").value_or(std::vector<std::string>())
                                    : std::vector<std::string>();
  if (on.kernels.empty())
    reader.refuse("kernel", reader.where() + " needs its kernels", "kernel = [\"5.10\"]");
  read_keys(reader, scenario, on.expect, diagnostics);
  scenario.expect_on.push_back(std::move(on));
}

}  // namespace oomkit
