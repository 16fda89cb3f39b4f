#include "guard/status_board.h"

#include <algorithm>

namespace oomkit {
namespace {

constexpr std::size_t kHoldingWeight = 1000;  // More than any condition has comparisons.

}  // namespace

BoardText StatusBoard::keep(std::string_view text) {
  BoardWords& words = content_.words;
  const std::size_t length = std::min(text.size(), words.texts.size() - words.text_used);
  const BoardText kept{static_cast<std::uint16_t>(words.text_used),
                       static_cast<std::uint16_t>(length)};
  text.copy(words.texts.data() + words.text_used, length);
  words.text_used += static_cast<std::uint32_t>(length);
  return kept;
}

bool StatusBoard::keep_rule(const PolicyRule& rule) {
  BoardWords& words = content_.words;
  if (words.rules == kBoardRules) return false;
  std::array<ReadingPlace, kBoardReadings> places;
  const std::size_t count = describe_readings(rule.when, places);
  std::size_t letters = rule.name.size() + rule.scope.text.size();
  for (std::size_t index = 0; index < count; ++index)
    letters += places.at(index).text.size();
  const bool has_room =
      readings_used_ + count <= kBoardReadings && letters <= words.texts.size() - words.text_used;
  if (!has_room) return false;
  BoardRuleWords& kept = words.rule_words.at(words.rules++);
  kept = {keep(rule.name), keep(rule.scope.text), static_cast<std::uint16_t>(readings_used_),
          static_cast<std::uint16_t>(count), rule.scope.kind == PolicyScope::Kind::host};
  for (std::size_t index = 0; index < count; ++index) {
    const ReadingPlace& place = places.at(index);
    words.reading_words.at(readings_used_++) = {place.kind, place.unit, keep(place.text)};
  }
  return true;
}

void StatusBoard::start(const BoardStart& start) {
  BoardWords& words = content_.words;
  words.policy_hash = start.policy_hash;
  words.policy_read_us = start.policy_read.count();
  words.dry_run = start.dry_run;
  constexpr std::size_t kPathMax = 1024;
  words.policy = keep(start.policy_path.substr(0, kPathMax));
  words.woken_by = keep(start.woken_by);
  content_.numbers.pid = start.pid;
  // The rules up to the first for which there is no room: their numbers are those of the policy.
  const std::size_t all = policy_.rules.size();
  std::size_t kept = 0;
  while (kept < all && keep_rule(policy_.rules[kept]))
    ++kept;
  words.rules_left_out = static_cast<std::uint32_t>(all - kept);
  write_first(sizeof content_);
}

void StatusBoard::begin(std::size_t rule) {
  if (rule >= content_.words.rules) return;
  BoardRule& shown = content_.numbers.rules.at(rule);
  nearest_.at(rule) = 0;
  shown.places = shown.places_holding = 0;
  shown.held_back = HeldBack::no;
  shown.was_judged = shown.is_known = false;
}

std::span<Reading> StatusBoard::judged(const JudgedRule& place) {
  if (place.rule >= content_.words.rules) return {};
  BoardRule& shown = content_.numbers.rules.at(place.rule);
  ++shown.places;
  if (place.holds) ++shown.places_holding;
  // Of several places the one that is nearest to acting is told.
  const std::size_t nearness = 1 + place.true_comparisons + (place.holds ? kHoldingWeight : 0);
  if (nearness <= nearest_.at(place.rule)) return {};
  nearest_.at(place.rule) = nearness;
  shown.was_judged = true;
  shown.is_known = place.known;
  shown.held_back = place.held_back;
  shown.free_again_ns = place.free_again.count();
  const std::string_view cgroup = place.cgroup.substr(0, sizeof shown.cgroup - 1);
  cgroup.copy(shown.cgroup, cgroup.size());
  shown.cgroup[cgroup.size()] = '\0';
  const BoardRuleWords& words = content_.words.rule_words.at(place.rule);
  return std::span(content_.numbers.readings).subspan(words.first_reading, words.readings);
}

void StatusBoard::acted(std::size_t rule) {
  if (rule < content_.words.rules) ++content_.numbers.rules.at(rule).decisions;
}

void StatusBoard::publish(const BoardTurn& turn) {
  BoardNumbers& numbers = content_.numbers;
  numbers.turn_ns = turn.now_ns;
  numbers.turns = turn.turns;
  numbers.decisions = turn.decisions;
  numbers.withdrawn = turn.withdrawn;
  numbers.acting_rule = turn.acting_rule;
  for (BoardRule& rule : numbers.rules) {
    if (rule.places_holding == 0) {
      rule.holds_since_ns = 0;
    } else if (rule.holds_since_ns == 0) {
      rule.holds_since_ns = turn.now_ns;
    }
  }
  write_first(offsetof(BoardContent, words));
}

void StatusBoard::write_first(std::size_t bytes) {
  static_assert(sizeof(BoardContent) % sizeof(SharedBoard::Word) == 0);
  shared_.write(0, std::as_bytes(std::span(&content_, 1)).first(bytes));
}

}  // namespace oomkit
