// Whether a host is set up to survive running out of memory: what each check found.
//
// A check looks at one thing of a snapshot and says what it found, why that matters and what
// to do about it, with numbers that follow from this very host. It changes nothing, and it
// asks for no change that the numbers do not support: where something is merely unusual it
// says so and has no command. What the snapshot does not tell is not known, and is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "model/host_state.h"
#include "model/snapshot.h"

namespace oomkit {

enum class CheckStatus { ok, notice, warning, critical };

std::string_view name_of(CheckStatus status);  // "ok", "notice", ...

struct Diagnosis {
  std::string_view id;
  CheckStatus status = CheckStatus::ok;
  bool known = true;    // False: the snapshot lacks what it needs; `why` says what.
  bool absent = false;  // There is nothing here that it could be about: no swap, no cgroup.
  std::string value;    // What it found, in few words; "" if it is not known.
  std::string why;      // Why that matters. Sentences.
  std::vector<std::string> fix;  // Lines for a root shell; with what is to be put in marked.
  NamedNumbers numbers;          // What it rests on; names end in their unit.
};

// A kill that the kernel's log tells of.
struct LoggedKill {
  std::string comm;
  std::int64_t pid = 0;
  std::optional<HostTime> uptime;
  std::optional<std::string> memcg;  // Whose limit it was for; absent: the host's.
};

struct LoggedKills {
  std::string source;  // "/dev/kmsg"
  std::uint64_t count = 0;
  std::optional<LoggedKill> last;
};

struct DoctorInput {
  const Snapshot& snapshot;
  std::optional<LoggedKills> log;  // Absent: no log could be read.
};

struct DoctorReport {
  std::vector<Diagnosis> checks;  // Most severe first; then what is not known, then what is ok.

  std::uint64_t count(CheckStatus status) const;  // Of those that are known.
  std::uint64_t unknown() const;
};

DoctorReport examine(const DoctorInput& input);

}  // namespace oomkit
