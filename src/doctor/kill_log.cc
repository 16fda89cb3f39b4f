#include "doctor/kill_log.h"

#include <utility>

namespace oomkit {

void KillLog::on_report(OomReport&& report) {
  if (report.killer != Killer::kernel || report.verdict != Verdict::killed) return;
  kills_.count += report.victims.size();
  if (report.victims.empty()) return;
  const Victim& victim = report.victims.front();
  LoggedKill kill;
  kill.comm = victim.comm.value_or("");
  kill.pid = victim.pid.value_or(0);
  kill.uptime = report.at.uptime;
  if (report.scope == Constraint::memcg) {
    kill.memcg = report.at.memcg && report.at.memcg->oom_path
                     ? report.at.memcg->oom_path
                     : std::optional<std::string>("a cgroup");
  }
  kills_.last = std::move(kill);
}

}  // namespace oomkit
