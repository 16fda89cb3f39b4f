// What an oomd configuration says: rulesets of detectors and actions, each plugin checked against
// the arguments that oomd knows for it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/import.h"
#include "import/placed_json.h"

namespace oomkit {

struct OomdPlugin {
  std::string name;
  std::size_t line = 0;
  bool is_known = false;  // One that comes with oomd.
  std::map<std::string, std::string, std::less<>> arguments;

  const std::string& argument(std::string_view key, const std::string& usual) const {
    const auto found = arguments.find(key);
    return found == arguments.end() ? usual : found->second;
  }
  bool has(std::string_view key) const { return arguments.find(key) != arguments.end(); }
  bool flag(std::string_view key, bool usual) const;
};

struct OomdGroup {
  std::string name;
  std::size_t line = 0;
  std::vector<OomdPlugin> detectors;  // All of them have to hold.
};

struct OomdRuleset {
  std::string name;
  std::size_t line = 0;
  std::vector<OomdGroup> groups;  // One of them has to hold.
  std::vector<OomdPlugin> actions;
  double post_action_delay_s = 15;
  std::vector<std::pair<std::string, std::size_t>> other_keys;  // And their lines.
};

struct OomdConfig {
  std::vector<OomdRuleset> rulesets;
  std::optional<std::size_t> hooks_line;

  static OomdConfig read(const ImportSource& source, std::vector<ImportError>& errors);
};

}  // namespace oomkit
