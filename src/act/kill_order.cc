#include "act/kill_order.h"

namespace oomkit {

std::string_view verb_name(KillVerb verb) {
  switch (verb) {
    case KillVerb::signal:
      return "signal";
    case KillVerb::kill:
      return "kill";
    case KillVerb::cgroup_kill:
      return "cgroup.kill";
    case KillVerb::reap:
      return "reap";
    case KillVerb::memory_high:
      return "memory.high";
    case KillVerb::reclaim:
      return "reclaim";
    case KillVerb::freeze:
      return "freeze";
    case KillVerb::thaw:
      return "thaw";
    case KillVerb::sysrq:
      return "sysrq";
  }
  return "";
}

std::string_view result_name(KillResult result) {
  switch (result) {
    case KillResult::pending:
      return "pending";
    case KillResult::done:
      return "done";
    case KillResult::not_needed:
      return "not needed";
    case KillResult::other_process:
      return "other process";
    case KillResult::still_there:
      return "still there";
    case KillResult::failed:
      return "failed";
  }
  return "";
}

}  // namespace oomkit
