#include "import/unit_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"
#include "import/import_text.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 6> kUnitTypes = {".service", ".slice", ".scope",
                                                        ".socket",  ".mount", ".swap"};
constexpr std::array<std::string_view, 4> kOomdKeys = {
    "SwapUsedLimit", "DefaultMemoryPressureLimit", "DefaultMemoryPressureDurationSec",
    "PrekillHookTimeoutSec"};
constexpr std::array<std::string_view, 5> kRuleKeys = {"MemoryPressureAbove", "SwapUsageMax",
                                                       "LastingSec", "Action", "Description"};
constexpr std::array<std::string_view, 3> kRuleActions = {"kill-all", "kill-by-pgscan",
                                                          "kill-by-swap"};

enum class UnitFileKind { settings, rule, unit, unknown };

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_unit_name(std::string_view name) {
  if (name.find_first_of(" \t*?[],") != std::string_view::npos) return false;
  return std::any_of(kUnitTypes.begin(), kUnitTypes.end(), [&](std::string_view type) {
    return name.size() > type.size() && name.ends_with(type);
  });
}

// "foo.service" of foo.service and of foo.service.d/x.conf; "slice.d" of slice.d/x.conf.
std::string unit_of_path(std::string_view path) {
  if (is_unit_name(last_part(path))) return std::string(last_part(path));
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || !path.ends_with(".conf")) return "";
  std::string_view folder = last_part(path.substr(0, slash));
  if (!folder.ends_with(".d")) return "";
  const std::string whole(folder);
  folder.remove_suffix(2);
  const std::string type = "." + std::string(folder);
  if (std::find(kUnitTypes.begin(), kUnitTypes.end(), type) != kUnitTypes.end()) return whole;
  return is_unit_name(folder) ? std::string(folder) : "";
}

std::optional<double> percent_of(std::string_view text) {
  constexpr std::string_view kPermille = "\xe2\x80\xb0";
  const bool is_permille = text.ends_with(kPermille);
  if (!is_permille && !text.ends_with('%')) return std::nullopt;
  const auto number = import_number(trim(text.substr(0, text.size() - (is_permille ? 3 : 1))));
  if (!number) return std::nullopt;
  const double percent = is_permille ? *number / 10 : *number;
  return percent <= 100 ? std::optional(percent) : std::nullopt;
}

struct SpanUnit {
  std::string_view name;
  double seconds;
};
constexpr std::array<SpanUnit, 20> kSpanUnits = {
    {{"us", 1e-6},    {"usec", 1e-6},  {"ms", 1e-3},   {"msec", 1e-3},  {"s", 1},
     {"sec", 1},      {"second", 1},   {"seconds", 1}, {"m", 60},       {"min", 60},
     {"minute", 60},  {"minutes", 60}, {"h", 3600},    {"hr", 3600},    {"hour", 3600},
     {"hours", 3600}, {"d", 86400},    {"day", 86400}, {"days", 86400}, {"", 1}}};

// "1min 30s", "500ms", "30".
std::optional<double> span_of(std::string_view text) {
  double sum = 0;
  bool any = false;
  while (!(text = trim_left(text)).empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && (is_digit(text[digits]) || text[digits] == '.'))
      ++digits;
    const auto number = import_number(text.substr(0, digits));
    text = trim_left(text.substr(digits));
    std::size_t letters = 0;
    while (letters < text.size() && is_alpha(text[letters]))
      ++letters;
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    const auto* const known = std::find_if(kSpanUnits.begin(), kSpanUnits.end(),
                                           [&](const SpanUnit& one) { return one.name == unit; });
    if (!number || known == kSpanUnits.end()) return std::nullopt;
    sum += *number * known->seconds;
    any = true;
  }
  return any ? std::optional(sum) : std::nullopt;
}

class UnitFileReader {
 public:
  UnitFileReader(const ImportSource& source, std::size_t index, SystemdOomd& result,
                 std::vector<ImportError>& errors)
      : text_(source.text),
        path_(source.name),
        index_(index),
        places_(source.text),
        result_(result),
        errors_(errors) {}

  void read() {
    classify();
    if (kind_ == UnitFileKind::rule) result_.rules[name_].source = index_;
    std::size_t at = 0;
    while (at < text_.size()) {
      const std::size_t begin = at;
      std::size_t end = std::min(text_.find('\n', at), text_.size());
      const std::string_view first = trim(text_.substr(begin, end - begin));
      const bool is_comment = first.empty() || first.front() == '#' || first.front() == ';';
      while (!is_comment && end < text_.size() && end > begin && text_[end - 1] == '\\')
        end = std::min(text_.find('\n', end + 1), text_.size());
      at = end + 1;
      if (!is_comment) line(trim(text_.substr(begin, end - begin)));
    }
    if (kind_ == UnitFileKind::rule && result_.rules[name_].action.empty())
      refuse(text_.substr(0, 0), "a rule is to have an Action=", "Action=kill-by-pgscan");
  }

 private:
  void refuse(std::string_view part, std::string message, std::string hint) {
    if (errors_.size() == kImportErrorsMax) return;
    const auto offset = static_cast<std::size_t>(part.data() - text_.data());
    errors_.push_back(
        {index_, places_.diagnostic(offset, part.size(), std::move(message), std::move(hint))});
  }

  void classify() {
    const std::string_view name = last_part(path_);
    if (name.ends_with(".oomrule")) {
      kind_ = UnitFileKind::rule;
      name_ = name.substr(0, name.size() - std::string_view(".oomrule").size());
    } else if (name == "oomd.conf" || path_.find("oomd.conf.d/") != std::string_view::npos) {
      kind_ = UnitFileKind::settings;
    } else if (name_ = unit_of_path(path_); !name_.empty()) {
      kind_ = UnitFileKind::unit;
      is_user_ = path_.find("/systemd/user/") != std::string_view::npos;
    }
  }

  void line(std::string_view whole) {
    if (whole.front() == '[') {
      section_ = whole;
      if (whole.back() != ']') refuse(whole, "expected ] at the end of a section's name", "");
      if (kind_ == UnitFileKind::unknown && section_ == "[OOM]") kind_ = UnitFileKind::settings;
      return;
    }
    const std::size_t equals = whole.find('=');
    if (equals == std::string_view::npos)
      return refuse(whole, "expected NAME=VALUE or a [Section] here", "");
    const std::string_view key = trim(whole.substr(0, equals));
    const std::string_view value = trim(whole.substr(equals + 1));
    const std::string_view place = value.empty() ? key : value;
    if (kind_ == UnitFileKind::settings) return setting(key, value, place);
    if (kind_ == UnitFileKind::rule) return rule(key, value, place);
    if (kind_ == UnitFileKind::unit) return unit(key, value, place);
    if (!is_lost_)
      refuse(whole, "which unit is this?", "a file called NAME.service or NAME.slice.d/x.conf");
    is_lost_ = true;
  }

  void unknown_key(std::string_view key, std::span<const std::string_view> known) {
    const std::string_view meant = nearest(key, known);
    refuse(key, "systemd-oomd has no \"" + comment_text(key) + "\" in " + std::string(section_),
           meant.empty() ? "" : "did you mean " + std::string(meant) + "?");
  }

  std::optional<double> percent(std::string_view value, std::string_view place) {
    const auto found = percent_of(value);
    if (!found) refuse(place, "expected a percentage here", "as in 60%");
    return found;
  }
  std::optional<double> span(std::string_view value, std::string_view place) {
    const auto found = span_of(value);
    if (!found) refuse(place, "expected a time here", "as in 30s");
    return found;
  }
  template <class T>
  UnitValue<T> placed_value(T value, std::string_view place) const {
    return {std::move(value), index_,
            places_.line(static_cast<std::size_t>(place.data() - text_.data()))};
  }

  void setting(std::string_view key, std::string_view value, std::string_view place) {
    if (section_ != "[OOM]") return;
    if (key == "SwapUsedLimit") {
      result_.swap_percent = value.empty() ? 90 : percent(value, place).value_or(0);
    } else if (key == "DefaultMemoryPressureLimit") {
      result_.pressure_percent = value.empty() ? 60 : percent(value, place).value_or(0);
    } else if (key == "DefaultMemoryPressureDurationSec") {
      result_.duration_s = value.empty() ? 30 : span(value, place).value_or(0);
      if (result_.duration_s < 1) refuse(place, "systemd-oomd wants at least 1 s here", "");
    } else if (key == "PrekillHookTimeoutSec") {
      result_.hook_timeout_s = placed_value(span(value, place).value_or(0), place);
    } else {
      unknown_key(key, kOomdKeys);
    }
  }

  void rule(std::string_view key, std::string_view value, std::string_view place) {
    if (section_ != "[Rule]") return;
    OomdRule& rule = result_.rules[name_];
    if (key == "MemoryPressureAbove") {
      rule.pressure_percent = percent(value, place);
    } else if (key == "SwapUsageMax") {
      rule.swap_percent = percent(value, place);
    } else if (key == "LastingSec") {
      rule.lasting_s = span(value, place).value_or(0);
    } else if (key == "Action") {
      rule.action = value;
      if (std::find(kRuleActions.begin(), kRuleActions.end(), value) == kRuleActions.end())
        refuse(place, "expected kill-all, kill-by-pgscan or kill-by-swap here", "");
    } else if (key != "Description") {
      unknown_key(key, kRuleKeys);
    }
  }

  void unit(std::string_view key, std::string_view value, std::string_view place) {
    const bool is_ours = key.starts_with("ManagedOOM") || key == "OOMRules" || key == "Slice";
    if (!is_ours) return;
    OomdUnit& unit = result_.units[name_];
    unit.is_user = is_user_;
    if (key == "ManagedOOMSwap" || key == "ManagedOOMMemoryPressure") {
      if (value != "kill" && value != "auto" && !value.empty())
        return refuse(place, "expected auto or kill here", "");
      (key == "ManagedOOMSwap" ? unit.swap : unit.pressure) = placed_value(value == "kill", place);
    } else if (key == "ManagedOOMMemoryPressureLimit") {
      const double limit = value.empty() ? 0 : percent(value, place).value_or(0);
      unit.limit_percent = placed_value(limit, place);
    } else if (key == "ManagedOOMMemoryPressureDurationSec") {
      unit.duration_s.reset();
      if (!value.empty() && value != "infinity")
        unit.duration_s = placed_value(span(value, place).value_or(0), place);
    } else if (key == "ManagedOOMPreference") {
      if (value != "none" && value != "avoid" && value != "omit" && !value.empty())
        return refuse(place, "expected none, avoid or omit here", "");
      unit.preference = placed_value(std::string(value), place);
    } else if (key == "OOMRules") {
      if (value.empty()) unit.rules.clear();
      std::string_view rest = value;
      while (!(rest = trim_left(rest)).empty()) {
        const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
        unit.rules.push_back(placed_value(std::string(rest.substr(0, end)), rest));
        rest.remove_prefix(end);
      }
    } else if (key == "Slice") {
      if (is_unit_name(value) && value.ends_with(".slice"))
        unit.slice = placed_value(std::string(value), place);
    }
  }

  std::string_view text_, path_;
  std::size_t index_;
  ImportPlaces places_;
  SystemdOomd& result_;
  std::vector<ImportError>& errors_;
  UnitFileKind kind_ = UnitFileKind::unknown;
  std::string name_;
  std::string_view section_ = "no section";
  bool is_user_ = false, is_lost_ = false;
};

// "/a.slice/a-b.slice" of "a-b.slice".
std::string slice_path(std::string_view name) {
  const std::string_view stem = name.substr(0, name.size() - std::string_view(".slice").size());
  if (stem == "-") return "/";
  std::string path;
  for (std::size_t dash = stem.find('-'); dash != std::string_view::npos && dash > 0;
       dash = stem.find('-', dash + 1))
    path += "/" + std::string(stem.substr(0, dash)) + ".slice";
  return path + "/" + std::string(name);
}

}  // namespace

SystemdOomd SystemdOomd::read(std::span<const ImportSource> sources,
                              std::vector<ImportError>& errors) {
  SystemdOomd result;
  for (std::size_t index = 0; index < sources.size(); ++index)
    UnitFileReader(sources[index], index, result, errors).read();
  // A slice with many dashes lies as many levels deep, each with the whole name before it.
  constexpr std::size_t kGlobMost = 1000;
  for (const auto& [name, unit] : result.units) {
    if (unit_cgroup(name, unit).size() <= kGlobMost || errors.size() == kImportErrorsMax) continue;
    ImportError error;
    error.diagnostic.message = name + ": the path of its cgroup is longer than a pattern may be";
    errors.push_back(std::move(error));
  }
  return result;
}

std::string unit_cgroup(const std::string& name, const OomdUnit& unit) {
  const std::string manager =
      unit.is_user ? "/user.slice/user-*.slice/user@*.service" : std::string();
  if (name.ends_with(".d")) return manager + "/**." + name.substr(0, name.size() - 2);
  const std::size_t dot = name.rfind('.');
  const std::string type = name.substr(dot);
  std::string stem = name.substr(0, dot);
  // "user-.slice.d" is about all slices whose names begin so.
  if (stem.size() > 1 && stem.ends_with('-')) stem += '*';
  if (type == ".slice") {
    const std::string path = slice_path(stem + type);
    return path == "/" && unit.is_user ? manager : manager + path;
  }
  if (name == "init.scope") return manager + "/init.scope";
  const std::size_t at = stem.find('@');
  const bool is_template = at != std::string::npos;
  if (is_template && at + 1 == stem.size()) stem += '*';
  if (!unit.is_user && is_template && stem.starts_with("user@")) {
    const std::string user = stem.substr(at + 1);
    return "/user.slice/user-" + user + ".slice/" + stem + type;
  }
  if (!unit.is_user && stem.starts_with("session-"))
    return "/user.slice/user-*.slice/" + stem + type;
  const std::string usual = unit.is_user ? "app.slice" : "system.slice";
  std::string path = manager + slice_path(unit.slice ? unit.slice->value : usual);
  if (path == manager + "/") path = manager;
  if (is_template && !unit.slice) {
    // Instances share a slice, in whose name a dash of theirs is written \x2d.
    std::string shared = unit.is_user ? "app-" : "system-";
    for (const char c : stem.substr(0, at))
      shared += c == '-' ? std::string("\\x2d") : std::string(1, c);
    path += "/" + shared + ".slice";
  }
  return path + "/" + stem + type;
}

}  // namespace oomkit
