#include "scenario/check_value.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "core/units.h"

namespace oomkit {
namespace {

using Value = std::optional<CheckValue>;

constexpr std::size_t kShownMax = 60;

CheckValue of_number(std::int64_t number) {
  return {std::to_string(number), number};
}

Value of_bytes(const std::optional<Bytes>& bytes) {
  return bytes ? Value(of_number(bytes->count())) : std::nullopt;
}

Value of_optional(const std::optional<std::int64_t>& number) {
  return number ? Value(of_number(*number)) : std::nullopt;
}

Value of_named(const NamedCounts& counts, std::string_view name) {
  for (const auto& [each, count] : counts) {
    if (each == name) return of_number(count);
  }
  return std::nullopt;
}

Value of_psi(const std::optional<RunPsi>& psi, std::string_view member) {
  if (!psi) return std::nullopt;
  return of_number(member == "psi.full_us" ? psi->full_us : psi->some_us);
}

// "4096", "4096 kB" or a word, as the kernel's files have them.
CheckValue of_text(std::string_view text) {
  text = trim(text);
  Cursor cursor(text);
  const auto number = cursor.take_integer<std::int64_t>();
  if (number && cursor.at_end()) return {std::string(text), number};
  cursor.skip_spaces();
  if (number && cursor.rest() == "kB") return of_number(to_bytes(KiB(*number)).count());
  return {std::string(text), std::nullopt};
}

std::string_view first_word(std::string_view text) {
  text = trim_left(text);
  std::size_t end = 0;
  while (end < text.size() && !is_space(text[end]))
    ++end;
  return text.substr(0, end);
}

// What stands after a key: "anon 4096", "MemFree:  4 kB", "State:\tD (disk sleep)".
Value of_line(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  if (line.empty() || (line.front() != ':' && !is_space(line.front()))) return std::nullopt;
  if (line.front() == ':') line.remove_prefix(1);
  CheckValue whole = of_text(line);
  if (whole.number) return whole;
  return of_text(first_word(line));
}

// "total" of "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234".
Value of_pair(std::string_view line, std::string_view key) {
  while (!(line = trim_left(line)).empty()) {
    const std::string_view word = first_word(line);
    line.remove_prefix(word.size());
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=')
      return of_text(word.substr(key.size() + 1));
  }
  return std::nullopt;
}

// `key` is that of a line, or LINE.PAIR as in "some.total".
Value of_file(std::string_view text, std::string_view key) {
  const std::size_t dot = key.find('.');
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (Value found = of_line(line, key)) return found;
    if (dot == std::string_view::npos || first_word(line) != key.substr(0, dot)) continue;
    if (Value found = of_pair(line, key.substr(dot + 1))) return found;
  }
  return std::nullopt;
}

Value of_read(const CheckSubject& subject, const RunRecord& record) {
  const RunEvent* last = nullptr;
  for (const RunEvent& event : record.events) {
    if (event.kind == "read" && event.name == subject.name) last = &event;
  }
  if (last == nullptr) return std::nullopt;
  if (subject.member == "error") return CheckValue{last->error.value_or("none"), std::nullopt};
  if (!last->value) return std::nullopt;
  return subject.member.empty() ? of_text(*last->value) : of_file(*last->value, subject.member);
}

Value of_events(const CheckSubject& subject, const RunRecord& record) {
  return of_number(
      std::count_if(record.events.begin(), record.events.end(), [&](const RunEvent& event) {
        return event.kind == subject.name &&
               (subject.member.empty() || event.comm == subject.member);
      }));
}

Value of_state(const CheckSubject& subject, const RunRecord& record) {
  const RunEvent* last = nullptr;
  for (const RunEvent& event : record.events) {
    if (event.kind == "state" && event.comm == subject.name &&
        event.instance.value_or(1) == subject.instance)
      last = &event;
  }
  if (last == nullptr || !last->value) return std::nullopt;
  return CheckValue{*last->value, std::nullopt};
}

Value of_cgroup(const CheckSubject& subject, const RunRecord& record) {
  const auto found =
      std::find_if(record.cgroups.begin(), record.cgroups.end(),
                   [&](const RunCgroup& cgroup) { return cgroup.path == subject.name; });
  if (found == record.cgroups.end()) return std::nullopt;
  const std::string_view member = subject.member;
  if (member == "usage") return of_bytes(found->usage);
  if (member == "max_usage") return of_bytes(found->max_usage);
  if (member == "swap") return of_bytes(found->swap);
  if (member.starts_with("psi.")) return of_psi(found->psi, member);
  constexpr std::string_view kEvents = "events.";
  if (member.starts_with(kEvents)) return of_named(found->events, member.substr(kEvents.size()));
  return std::nullopt;
}

Value of_process(const CheckSubject& subject, const RunRecord& record) {
  const auto found = std::find_if(
      record.processes.begin(), record.processes.end(), [&](const RunProcess& process) {
        return process.comm == subject.name && process.instance == subject.instance;
      });
  if (found == record.processes.end()) return std::nullopt;
  const std::string_view member = subject.member;
  if (member == "state") return CheckValue{found->state, std::nullopt};
  if (member == "rss") return of_bytes(found->rss);
  if (member == "swap") return of_bytes(found->swap);
  if (member == "oom_score") return of_optional(found->oom_score);
  if (member == "exit_code") return of_optional(found->exit_code);
  if (member == "signal") return of_optional(found->signal);
  return std::nullopt;
}

Value of_host(std::string_view member, const RunHost& host) {
  const std::pair<std::string_view, const std::optional<Bytes>&> amounts[] = {
      {"total", host.total},         {"free", host.free},
      {"available", host.available}, {"commit_limit", host.commit_limit},
      {"committed", host.committed}, {"swap_total", host.swap_total},
      {"swap_free", host.swap_free}};
  for (const auto& [name, amount] : amounts) {
    if (name == member) return of_bytes(amount);
  }
  if (member.starts_with("psi.")) return of_psi(host.psi, member);
  constexpr std::string_view kVmstat = "vmstat.";
  if (member.starts_with(kVmstat)) return of_named(host.vmstat, member.substr(kVmstat.size()));
  return std::nullopt;
}

bool compare(std::int64_t a, CheckOperator comparison, std::int64_t b) {
  switch (comparison) {
    case CheckOperator::equal:
      return a == b;
    case CheckOperator::not_equal:
      return a != b;
    case CheckOperator::less:
      return a < b;
    case CheckOperator::less_equal:
      return a <= b;
    case CheckOperator::greater:
      return a > b;
    case CheckOperator::greater_equal:
      return a >= b;
  }
  return false;
}

// Rounded to a whole number; beyond what 64 bits hold, the nearest they do.
std::int64_t scaled(std::int64_t value, double factor) {
  if (factor == 1) return value;
  constexpr double kMax = 9.2e18;
  return std::llround(std::clamp(static_cast<double>(value) * factor, -kMax, kMax));
}

std::string shown(const CheckValue& value) {
  if (value.number) return std::to_string(*value.number);
  const std::string_view line = std::string_view(value.text).substr(0, value.text.find('\n'));
  return "\"" + std::string(line.substr(0, kShownMax)) + "\"";
}

}  // namespace

Value value_of(const CheckSubject& subject, const RunRecord& record) {
  switch (subject.kind) {
    case CheckSubject::Kind::events:
      return of_events(subject, record);
    case CheckSubject::Kind::cgroup:
      return of_cgroup(subject, record);
    case CheckSubject::Kind::process:
      return of_process(subject, record);
    case CheckSubject::Kind::host:
      return of_host(subject.member, record.host);
    case CheckSubject::Kind::read:
      return of_read(subject, record);
    case CheckSubject::Kind::state:
      return of_state(subject, record);
    case CheckSubject::Kind::log_finding: {
      Value found = of_named(record.findings, subject.name);
      return found ? found : of_number(0);
    }
    case CheckSubject::Kind::killed_by_kernel: {
      CheckSubject kills;
      kills.name = "oom_kill";
      return of_events(kills, record);
    }
  }
  return std::nullopt;
}

std::optional<std::string> difference_of(const Check& check, const RunRecord& record) {
  const Value left = value_of(check.subject, record);
  if (!left) return check.text + ": not recorded";
  std::optional<std::int64_t> right = check.number;
  std::string beside;
  if (check.other) {
    const Value other = value_of(*check.other, record);
    if (!other) return check.text + ": its right side is not recorded";
    if (!other->number) return check.text + ": its right side is " + shown(*other);
    right = (Bytes(scaled(*other->number, check.factor)) + Bytes(check.offset)).count();
    beside = " against " + std::to_string(*right);
  }
  bool holds = false;
  if (right) {
    holds = left->number && compare(*left->number, check.comparison, *right);
  } else {
    holds = (left->text == check.word) == (check.comparison == CheckOperator::equal);
  }
  if (holds) return std::nullopt;
  return check.text + ": got " + shown(*left) + beside;
}

}  // namespace oomkit
