// The language of expect.checks: "SUBJECT OP VALUE", where the right side may be a number
// with a unit, a word, or another subject with a factor and an offset.
//
// Names of cgroups and processes may hold dots, and so may what follows them; the names that
// the scenario has decide where one ends, the longest first.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "core/size_text.h"
#include "core/text.h"
#include "scenario/expect.h"
#include "scenario/names.h"

namespace oomkit {
namespace {

struct NamedOperator {
  std::string_view text;
  CheckOperator comparison;
};
constexpr std::array<NamedOperator, 6> kOperators = {{
    {" == ", CheckOperator::equal},
    {" != ", CheckOperator::not_equal},
    {" <= ", CheckOperator::less_equal},
    {" >= ", CheckOperator::greater_equal},
    {" < ", CheckOperator::less},
    {" > ", CheckOperator::greater},
}};

constexpr std::array<std::string_view, 7> kProcessMembers = {
    "state", "rss", "swap", "exit_code", "signal", "oom_score", "oom_score_adj"};
constexpr std::array<std::string_view, 7> kHostMembers = {
    "total", "free", "available", "commit_limit", "committed", "swap_total", "swap_free"};
constexpr std::array<std::string_view, 16> kEventKinds = {
    "oom_kill", "guard_kill", "freeze", "thaw",  "exit",    "mark",     "write",  "read",
    "state",    "stall",      "panic",  "start", "refused", "notified", "module", "error"};

bool is_among(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

tl::unexpected<Error> refuse(const std::string& what) {
  return fail(ErrorCode::usage, what);
}

// Takes the longest of `names` that is all of `text` or is followed by a dot.
std::optional<std::string> take_name(std::string_view& text,
                                     const std::vector<std::string>& names) {
  std::optional<std::string> longest;
  for (const std::string& name : names) {
    const bool fits =
        text.starts_with(name) && (text.size() == name.size() || text[name.size()] == '.');
    if (fits && (!longest || name.size() > longest->size())) longest = name;
  }
  if (longest) text.remove_prefix(std::min(text.size(), longest->size() + 1));
  return longest;
}

class SubjectParser {
 public:
  explicit SubjectParser(const Scenario& scenario) : scenario_(&scenario) {}

  // Nothing when the text does not begin as a subject does.
  std::optional<Result<CheckSubject>> parse(std::string_view text) const {
    using Kind = CheckSubject::Kind;
    if (text == "killed_by_kernel") return CheckSubject{};
    if (take(text, "events.")) return events(text);
    if (take(text, "cgroup.")) return cgroup(text);
    if (take(text, "process.")) return process(text);
    if (take(text, "host.")) return host(text);
    if (take(text, "read.")) return read(text);
    if (take(text, "state.")) return instance(Kind::state, text);
    if (take(text, "log.finding."))
      return CheckSubject{Kind::log_finding, std::string(text), 1, ""};
    return std::nullopt;
  }

 private:
  static bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
  }

  static Result<CheckSubject> events(std::string_view text) {
    const std::size_t dot = text.find('.');
    const std::string_view kind = text.substr(0, dot);
    if (!is_among(kind, kEventKinds) && kind != "sysrq" && kind != "sysctl" && kind != "signal")
      return refuse("there are no events of kind \"" + std::string(kind) + "\"");
    const std::string_view comm =
        dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    return CheckSubject{CheckSubject::Kind::events, std::string(kind), 1, std::string(comm)};
  }

  Result<CheckSubject> cgroup(std::string_view text) const {
    std::vector<std::string> paths = {"/"};
    for (const CgroupSpec& cgroup : scenario_->cgroups)
      paths.push_back(cgroup.path);
    const auto path = take_name(text, paths);
    if (!path)
      return refuse("there is no cgroup at the beginning of \"" + std::string(text) + "\"");
    if (text != "usage" && text != "max_usage" && text != "swap" && text != "psi.some_us" &&
        text != "psi.full_us" && !text.starts_with("events.")) {
      return refuse(
          "a cgroup has usage, max_usage, swap, psi.some_us, psi.full_us and "
          "events.NAME, not \"" +
          std::string(text) + "\"");
    }
    return CheckSubject{CheckSubject::Kind::cgroup, *path, 1, std::string(text)};
  }

  // "NAME" or "NAME.2", whole or before ".MEMBER".
  Result<CheckSubject> instance(CheckSubject::Kind kind, std::string_view text) const {
    const auto found = parse_instance(text, comms_of(*scenario_));
    if (!found) return refuse("there is no process \"" + std::string(text) + "\"");
    return CheckSubject{kind, found->comm, found->instance, ""};
  }

  Result<CheckSubject> process(std::string_view text) const {
    const std::size_t dot = text.rfind('.');
    const std::string_view member =
        dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    if (!is_among(member, kProcessMembers)) {
      return refuse(
          "a process has state, rss, swap, exit_code, signal, oom_score and "
          "oom_score_adj, not \"" +
          std::string(member) + "\"");
    }
    auto subject = instance(CheckSubject::Kind::process, text.substr(0, dot));
    if (subject) subject->member = member;
    return subject;
  }

  static Result<CheckSubject> host(std::string_view text) {
    if (!is_among(text, kHostMembers) && !text.starts_with("vmstat.") && text != "psi.some_us" &&
        text != "psi.full_us") {
      return refuse(
          "a host has total, free, available, commit_limit, committed, swap_total, "
          "swap_free, psi.some_us, psi.full_us and vmstat.NAME, not \"" +
          std::string(text) + "\"");
    }
    return CheckSubject{CheckSubject::Kind::host, "", 1, std::string(text)};
  }

  Result<CheckSubject> read(std::string_view text) const {
    std::vector<std::string> labels;
    const auto collect = [&](const Action& action) {
      if (action.kind == Action::Kind::read && !action.name.empty()) labels.push_back(action.name);
    };
    for (const EventSpec& event : scenario_->events)
      collect(event);
    for (const ListenerSpec& listener : scenario_->listeners) {
      for (const Action& action : listener.then)
        collect(action);
    }
    const auto label = take_name(text, labels);
    if (!label) return refuse("no read has the name in \"read." + std::string(text) + "\"");
    return CheckSubject{CheckSubject::Kind::read, *label, 1, std::string(text)};
  }

  const Scenario* scenario_;
};

// "80M", "4096", "-12": exact integers and sizes.
std::optional<std::int64_t> parse_number(std::string_view text) {
  Cursor cursor(text);
  if (const auto whole = cursor.take_integer<std::int64_t>(); whole && cursor.at_end())
    return *whole;
  const auto size = parse_size(text);
  return size ? std::optional(size->count()) : std::nullopt;
}

// " + 4K" or " - 4K" at the end of a subject, if there is one.
Status take_offset(std::string_view& text, Check& check) {
  for (const std::string_view sign : {" + ", " - "}) {
    const std::size_t at = text.rfind(sign);
    if (at == std::string_view::npos) continue;
    const std::string_view amount = text.substr(at + sign.size());
    const auto number = parse_number(amount);
    if (!number || *number == std::numeric_limits<std::int64_t>::min())
      return refuse("\"" + std::string(amount) + "\" is no number");
    check.offset = sign == " + " ? *number : -*number;
    text = trim(text.substr(0, at));
    return {};
  }
  return {};
}

// "0.5 * " before a subject, if there is one.
Status take_factor(std::string_view& text, Check& check) {
  const std::size_t at = text.find(" * ");
  if (at == std::string_view::npos) return {};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + at, check.factor, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + at)
    return refuse("\"" + std::string(text.substr(0, at)) + "\" is no factor");
  text = trim(text.substr(at + 3));
  return {};
}

Status parse_right_side(const SubjectParser& parser, Check& check) {
  check.number = parse_number(check.word);
  if (check.number) return {};
  std::string_view rest = check.word;
  Check scaled = check;
  const Status factor = take_factor(rest, scaled);
  const Status offset = take_offset(rest, scaled);
  const auto other = parser.parse(rest);
  if (!other) return {};  // A word.
  if (!factor) return factor;
  if (!offset) return offset;
  if (!*other) return tl::unexpected(other->error());
  scaled.other = **other;
  check = std::move(scaled);
  return {};
}

}  // namespace

Result<Check> parse_check(std::string_view text, const Scenario& scenario) {
  Check check;
  check.text = text;
  std::size_t at = std::string_view::npos;
  std::size_t length = 0;
  for (const NamedOperator& candidate : kOperators) {
    const std::size_t found = text.find(candidate.text);
    if (found >= at) continue;
    at = found;
    length = candidate.text.size();
    check.comparison = candidate.comparison;
  }
  if (at == std::string_view::npos)
    return refuse("a check is \"SUBJECT OP VALUE\", OP one of == != < <= > >=");
  const SubjectParser parser(scenario);
  const auto subject = parser.parse(trim(text.substr(0, at)));
  if (!subject) {
    return refuse("\"" + std::string(trim(text.substr(0, at))) +
                  "\" is nothing that a record has: events., cgroup., process., host., read., "
                  "state., log.finding., killed_by_kernel");
  }
  if (!*subject) return tl::unexpected(subject->error());
  check.subject = **subject;
  check.word = trim(text.substr(at + length));
  if (check.word.empty()) return refuse("the check has no value on its right side");
  const Status right = parse_right_side(parser, check);
  if (!right) return tl::unexpected(right.error());
  const bool ordered =
      check.comparison != CheckOperator::equal && check.comparison != CheckOperator::not_equal;
  if (ordered && !check.number && !check.other)
    return refuse("\"" + check.word + "\" is no number, and only numbers are more or less");
  return check;
}

}  // namespace oomkit
