// What a policy can do, as values: one thing of a rule's `do` list each.
//
//   do = ["notify", "hook /usr/lib/x/dump timeout 2s", "term wait 2s", "kill", "reap"]
//
// Done in order by act/, which owns every door to the world. Texts are the policy's and live as
// long as it does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "core/units.h"
#include "policy/token.h"

namespace oomkit {

struct PolicyAction {
  enum class Kind : std::uint8_t {
    log,          // A decision record, and nothing else.
    notify,       // The desktop notice of the helper.
    warn,         // Programs that listen for low memory are told: `level`.
    hook,         // The program `command` before what comes after it, at most `wait` long.
    exec,         // The program `command`; nobody waits for it longer than `wait`.
    reclaim,      // `amount` bytes out of the target cgroup (memory.reclaim).
    memory_high,  // The target cgroup's memory.high becomes `amount`.
    freeze,
    thaw,
    signal,     // `signal` to the target, then wait until it is gone, at most `wait`.
    kill,       // SIGKILL; all of a cgroup by cgroup.kill where that spares nobody.
    reap,       // process_mrelease() on what was killed.
    sysrq_oom,  // The kernel's own OOM killer (sysrq f).
    restart,    // The systemd unit `command.front()`; the target's own if there is none.
  };
  Kind kind = Kind::log;
  int signal = 0;
  std::chrono::milliseconds wait{0};
  std::optional<Bytes> amount;       // memory_high: absent for "max".
  int level = 0;                     // warn: 50 low, 100 medium, 255 critical.
  std::vector<std::string> command;  // hook, exec: program and arguments. No shell.
  std::string text;                  // As the policy says it.
};

// That it ends processes, or may.
bool is_destructive(PolicyAction::Kind kind);
// That it needs somebody whom it is done to.
bool needs_target(PolicyAction::Kind kind);

// "term wait 2s", "hook /usr/lib/x/dump timeout 2s".
tl::expected<PolicyAction, ExpressionError> parse_action(std::string_view text);

}  // namespace oomkit
