// The lines of those who kill before the kernel does: earlyoom, systemd-oomd, oomd,
// nohang, lmkd and the old lowmemorykiller, and the kubelet, which only reports.
//
// Their texts changed verb and order with nearly each release ("Killed ... due to" became
// "Marked ... for killing"), so a line is told by the few words that stayed, and its
// values are looked for by their names. Dry runs are no kills and no lines of these.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "klog/line_text.h"
#include "model/oom_report.h"

namespace oomkit {

struct DaemonLine {
  enum class What {
    none,
    kill,        // Somebody, or a whole cgroup, is killed or told to end.
    reason,      // Why a kill will follow.
    detail,      // About the victim: a value, or the cgroup it is in.
    escalation,  // It did not end, so a stronger signal follows.
    outcome,     // It is gone.
    failed,      // It could not be killed.
  };
  What what = What::none;
  Killer killer = Killer::kernel;
  std::optional<std::int64_t> pid;
  std::optional<std::string_view> comm;
  std::optional<std::int64_t> uid;
  std::optional<std::int64_t> score;
  std::optional<int> oom_score_adj;
  std::optional<KiB> rss;
  std::optional<std::string_view> signal;
  std::optional<std::string_view> cgroup;
  std::optional<std::string_view> reason;
  std::string_view more_victims;  // oomd: " 12(foo) 13(bar)" behind the first.
  bool by_manager = false;        // PID 1 tells that a daemon has killed in a unit.
};

// `ident` is who the frame says is speaking, "" if it does not. Some lines mean something
// only from that mouth.
DaemonLine read_daemon_line(std::string_view text, std::string_view ident = {});

// The next "pid(comm)" of an oomd list; nothing at its end.
struct ListedVictim {
  std::int64_t pid = 0;
  std::string_view comm;
};
std::optional<ListedVictim> take_listed_victim(std::string_view& list);

}  // namespace oomkit
