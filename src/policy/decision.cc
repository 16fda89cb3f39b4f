#include "policy/decision.h"

namespace oomkit {

std::string_view excluded_text(Excluded why) {
  switch (why) {
    case Excluded::no:
      return "";
    case Excluded::protected_by_preference:
      return "a preference says never";
    case Excluded::adj_minus_1000:
      return "oom_score_adj is -1000";
    case Excluded::init:
      return "init";
    case Excluded::kernel_thread:
      return "a kernel thread";
    case Excluded::zombie:
      return "dead already";
    case Excluded::guard_itself:
      return "the guard itself";
    case Excluded::filtered:
      return "not meant by the rule";
    case Excluded::omitted:
      return "its cgroup asks to be left out";
    case Excluded::empty:
      return "nobody is in it";
    case Excluded::cooling_down:
      return "it was a target a moment ago";
    case Excluded::does_not_die:
      return "it was killed and does not die";
    case Excluded::too_little:
      return "less than the rule wants";
    case Excluded::no_growth:
      return "its growth does not explain the shortage";
    case Excluded::unknown:
      return "what the rule ranks by is not known of it";
    case Excluded::not_whole:
      return "nobody in it may die";
  }
  return "";
}

std::string_view level_text(PreferenceLevel level) {
  switch (level) {
    case PreferenceLevel::prefer:
      return "prefer";
    case PreferenceLevel::normal:
      return "normal";
    case PreferenceLevel::avoid:
      return "avoid";
    case PreferenceLevel::never:
      return "never";
  }
  return "";
}

std::string_view held_back_text(HeldBack why) {
  switch (why) {
    case HeldBack::no:
      return "";
    case HeldBack::rule_cooldown:
      return "the rule has just acted";
    case HeldBack::global_cooldown:
      return "something was killed a moment ago";
    case HeldBack::budget:
      return "the budget of kills is spent";
    case HeldBack::kernel_kill:
      return "the kernel has just killed";
    case HeldBack::nobody:
      return "nobody can be chosen";
    case HeldBack::incomplete:
      return "what a choice needs was not read yet";
  }
  return "";
}

}  // namespace oomkit
