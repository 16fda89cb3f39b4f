// The guard's side and the helper's side of the mailbox between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "guard/outbox.h"
#include "io/shared_ring.h"

namespace oomkit {

// The numbers beside the mailbox.
enum class ChannelNumber : std::size_t {
  beats,        // Of the guard's loop: grows with each turn.
  stalls,       // How often the watchdog saw no beat.
  hook_number,  // The last hook that is over, ...
  hook_status,  // ... and how it ended.
  reload,       // Requests to check the policy file again, and ...
  reloaded,     // ... how many of them were answered, ...
  reload_good,  // ... and whether the last answer was yes.
  decisions,
  helper_pid,       // Who reads the messages now, ...
  helper_restarts,  // ... and how often another one had to take over.
  knowledge,        // For the guard that starts anew: the descriptor of what it knew, plus one.
};

inline std::atomic<std::int64_t>& number_of(SharedRing& ring, ChannelNumber which) {
  return ring.number(static_cast<std::size_t>(which));
}

class RingOutbox final : public Outbox {
 public:
  explicit RingOutbox(SharedRing& ring) : ring_(ring) {}

  bool post(HelperTask task, std::string_view texts) override {
    if (texts.size() + 1 > sizeof message_) return false;
    message_[0] = static_cast<char>(task);
    texts.copy(message_ + 1, texts.size());
    return ring_.push({message_, texts.size() + 1});
  }
  std::optional<int> hook_status(std::uint32_t number) override {
    if (number_of(ring_, ChannelNumber::hook_number) != number) return std::nullopt;
    return static_cast<int>(number_of(ring_, ChannelNumber::hook_status));
  }
  std::uint64_t lost() const override { return ring_.lost(); }

 private:
  SharedRing& ring_;
  char message_[std::size_t{20} * 1024]{};
};

}  // namespace oomkit
