// Writes a recording down while the guard is at work: into a mailbox, from which the helper takes
// it to a file.
//
// This is the process that kills: nothing is allocated, nothing waits. Room for the longest line is
// taken at the start; a line that does not fit there or in the mailbox is lost, and the next one
// says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/json_writer.h"
#include "io/shared_ring.h"
#include "policy/decision.h"
#include "record/recording.h"

namespace oomkit {

class FlightRecorder {
 public:
  explicit FlightRecorder(SharedRing& ring);

  void begin(const RecordingBegin& begin);
  void tick(const Tick& tick);
  void second_look(const TickHost& host);
  void settled(const Decision& decision, DecisionOutcome outcome);

  std::uint64_t lost() const { return lost_; }

 private:
  void start(std::string_view kind);
  void finish();
  bool has_room() const;

  SharedRing& ring_;
  std::string text_;
  JsonWriter json_;
  std::uint64_t lost_ = 0;
  std::uint64_t lost_now_ = 0;  // Since the last line that got through.
};

}  // namespace oomkit
