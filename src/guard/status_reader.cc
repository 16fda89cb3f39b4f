#include "guard/status_reader.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>

#include "core/text.h"
#include "guard/channel.h"
#include "io/kept_file.h"
#include "io/machine.h"
#include "io/own_process.h"
#include "io/process_environment.h"
#include "io/wall_clock.h"
#include "policy/policy_parse.h"

namespace oomkit {
namespace {

constexpr std::size_t kDecisionsKept = 8;

std::optional<double> known_number(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

double seconds_of(std::int64_t ns) {
  return std::chrono::duration<double>(HostTime(ns)).count();
}

class BoardView {
 public:
  BoardView(const BoardContent& content, HostTime boot_now)
      : numbers_(content.numbers), words_(content.words), now_ns_(boot_now.count()) {}

  GuardStatus status() const {
    GuardStatus status;
    status.pid = numbers_.pid;
    status.dry_run = words_.dry_run;
    status.policy = text(words_.policy);
    status.policy_hash = policy_hash_text(words_.policy_hash);
    status.policy_read = std::chrono::microseconds(words_.policy_read_us);
    status.woken_by = text(words_.woken_by);
    status.last_look_s = seconds_of(std::max<std::int64_t>(now_ns_ - numbers_.turn_ns, 0));
    status.turns = numbers_.turns;
    status.decisions = numbers_.decisions;
    status.withdrawn = numbers_.withdrawn;
    status.rules_left_out = words_.rules_left_out;
    const std::size_t count = std::min<std::size_t>(words_.rules, kBoardRules);
    for (std::size_t index = 0; index < count; ++index)
      status.rules.push_back(rule(index));
    return status;
  }

 private:
  std::string text(const BoardText& where) const {
    const std::string_view all(words_.texts.data(), words_.texts.size());
    return std::string(all.substr(std::min<std::size_t>(where.begin, all.size()), where.length));
  }

  GuardReading reading(std::size_t index) const {
    const BoardReadingWords& words = words_.reading_words.at(index);
    const Reading& now = numbers_.readings.at(index);
    GuardReading reading;
    reading.kind = words.kind;
    reading.text = text(words.text);
    reading.unit = words.unit;
    reading.value = known_number(now.value);
    reading.threshold = known_number(now.threshold);
    reading.holds = now.holds;
    reading.held_s = seconds_of(now.held.count());
    return reading;
  }

  GuardRuleStatus rule(std::size_t index) const {
    const BoardRuleWords& words = words_.rule_words.at(index);
    const BoardRule& now = numbers_.rules.at(index);
    GuardRuleStatus rule;
    rule.name = text(words.name);
    rule.scope = text(words.scope);
    if (!words.of_host) {
      rule.cgroups = now.places;
      rule.cgroups_holding = now.places_holding;
      const std::string_view path(now.cgroup, sizeof now.cgroup);
      rule.cgroup = path.substr(0, path.find('\0'));
    }
    rule.decisions = now.decisions;
    const std::size_t end = std::size_t{words.first_reading} + words.readings;
    for (std::size_t at = words.first_reading; at < std::min(end, kBoardReadings); ++at) {
      GuardReading told = reading(at);
      // A signal may stand in a condition more than once.
      const bool is_double =
          std::any_of(rule.readings.begin(), rule.readings.end(), [&](const GuardReading& before) {
            return told.kind == ReadingKind::signal && before.text == told.text;
          });
      if (!is_double) rule.readings.push_back(std::move(told));
    }
    // Readings of cgroups that are gone say nothing any more.
    if (!now.was_judged) {
      for (GuardReading& old : rule.readings)
        old.value = old.threshold = std::nullopt;
    }
    rule.state = state(index, rule);
    if (now.holds_since_ns != 0) rule.held_s = seconds_of(now_ns_ - now.holds_since_ns);
    rule.held_back = now.was_judged ? now.held_back : HeldBack::no;
    if (rule.held_back != HeldBack::no)
      rule.held_back_left_s = seconds_of(std::max<std::int64_t>(now.free_again_ns - now_ns_, 0));
    return rule;
  }

  RuleState state(std::size_t index, const GuardRuleStatus& rule) const {
    const BoardRule& now = numbers_.rules.at(index);
    if (numbers_.acting_rule == index) return RuleState::acting;
    if (!now.was_judged) return RuleState::not_judged;
    if (now.places_holding > 0) return RuleState::holds;
    const bool is_waiting =
        std::any_of(rule.readings.begin(), rule.readings.end(), [](const GuardReading& reading) {
          return reading.kind == ReadingKind::lasting && reading.held_s > 0 && !reading.holds;
        });
    if (is_waiting) return RuleState::waiting;
    return now.is_known ? RuleState::idle : RuleState::unknown;
  }

  const BoardNumbers& numbers_;
  const BoardWords& words_;
  std::int64_t now_ns_;
};

// "VmRSS:      1234 kB"
std::optional<Bytes> size_in_status(std::string_view status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  Cursor cursor(status.substr(at + name.size()));
  while (cursor.take(" ") || cursor.take("\t")) {
  }
  const auto kib = cursor.take_integer<std::int64_t>();
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  if (!kib || *kib < 0 || *kib > kMost) return std::nullopt;
  return Bytes(*kib * 1024);
}

// The texts are a sentence, the record, then FIELD=value.
std::string_view field_of(const std::vector<std::string>& texts, std::string_view name) {
  for (std::size_t index = 2; index < texts.size(); ++index) {
    const std::string_view text = texts[index];
    const bool is_it = text.substr(0, name.size()) == name && text.substr(name.size(), 1) == "=";
    if (is_it) return text.substr(name.size() + 1);
  }
  return {};
}

std::optional<std::int64_t> number_in_field(const std::vector<std::string>& texts,
                                            std::string_view name) {
  Cursor cursor(field_of(texts, name));
  return cursor.take_integer<std::int64_t>();
}

}  // namespace

std::optional<GuardStatus> read_board(const SharedBoard& board, HostTime boot_now) {
  const auto content = std::make_unique<BoardContent>();
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(content.get(), 1));
  // The guard writes for a few microseconds; longer only if it was stopped in the middle.
  constexpr int kTries = 200;
  for (int tries = 0; tries < kTries; ++tries) {
    if (board.read(bytes)) return BoardView(*content, boot_now).status();
    pause_for(std::chrono::microseconds(100));
  }
  return std::nullopt;
}

void StatusReader::keep_decision(const std::vector<std::string>& texts) {
  if (texts.size() < 2) return;
  GuardDecisionStatus decision;
  decision.sentence = texts.front();
  decision.rule = field_of(texts, "OOM_RULE");
  decision.result = field_of(texts, "OOM_RESULT");
  decision.dry_run = field_of(texts, "OOM_DRY_RUN") == "1";
  if (const auto freed = number_in_field(texts, "OOM_FREED_BYTES")) decision.freed = Bytes(*freed);
  decision.time = std::chrono::microseconds(
      number_in_field(texts, "OOM_TIME_USEC").value_or(wall_clock().count()));
  decisions_.push_front(std::move(decision));
  if (decisions_.size() > kDecisionsKept) decisions_.pop_back();
}

std::optional<GuardStatus> StatusReader::read() const {
  std::optional<GuardStatus> status = read_board(ring_.board(), HostTime(boot_time_ns()));
  if (!status) return std::nullopt;
  status->now = wall_clock();
  status->started = started_;
  status->last_decisions.assign(decisions_.begin(), decisions_.end());
  status->messages_lost = ring_.lost();
  status->stalls = static_cast<std::uint64_t>(number_of(ring_, ChannelNumber::stalls));
  status->helper_pid = own_process_id();
  status->helper_restarts =
      static_cast<std::uint64_t>(number_of(ring_, ChannelNumber::helper_restarts));
  constexpr std::size_t kStatusBytes = 8192;
  const auto process =
      read_beginning("/proc/" + std::to_string(status->pid) + "/status", kStatusBytes);
  if (process) {
    status->resident = size_in_status(*process, "\nVmRSS:");
    status->locked = size_in_status(*process, "\nVmLck:");
  }
  if (const auto file = read_whole(status->policy, kPolicyBytesMax))
    status->policy_changed = policy_hash_text(policy_hash(*file)) != status->policy_hash;
  return status;
}

}  // namespace oomkit
