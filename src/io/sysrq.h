// The door to magic sysrq: one letter, and the kernel does it.
//
// Writing to /proc/sysrq-trigger is for root alone and always allowed to root: the mask in
// kernel.sysrq governs the keyboard only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/result.h"

namespace oomkit {

class SysrqDoor {
 public:
  virtual ~SysrqDoor() = default;
  virtual Status press(char letter) = 0;
};

// Of this machine.
std::unique_ptr<SysrqDoor> make_sysrq_door();

// For tests: nothing happens but that it is written down; or it fails.
class RecordedSysrq final : public SysrqDoor {
 public:
  Status press(char letter) override {
    if (failing) return tl::unexpected(*failing);
    pressed += letter;
    return {};
  }

  std::string pressed;
  std::optional<Error> failing;
};

}  // namespace oomkit
