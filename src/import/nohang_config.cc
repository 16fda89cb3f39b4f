#include "import/nohang_config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/check.h"
#include "core/lines.h"
#include "core/text.h"
#include "import/import_text.h"

namespace oomkit {
namespace {

enum class NohangKind : std::uint8_t {
  flag,
  number,
  level,    // "5 %", "200 M"
  percent,  // A bare number of percent, of pressure.
  text,
  words,  // Of nohang's own words; told and passed over.
};

struct NohangKey {
  std::string_view name;
  NohangKind kind;
  std::string_view usual;
};
using Kind = NohangKind;
constexpr std::array<NohangKey, 51> kNohangKeys = {{
    {"zram_checking_enabled", Kind::flag, "False"},
    {"psi_checking_enabled", Kind::flag, "False"},
    {"psi_path", Kind::text, "/proc/pressure/memory"},
    {"psi_metrics", Kind::text, "some_avg10"},
    {"psi_excess_duration", Kind::number, "30"},
    {"psi_post_action_delay", Kind::number, "15"},
    {"fill_rate_mem", Kind::number, "6000"},
    {"fill_rate_swap", Kind::number, "2000"},
    {"fill_rate_zram", Kind::number, "4000"},
    {"max_sleep", Kind::number, "3"},
    {"min_sleep", Kind::number, "0.1"},
    {"post_action_gui_notifications", Kind::flag, "False"},
    {"hide_corrective_action_type", Kind::words, "False"},
    {"low_memory_warnings_enabled", Kind::flag, "False"},
    {"warning_exe", Kind::text, ""},
    {"warning_threshold_min_mem", Kind::level, "20 %"},
    {"warning_threshold_min_swap", Kind::level, "20 %"},
    {"warning_threshold_max_zram", Kind::level, "45 %"},
    {"warning_threshold_max_psi", Kind::percent, "10"},
    {"min_post_warning_delay", Kind::number, "60"},
    {"env_cache_time", Kind::words, "300"},
    {"soft_threshold_min_mem", Kind::level, "5 %"},
    {"soft_threshold_min_swap", Kind::level, "10 %"},
    {"soft_threshold_max_zram", Kind::level, "55 %"},
    {"soft_threshold_max_psi", Kind::percent, "40"},
    {"hard_threshold_min_mem", Kind::level, "2 %"},
    {"hard_threshold_min_swap", Kind::level, "4 %"},
    {"hard_threshold_max_zram", Kind::level, "60 %"},
    {"hard_threshold_max_psi", Kind::percent, "90"},
    {"ignore_positive_oom_score_adj", Kind::flag, "False"},
    {"max_soft_exit_time", Kind::number, "10"},
    {"post_kill_exe", Kind::text, ""},
    {"min_badness", Kind::number, "1"},
    {"post_soft_action_delay", Kind::number, "3"},
    {"post_zombie_delay", Kind::words, "0.1"},
    {"victim_cache_time", Kind::words, "10"},
    {"exe_timeout", Kind::number, "20"},
    {"print_config_at_startup", Kind::words, "False"},
    {"print_mem_check_results", Kind::words, "False"},
    {"min_mem_report_interval", Kind::words, "60"},
    {"print_proc_table", Kind::words, "False"},
    {"extra_table_info", Kind::words, "None"},
    {"print_victim_status", Kind::words, "True"},
    {"print_victim_cmdline", Kind::words, "False"},
    {"max_victim_ancestry_depth", Kind::words, "3"},
    {"print_statistics", Kind::words, "True"},
    {"debug_psi", Kind::words, "False"},
    {"debug_gui_notifications", Kind::words, "False"},
    {"debug_sleep", Kind::words, "False"},
    {"debug_threading", Kind::words, "False"},
    {"separate_log", Kind::words, "False"},
}};

constexpr std::array<std::string_view, 11> kRepeatedKeys = {
    "BADNESS_ADJ_RE_NAME",      "BADNESS_ADJ_RE_CMDLINE",   "BADNESS_ADJ_RE_REALPATH",
    "BADNESS_ADJ_RE_CWD",       "BADNESS_ADJ_RE_ENVIRON",   "BADNESS_ADJ_RE_UID",
    "BADNESS_ADJ_RE_CGROUP_V1", "BADNESS_ADJ_RE_CGROUP_V2", "SOFT_ACTION_RE_NAME",
    "SOFT_ACTION_RE_CGROUP_V1", "SOFT_ACTION_RE_CGROUP_V2"};

constexpr std::array<std::string_view, 6> kMetrics = {"some_avg10", "some_avg60", "some_avg300",
                                                      "full_avg10", "full_avg60", "full_avg300"};

}  // namespace

class NohangReader {
 public:
  NohangReader(const ImportSource& source, NohangConfig& config, std::vector<ImportError>& errors)
      : source_(source.text), places_(source.text), config_(config), errors_(errors) {}

  void read() {
    std::string_view rest = source_;
    while (!rest.empty()) {
      const std::string_view whole = take_line(rest);
      ++line_;
      line_offset_ = static_cast<std::size_t>(whole.data() - source_.data());
      // What begins with a blank is a comment too.
      if (whole.empty() || whole.front() == '#' || is_space(whole.front())) continue;
      whole.front() == '@' ? repeated(trim_right(whole)) : single(trim_right(whole));
    }
    for (const NohangKey& key : kNohangKeys)
      config_.values_.try_emplace(std::string(key.name), NohangValue{std::string(key.usual), 0, 0});
  }

 private:
  void refuse(std::string_view part, std::string message, std::string hint) {
    const auto offset = static_cast<std::size_t>(part.data() - source_.data());
    if (errors_.size() == kImportErrorsMax) return;
    errors_.push_back(
        {0, places_.diagnostic(offset, part.size(), std::move(message), std::move(hint))});
  }

  void repeated(std::string_view line) {
    const std::string_view key = line.substr(1, line.find_first_of(" \t") - 1);
    if (key == "check_kmsg" || key == "debug_kmsg") {
      config_.checks_kernel_log_ = config_.checks_kernel_log_ || key == "check_kmsg";
      return;
    }
    if (std::find(kRepeatedKeys.begin(), kRepeatedKeys.end(), key) == kRepeatedKeys.end()) {
      const std::string_view meant = nearest(key, kRepeatedKeys);
      return refuse(line.substr(0, key.size() + 1), "nohang has no @" + std::string(key),
                    meant.empty() ? "" : "did you mean @" + std::string(meant) + "?");
    }
    const std::string_view rest = line.substr(1 + key.size());
    const std::size_t separator = rest.find("///");
    if (separator == std::string_view::npos)
      return refuse(line, "expected two parts with /// between them",
                    "as in @BADNESS_ADJ_RE_NAME -500 /// ^sshd$");
    NohangRepeated one;
    one.key = key;
    one.before = trim(rest.substr(0, separator));
    one.after = trim(rest.substr(separator + 3));
    one.line = line_;
    one.offset = line_offset_;
    config_.repeated_.push_back(std::move(one));
  }

  void single(std::string_view line) {
    const std::size_t equals = line.find('=');
    const std::string_view key = trim(line.substr(0, equals));
    const auto* const known = std::find_if(kNohangKeys.begin(), kNohangKeys.end(),
                                           [&](const NohangKey& one) { return one.name == key; });
    if (known == kNohangKeys.end()) {
      std::array<std::string_view, kNohangKeys.size()> names;
      std::transform(kNohangKeys.begin(), kNohangKeys.end(), names.begin(),
                     [](const NohangKey& one) { return one.name; });
      const std::string_view meant = nearest(key, names);
      return refuse(key.empty() ? line : key, "nohang has no key \"" + comment_text(key) + "\"",
                    meant.empty() ? "" : "did you mean " + std::string(meant) + "?");
    }
    if (equals == std::string_view::npos)
      return refuse(key, "expected a value", std::string(key) + " = " + std::string(known->usual));
    const std::string_view text = trim(line.substr(equals + 1));
    const std::string_view place = text.empty() ? key : text;
    if (!makes_sense(*known, text))
      return refuse(place, "expected " + std::string(expected(*known)) + " here",
                    std::string(key) + " = " + std::string(known->usual));
    NohangValue value{std::string(text), line_,
                      static_cast<std::size_t>(place.data() - source_.data())};
    if (known->kind == Kind::words) config_.told_only_.emplace_back(line, line_);
    if (!config_.values_.emplace(std::string(key), std::move(value)).second)
      refuse(key, "this key was given before", "");
  }

  static bool makes_sense(const NohangKey& key, std::string_view text) {
    constexpr double kAll = 100;
    switch (key.kind) {
      case Kind::flag:
        return text == "True" || text == "False";
      case Kind::number:
        return import_number(text).has_value();
      case Kind::percent: {
        const auto number = import_number(text);
        return number && *number <= kAll;
      }
      case Kind::level: {
        if (text.empty() || (text.back() != '%' && text.back() != 'M')) return false;
        const auto number = import_number(trim_right(text.substr(0, text.size() - 1)));
        return number && (text.back() == 'M' || *number <= kAll);
      }
      case Kind::text:
        return key.name != "psi_metrics" ||
               std::find(kMetrics.begin(), kMetrics.end(), text) != kMetrics.end();
      case Kind::words:
        return true;
    }
    return false;
  }

  static std::string_view expected(const NohangKey& key) {
    switch (key.kind) {
      case Kind::flag:
        return "True or False";
      case Kind::number:
        return "a number that is not negative";
      case Kind::percent:
        return "a number from 0 to 100";
      case Kind::level:
        return "percents or MiB, as in 5 % or 200 M,";
      default:
        return "some_avg10, some_avg60, some_avg300, full_avg10, full_avg60 or full_avg300";
    }
  }

  std::string_view source_;
  ImportPlaces places_;
  NohangConfig& config_;
  std::vector<ImportError>& errors_;
  std::size_t line_ = 0, line_offset_ = 0;
};

NohangConfig NohangConfig::read(const ImportSource& source, std::vector<ImportError>& errors) {
  NohangConfig config;
  NohangReader(source, config, errors).read();
  return config;
}

const NohangValue& NohangConfig::value(std::string_view key) const {
  const auto found = values_.find(key);
  OOMKIT_CHECK(found != values_.end(), "a key of nohang's");
  return found->second;
}

double NohangConfig::number(std::string_view key) const {
  return import_number(value(key).text).value_or(0);
}

}  // namespace oomkit
