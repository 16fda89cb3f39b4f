#include "act/stop_rule.h"

#include <csignal>

namespace oomkit {

bool StopRule::is_one_too_many(bool catches, Time now) {
  using namespace std::chrono_literals;
  interrupts_.push_back(now);
  const std::size_t count = interrupts_.size();
  if (!catches) return count >= 2;
  return count >= 3 && now - interrupts_[count - 3] <= Time(1s);
}

StopRule::Answer StopRule::on_signal(int number, bool from_terminal, bool catches, Time now) {
  Answer answer;
  answer.forward = !from_terminal;
  if (number == SIGINT && is_one_too_many(catches, now)) {
    answer.stop = CommandStop::second_interrupt;
  } else if (number == SIGTERM || number == SIGHUP) {
    if (deadline_) answer.stop = CommandStop::grace_over;
    deadline_ = deadline_.value_or(now + grace_);
  }
  return answer;
}

}  // namespace oomkit
