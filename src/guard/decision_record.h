// A decision as one line of JSON, `oomkit.decision/1`, with every candidate's terms.
//
// Made in the process that must not allocate: into a text whose room was taken at the start.
// Candidates that do not fit are left out, the last first, and their number is said.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/json_writer.h"
#include "guard/deed.h"
#include "policy/decision.h"

namespace oomkit {

class DecisionRecord {
 public:
  DecisionRecord();

  struct Doing {
    std::span<const ActionOutcome> actions;
    std::optional<std::int64_t> freed_bytes;
    bool dry_run = false;
  };
  // Good until the next call. Ends without a newline.
  std::string_view make(const Decision& decision, const Doing& doing,
                        std::chrono::microseconds since_epoch);
  static constexpr std::size_t kRoom = std::size_t{16} * 1024;

 private:
  void put_conditions(const Decision& decision);
  void put_target(const Decision& decision);
  void put_candidates(const Decision& decision);
  void put_actions(const Decision& decision, const Doing& doing);
  bool has_room() const { return text_.size() < kRoom - kReserve; }

  static constexpr std::size_t kReserve = std::size_t{4} * 1024;
  std::string text_;
  JsonWriter json_;
};

// One sentence for people: who, by which rule, and why.
FixedText<512> decision_sentence(const Decision& decision, bool dry_run);

// What came of it: "kill done, reap done", "the rule's cooldown is not over".
FixedText<512> outcome_text(const Decision& decision, const DecisionRecord::Doing& doing);

}  // namespace oomkit
