#include "import/oomd_condition.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/lines.h"
#include "core/text.h"
#include "import/import_text.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 4> kOfCgroups = {"pressure_above", "pressure_rising_beyond",
                                                        "memory_above", "memory_reclaim"};

bool is_of_cgroup(const OomdPlugin& detector) {
  return std::find(kOfCgroups.begin(), kOfCgroups.end(), detector.name) != kOfCgroups.end();
}

double duration_of(const OomdPlugin& plugin) {
  return import_number(plugin.argument("duration", "0")).value_or(0);
}

// Whether all of `inner` lies in or below one of `outer`, judged by their words.
bool lies_within(const std::string& inner, const std::string& outer) {
  std::string_view rest = inner;
  take_word(rest);
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
    std::string_view others = outer;
    take_word(others);
    bool found = false;
    for (std::string_view one = take_word(others); !one.empty() && !found; one = take_word(others))
      found = word == one || (word.starts_with(one) && word.substr(one.size()).starts_with('/'));
    if (!found) return false;
  }
  return true;
}

class GroupReader {
 public:
  GroupReader(const OomdGroup& group, ImportDraft& draft) : group_(group), draft_(draft) {}

  std::optional<OomdCondition> read() {
    if (!find_scope()) return std::nullopt;
    for (const OomdPlugin& detector : group_.detectors) {
      std::string part;
      if (!condition_of(detector, part)) return std::nullopt;
      if (part.empty()) continue;
      result_.when += (result_.when.empty() ? "" : " and ") + part;
    }
    // Of detectors that always hold: as oomd, at each look.
    if (result_.when.empty()) result_.when = "mem.total > 0";
    return std::move(result_);
  }

 private:
  bool leave_out(const OomdPlugin& detector, const std::string& why, const std::string& instead) {
    draft_.note(0, detector.line,
                "the group of detectors \"" + group_.name + "\" with its " + detector.name, why,
                instead);
    return false;
  }

  // The cgroups of that which is not only about reclaim, for that can be looked at higher up.
  bool find_scope() {
    for (const bool reclaim : {false, true}) {
      for (const OomdPlugin& detector : group_.detectors) {
        if (!is_of_cgroup(detector) || (detector.name == "memory_reclaim") != reclaim) continue;
        const auto cgroups = oomd_cgroups(detector, draft_);
        if (!cgroups) return false;
        if (result_.scope.empty()) result_.scope = *cgroups;
      }
    }
    return true;
  }

  // Whether its cgroups are those of the group; `host` if it is about the host.
  bool is_about_scope(const OomdPlugin& detector, bool& host) {
    const std::string cgroups = oomd_cgroups(detector, draft_).value_or("");
    host = cgroups.empty();
    if (host || cgroups == result_.scope) return true;
    if (detector.name == "memory_reclaim" && lies_within(cgroups, result_.scope)) {
      draft_.note(0, detector.line, "memory_reclaim of " + detector.argument("cgroup", ""),
                  "a condition is judged in one set of cgroups; reclaim is looked for in all of " +
                      result_.scope.substr(std::string_view("cgroup ").size()),
                  "");
      return true;
    }
    return leave_out(detector, "a condition is judged in one set of cgroups, and this is another",
                     "one [[rule]] for each set");
  }

  bool condition_of(const OomdPlugin& detector, std::string& part) {
    bool host = false;
    if (is_of_cgroup(detector)) {
      if (!is_about_scope(detector, host)) return false;
      part = cgroup_condition(detector, host);
      return !part.empty() || leave_out(detector, "its threshold is no number", "");
    }
    if (detector.name == "swap_free") return swap_condition(detector, part);
    if (detector.name == "continue" || detector.name == "dump_cgroup_overview") {
      if (detector.name != "continue")
        draft_.note(0, detector.line, detector.name, "it only prints",
                    "decision records tell each candidate with its terms");
      return true;
    }
    if (detector.name == "exists" && !detector.flag("negate", false)) {
      const auto cgroups = oomd_cgroups(detector, draft_);
      // A rule is judged only in cgroups that are there.
      if (cgroups && !cgroups->empty() && (*cgroups == result_.scope || result_.scope.empty())) {
        result_.scope = *cgroups;
        return true;
      }
    }
    if (!detector.is_known)
      return leave_out(detector, "it is no plugin that comes with oomd", "a condition of ours");
    return leave_out(detector, "there is no signal for it", "");
  }

  bool swap_condition(const OomdPlugin& detector, std::string& part) {
    part = "swap.total > 0 and swap.free < " + detector.argument("threshold_pct", "0") + "%";
    constexpr double kPage = 4096;
    const double rate =
        import_number(detector.argument("swapout_bps_threshold", "0")).value_or(0) / kPage;
    if (rate > 0) part += " and rate(swap.out, 5s) >= " + import_number_text(rate) + "/s";
    return true;
  }

  // Empty if it makes no sense.
  std::string cgroup_condition(const OomdPlugin& detector, bool host) {
    const bool in_cgroup = !result_.scope.empty();
    const std::string psi = host && in_cgroup ? "host.psi(" : "psi(";
    const auto pressure = [&](const char* average) {
      return psi + detector.argument("resource", "memory") + ", full, " + average + ")";
    };
    const auto threshold = import_number(detector.argument("threshold", "0"));
    if (detector.name == "pressure_above") {
      if (!threshold) return "";
      return pressure("avg10") + " > " + import_number_text(*threshold) + "%" +
             import_lasting_text(duration_of(detector));
    }
    if (detector.name == "pressure_rising_beyond") {
      if (!threshold) return "";
      const std::string limit = " > " + import_number_text(*threshold) + "%";
      return pressure("avg60") + limit + import_lasting_text(duration_of(detector)) + " and " +
             pressure("avg10") + limit + falling_slowly(detector, pressure("avg10"));
    }
    if (detector.name == "memory_reclaim") {
      const std::string scanned = host ? "(rate(pgscan.kswapd, 5s) + rate(pgscan.direct, 5s) > 0/s)"
                                       : "(rate(cg.pgscan, 5s) > 0/s)";
      return scanned + " within " + import_time_text(std::max(1.0, duration_of(detector)));
    }
    const bool anon = detector.has("threshold_anon");
    const auto size =
        oomd_size(detector.argument(anon ? "threshold_anon" : "threshold", ""), "mem.total");
    if (!size) return "";
    const char* const of_host = anon ? "mem.anon" : "mem.total - mem.free";
    const char* const of_cgroup = anon ? "cg.anon" : "cg.usage";
    return "(" + std::string(host ? of_host : of_cgroup) + " > " + *size + ")" +
           import_lasting_text(duration_of(detector));
  }

  // avg10 >= ratio * that of 5 s ago, said by how fast it falls.
  static std::string falling_slowly(const OomdPlugin& detector, const std::string& avg10) {
    const double ratio = import_number(detector.argument("fast_fall_ratio", "0.85")).value_or(0.85);
    if (ratio <= 0) return "";
    // With f = 1 - ratio: 5 s * fall <= f / ratio * avg10.
    constexpr double kLeast = 1e-4;
    constexpr double kTickS = 5;
    const double may_fall = std::max(kLeast, (1 - ratio) / std::max(ratio, kLeast));
    return " and falling(" + avg10 + ", 5s) <= " + avg10 + " / " +
           import_time_text(kTickS / may_fall);
  }

  const OomdGroup& group_;
  ImportDraft& draft_;
  OomdCondition result_;
};

}  // namespace

std::optional<std::string> oomd_cgroups(const OomdPlugin& plugin, ImportDraft& draft) {
  if (plugin.has("ruleset_cgroup")) {
    draft.note(0, plugin.line, plugin.name + " with ruleset_cgroup",
               "a ruleset's cgroup is not carried over", "scope = \"cgroup /...\"");
    return std::nullopt;
  }
  std::string scope;
  std::string_view rest = plugin.arguments.find("cgroup") == plugin.arguments.end()
                              ? std::string_view("/")
                              : std::string_view(plugin.arguments.find("cgroup")->second);
  bool is_root = false;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view one = trim(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    while (one.starts_with('/'))
      one.remove_prefix(1);
    while (one.ends_with('/'))
      one.remove_suffix(1);
    is_root = is_root || one.empty();
    constexpr std::size_t kGlobMost = 1000;
    const bool is_sayable = one.find_first_of(" \t\r\n[]") == std::string_view::npos &&
                            one.find("**") == std::string_view::npos && one.size() < kGlobMost;
    if (!is_sayable) {
      draft.note(0, plugin.line, plugin.name + " of " + comment_text(one),
                 "of patterns for cgroups only * and ? are known", "");
      return std::nullopt;
    }
    if (!one.empty()) scope += (scope.empty() ? "cgroup /" : " /") + std::string(one);
  }
  if (is_root && !scope.empty()) {
    draft.note(0, plugin.line, plugin.name, "the root and other cgroups cannot be said in one rule",
               "one [[rule]] for each");
    return std::nullopt;
  }
  return scope;
}

std::optional<std::string> oomd_size(std::string_view text, std::string_view whole) {
  text = trim(text);
  if (const auto number = import_number(text)) return import_number_text(*number) + "M";
  if (text.ends_with('%')) {
    const auto share = import_number(trim(text.substr(0, text.size() - 1)));
    if (!share) return std::nullopt;
    return import_number_text(*share) + "% of " + std::string(whole);
  }
  // "1.5G 32M" are added.
  std::string sum;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    constexpr std::string_view kUnits = "KMGTkmgt";
    const auto number = import_number(word.substr(0, word.size() - 1));
    if (!number || kUnits.find(word.back()) == std::string_view::npos) return std::nullopt;
    const char unit = static_cast<char>(word.back() >= 'a' ? word.back() - 'a' + 'A' : word.back());
    sum += (sum.empty() ? "" : " + ") + import_number_text(*number) + unit;
  }
  return sum.empty() ? std::nullopt : std::optional(sum);
}

std::optional<OomdCondition> oomd_condition(const OomdGroup& group, ImportDraft& draft) {
  return GroupReader(group, draft).read();
}

}  // namespace oomkit
