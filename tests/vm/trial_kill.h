// What the kernel's log says of the first kill since it is watched.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oomkit {

struct TrialKill {
  std::string constraint;           // "CONSTRAINT_MEMCG"
  std::string memcg;                // "oom_memcg=" of the same line.
  std::string victim;               // comm
  std::vector<std::string> killed;  // comm of each, the victim's among them.
};

class KillWatch {
 public:
  KillWatch();
  ~KillWatch();
  KillWatch(const KillWatch&) = delete;
  KillWatch& operator=(const KillWatch&) = delete;

  int descriptor() const { return log_; }
  // Takes in what is new; whether there was a kill by now.
  bool look();
  const TrialKill& kill() const { return kill_; }

 private:
  void take(std::string_view line);

  int log_ = -1;
  int choices_ = 0;  // "oom-kill:" lines: what belongs to the second is not looked at.
  TrialKill kill_;
};

}  // namespace oomkit
