// Files of systemd that are about systemd-oomd: its settings, its rules, and what units say.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/import.h"

namespace oomkit {

// A value and where it was given last.
template <class T>
struct UnitValue {
  T value{};
  std::size_t source = 0, line = 0;
};

struct OomdRule {  // A .oomrule file.
  std::size_t source = 0;
  std::optional<double> pressure_percent, swap_percent;
  double lasting_s = 0;
  std::string action;
};

struct OomdUnit {
  bool is_user = false;  // Of a user's manager.
  std::optional<UnitValue<bool>> swap, pressure;
  std::optional<UnitValue<double>> limit_percent, duration_s;
  std::optional<UnitValue<std::string>> preference, slice;
  std::vector<UnitValue<std::string>> rules;
};

struct SystemdOomd {
  double swap_percent = 90, pressure_percent = 60, duration_s = 30;
  std::optional<UnitValue<double>> hook_timeout_s;
  std::map<std::string, OomdRule> rules;
  std::map<std::string, OomdUnit> units;  // "user@.service"; "slice.d" for all slices.

  static SystemdOomd read(std::span<const ImportSource> sources, std::vector<ImportError>& errors);
};

// Where a unit's cgroup is, as a pattern: "/system.slice/system-foo.slice/foo@*.service".
std::string unit_cgroup(const std::string& name, const OomdUnit& unit);

}  // namespace oomkit
