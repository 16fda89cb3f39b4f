// What the guard hands to its helper: everything that may block or allocate.
//
// Posting never waits. The helper may hang, may be swapped out or dead; then what does not fit is
// counted and lost, and the guard goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace oomkit {

// The first byte of each message; what follows are texts that end with a NUL each.
enum class HelperTask : char {
  record = 'r',   // A sentence, the record in JSON, then FIELD=value for the journal.
  say = 's',      // A sentence.
  hook = 'h',     // Number, milliseconds, NAME=value of the target ..., "", program, arguments ...
  exec = 'x',     // The same, and nobody waits for it.
  notify = 'n',   // A sentence for the user's desktop.
  warn = 'w',     // The level of the warning.
  restart = 'u',  // A systemd unit.
};

class Outbox {
 public:
  virtual ~Outbox() = default;
  // False if it was lost.
  virtual bool post(HelperTask task, std::string_view texts) = 0;
  // The hook with this number is over: its exit code, or 128 + a signal; nothing while it runs.
  virtual std::optional<int> hook_status(std::uint32_t number) = 0;
  // Messages that were lost so far.
  virtual std::uint64_t lost() const = 0;
};

}  // namespace oomkit
