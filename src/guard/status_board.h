// What the guard tells of itself, published after each turn for its helper to read.
//
// The guard may neither allocate nor wait nor answer anybody, so it writes numbers into memory
// that it shares with the helper, in one go (io/shared_board.h), and the helper makes sentences
// of them. What the numbers are about (rules, what they compare) stands beside them and is written
// once. A turn costs a copy of some kilobytes.
//
// Rules and readings beyond the room are left out and counted; the room is for policies several
// times as large as those that are shipped.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "io/shared_board.h"
#include "policy/policy.h"
#include "policy/reading.h"

namespace oomkit {

inline constexpr std::size_t kBoardRules = 32;
inline constexpr std::size_t kBoardReadings = 128;

struct BoardText {
  std::uint16_t begin = 0, length = 0;  // In BoardWords::texts.
};

struct BoardRule {
  std::uint64_t decisions = 0;
  std::int64_t free_again_ns = 0;
  std::int64_t holds_since_ns = 0;  // 0: it does not hold.
  std::uint32_t places = 0, places_holding = 0;
  bool was_judged = false, is_known = false;
  HeldBack held_back = HeldBack::no;
  char cgroup[101]{};  // Of the readings; cut if need be.
};

// What changes from turn to turn.
struct BoardNumbers {
  std::int64_t turn_ns = 0;  // Since boot.
  std::uint64_t turns = 0, decisions = 0, withdrawn = 0;
  std::uint32_t acting_rule = UINT32_MAX;  // None.
  std::int32_t pid = 0;
  std::array<BoardRule, kBoardRules> rules{};
  std::array<Reading, kBoardReadings> readings{};
};

struct BoardRuleWords {
  BoardText name, scope;
  std::uint16_t first_reading = 0, readings = 0;
  bool of_host = true;
};
struct BoardReadingWords {
  ReadingKind kind = ReadingKind::signal;
  PolicyUnit unit;
  BoardText text;
};

// What is written once.
struct BoardWords {
  std::int64_t policy_read_us = 0;  // Since the epoch.
  std::uint64_t policy_hash = 0;
  std::uint32_t rules = 0, rules_left_out = 0;
  BoardText policy, woken_by;
  bool dry_run = false;
  std::array<BoardRuleWords, kBoardRules> rule_words{};
  std::array<BoardReadingWords, kBoardReadings> reading_words{};
  std::array<char, std::size_t{6} * 1024> texts{};
  std::uint32_t text_used = 0;
};

struct alignas(8) BoardContent {
  BoardNumbers numbers;  // First: a turn writes these alone.
  BoardWords words;
};
static_assert(sizeof(BoardContent) <= SharedBoard::kRoom);
static_assert(offsetof(BoardContent, words) % sizeof(SharedBoard::Word) == 0);

// As the guard sees its own start.
struct BoardStart {
  std::string_view policy_path;
  std::uint64_t policy_hash = 0;
  std::chrono::microseconds policy_read{0};
  std::string_view woken_by;
  bool dry_run = false;
  std::int32_t pid = 0;
};

struct BoardTurn {
  std::int64_t now_ns = 0;
  std::uint64_t turns = 0, decisions = 0, withdrawn = 0;
  std::uint32_t acting_rule = UINT32_MAX;
};

class StatusBoard final : public EngineWatch {
 public:
  StatusBoard(SharedBoard& shared, const Policy& policy) : shared_(shared), policy_(policy) {}

  // Once, before all else.
  void start(const BoardStart& start);
  void begin(std::size_t rule) override;
  std::span<Reading> judged(const JudgedRule& place) override;
  void acted(std::size_t rule) override;
  void publish(const BoardTurn& turn);

 private:
  BoardText keep(std::string_view text);
  bool keep_rule(const PolicyRule& rule);
  void write_first(std::size_t bytes);

  SharedBoard& shared_;
  const Policy& policy_;
  BoardContent content_;
  std::size_t readings_used_ = 0;
  // Of the place whose readings are shown, for each rule.
  std::array<std::size_t, kBoardRules> nearest_{};
};

}  // namespace oomkit
