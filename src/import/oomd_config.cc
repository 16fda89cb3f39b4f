#include "import/oomd_config.h"

#include <algorithm>
#include <array>

#include "core/lines.h"
#include "import/import_text.h"

namespace oomkit {
namespace {

struct OomdPluginEntry {
  std::string_view name;
  std::string_view required;  // Between commas; "a|b" is one of them.
  std::string_view optional;
  bool is_kill;
};

// What every plugin that kills takes.
constexpr std::string_view kOfKills =
    "cgroup,ruleset_cgroup,recursive,post_action_delay,dry,always_continue,reap_memory,debug,"
    "kernelkill,log_kmemalloc_prekill,meminfo_location";

constexpr std::array<OomdPluginEntry, 18> kOomdPlugins = {{
    {"pressure_above", "resource,threshold,duration", "cgroup,ruleset_cgroup", false},
    // oomd's own example leaves the duration out.
    {"pressure_rising_beyond", "resource,threshold",
     "cgroup,ruleset_cgroup,duration,fast_fall_ratio", false},
    {"memory_above", "duration,threshold|threshold_anon",
     "cgroup,ruleset_cgroup,debug,meminfo_location", false},
    {"memory_reclaim", "duration", "cgroup,ruleset_cgroup", false},
    {"swap_free", "threshold_pct", "swapout_bps_threshold,cgroup,ruleset_cgroup", false},
    {"exists", "cgroup", "ruleset_cgroup,negate,debug", false},
    {"nr_dying_descendants", "count", "cgroup,ruleset_cgroup,lte,debug", false},
    {"dump_cgroup_overview", "", "cgroup,ruleset_cgroup,always", false},
    {"kill_by_memory_size_or_growth", "", "size_threshold,growing_size_percentile,min_growth_ratio",
     true},
    {"kill_by_swap_usage", "", "threshold,biased_swap_kill", true},
    {"kill_by_pressure", "resource", "", true},
    {"kill_by_io_cost", "", "", true},
    {"kill_by_pg_scan", "", "", true},
    {"systemd_restart", "service", "post_action_delay,dry,machine_type", false},
    {"senpai", "",
     "cgroup,ruleset_cgroup,limit_min_bytes,limit_max_bytes,interval,pressure_ms,max_probe,"
     "max_backoff,coeff_probe,coeff_backoff,swap_threshold,swapout_bps_threshold,"
     "immediate_backoff,pressure_pct,io_pressure_pct,memory_high_timeout_ms,modulate_swappiness,"
     "log_interval,swap_validation,scuba_logger_dataset",
     false},
    {"kernel_panic", "", "", false},
    {"continue", "", "", false},
    {"stop", "", "", false},
}};

class OomdReader {
 public:
  OomdReader(const ImportSource& source, OomdConfig& config, std::vector<ImportError>& errors)
      : source_(source.text), places_(source.text), config_(config), errors_(errors) {}

  void read() {
    const auto parsed = parse_placed_json(source_, places_);
    if (!parsed) {
      errors_.push_back({0, parsed.error()});
      return;
    }
    const PlacedJson* const rulesets = parsed->find("rulesets");
    if (!parsed->is_object() || rulesets == nullptr || !rulesets->is_array())
      return refuse(*parsed, "oomd's configuration has \"rulesets\": [...]", "");
    for (std::size_t i = 0; i < parsed->keys.size(); ++i) {
      const std::string& key = parsed->keys[i];
      const PlacedJson& value = parsed->items[i];
      if (key == "prekill_hooks") {
        if (!value.items.empty()) config_.hooks_line = line_of(value);
      } else if (key != "rulesets" && key != "version") {
        refuse(value, "oomd has no key \"" + key + "\" here", "rulesets, prekill_hooks");
      }
    }
    for (const PlacedJson& ruleset : rulesets->items)
      read_ruleset(ruleset);
  }

 private:
  void refuse(const PlacedJson& value, std::string_view message, std::string hint) {
    if (errors_.size() == kImportErrorsMax) return;
    errors_.push_back({0, places_.diagnostic(value.offset, value.length, comment_text(message),
                                             std::move(hint))});
  }
  std::size_t line_of(const PlacedJson& value) const { return places_.line(value.offset); }

  void read_ruleset(const PlacedJson& json) {
    if (!json.is_object()) return refuse(json, "a ruleset is an object", "");
    OomdRuleset ruleset;
    ruleset.line = line_of(json);
    for (std::size_t i = 0; i < json.keys.size(); ++i) {
      const std::string& key = json.keys[i];
      const PlacedJson& value = json.items[i];
      if (key == "name") {
        if (!value.is_scalar()) refuse(value, "expected a name here", "");
        ruleset.name = value.text;
        ruleset.line = line_of(value);
      } else if (key == "detectors") {
        read_groups(value, ruleset);
      } else if (key == "actions") {
        if (!value.is_array()) refuse(value, "expected a list of actions here", "");
        for (const PlacedJson& action : value.items)
          if (auto plugin = read_plugin(action)) ruleset.actions.push_back(*std::move(plugin));
      } else if (key == "post_action_delay") {
        const auto number = import_number(value.text);
        if (!number) refuse(value, "expected seconds here", "");
        ruleset.post_action_delay_s = number.value_or(0);
      } else if (key == "drop-in" || key == "silence-logs" || key == "prekill_hook_timeout" ||
                 key == "cgroup" || key == "xattr_filter") {
        ruleset.other_keys.emplace_back(key, line_of(value));
      } else {
        refuse(value, "a ruleset has no \"" + key + "\"", "");
      }
    }
    const std::string called = ruleset.name.empty() ? "the ruleset" : "ruleset " + ruleset.name;
    if (ruleset.groups.empty()) refuse(json, called + " has no detectors", "");
    if (ruleset.actions.empty()) refuse(json, called + " has no actions", "");
    config_.rulesets.push_back(std::move(ruleset));
  }

  // [["name", {...}, ...], ...]
  void read_groups(const PlacedJson& json, OomdRuleset& ruleset) {
    if (!json.is_array()) return refuse(json, "expected a list of groups of detectors here", "");
    for (const PlacedJson& one : json.items) {
      if (!one.is_array() || one.items.empty() || !one.items.front().is_scalar()) {
        refuse(one, "a group of detectors is a list that begins with its name", "");
        continue;
      }
      OomdGroup group;
      group.name = one.items.front().text;
      group.line = line_of(one.items.front());
      for (std::size_t i = 1; i < one.items.size(); ++i) {
        if (auto plugin = read_plugin(one.items[i])) group.detectors.push_back(*std::move(plugin));
      }
      ruleset.groups.push_back(std::move(group));
    }
  }

  std::optional<OomdPlugin> read_plugin(const PlacedJson& json) {
    const PlacedJson* const name = json.find("name");
    if (!json.is_object() || name == nullptr || !name->is_scalar()) {
      refuse(json, "expected { \"name\": ..., \"args\": {...} } here", "");
      return std::nullopt;
    }
    OomdPlugin plugin;
    plugin.name = name->text;
    plugin.line = line_of(*name);
    const PlacedJson* const arguments = json.find("args");
    if (arguments != nullptr && !arguments->is_object())
      refuse(*arguments, "expected an object of arguments here", "");
    const auto* const known =
        std::find_if(kOomdPlugins.begin(), kOomdPlugins.end(),
                     [&](const OomdPluginEntry& entry) { return entry.name == plugin.name; });
    plugin.is_known = known != kOomdPlugins.end();
    if (arguments != nullptr) {
      for (std::size_t i = 0; i < arguments->keys.size(); ++i) {
        const std::string& key = arguments->keys[i];
        const PlacedJson& value = arguments->items[i];
        if (!value.is_scalar()) refuse(value, "expected a text here", "");
        const bool fits = !plugin.is_known || list_has(known->required, key) ||
                          list_has(known->optional, key) ||
                          (known->is_kill && list_has(kOfKills, key)) || is_choice(*known, key);
        if (!fits) refuse(value, plugin.name + " has no argument \"" + key + "\"", "");
        plugin.arguments[key] = value.text;
      }
    }
    if (plugin.is_known) check(*known, plugin, *name);
    return plugin;
  }

  static bool is_choice(const OomdPluginEntry& entry, std::string_view key) {
    return entry.name == "memory_above" && key.starts_with("threshold");
  }

  void check(const OomdPluginEntry& entry, const OomdPlugin& plugin, const PlacedJson& place) {
    std::string_view required = entry.required;
    while (!required.empty()) {
      const std::size_t comma = required.find(',');
      std::string_view choice = required.substr(0, comma);
      required.remove_prefix(comma == std::string_view::npos ? required.size() : comma + 1);
      const std::string wanted(choice);
      bool has_one = false;
      while (!choice.empty()) {
        const std::size_t bar = choice.find('|');
        has_one = has_one || plugin.has(choice.substr(0, bar));
        choice.remove_prefix(bar == std::string_view::npos ? choice.size() : bar + 1);
      }
      if (!has_one) refuse(place, plugin.name + " needs the argument " + wanted, "");
    }
    for (const char* key : {"duration", "threshold_pct", "swapout_bps_threshold",
                            "post_action_delay", "count", "fast_fall_ratio"}) {
      if (plugin.has(key) && !import_number(plugin.argument(key, "")))
        refuse(place, plugin.name + ": " + key + " is to be a number", "");
    }
    const std::string resource = plugin.argument("resource", "memory");
    if (resource != "memory" && resource != "io")
      refuse(place, plugin.name + ": resource is memory or io", "");
  }

  std::string_view source_;
  ImportPlaces places_;
  OomdConfig& config_;
  std::vector<ImportError>& errors_;
};

}  // namespace

bool OomdPlugin::flag(std::string_view key, bool usual) const {
  const auto found = arguments.find(key);
  if (found == arguments.end()) return usual;
  return found->second == "true" || found->second == "True" || found->second == "1";
}

OomdConfig OomdConfig::read(const ImportSource& source, std::vector<ImportError>& errors) {
  OomdConfig config;
  OomdReader(source, config, errors).read();
  return config;
}

}  // namespace oomkit
