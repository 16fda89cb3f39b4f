#include "scenario/expectation.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/check_value.h"

namespace oomkit {
namespace {

// Of a swarm the name once, and how often.
std::string list_text(const std::vector<std::string>& names) {
  if (names.empty()) return "nobody";
  std::string text;
  for (auto name = names.begin(); name != names.end();) {
    const auto next = std::find_if(name, names.end(), [&](const auto& it) { return it != *name; });
    text += (text.empty() ? "" : ", ") + *name;
    if (next - name > 1) text += " (" + std::to_string(next - name) + " times)";
    name = next;
  }
  return text;
}

class Judge {
 public:
  Judge(const ExpectSpec& wanted, const RunRecord& record) : wanted_(wanted), record_(record) {}

  RunExpectation verdict() {
    judge_end();
    if (wanted_.victims)
      compare("victims", list_text(*wanted_.victims), list_text(record_.victims));
    if (wanted_.survivors)
      compare("survivors", list_text(*wanted_.survivors), list_text(record_.survivors));
    judge_kills();
    if (wanted_.panic)
      compare("panic", *wanted_.panic ? "yes" : "no", count("panic") > 0 ? "yes" : "no");
    for (const Check& check : wanted_.checks) {
      if (auto difference = difference_of(check, record_))
        verdict_.differences.push_back(*std::move(difference));
    }
    verdict_.holds = verdict_.differences.empty();
    return std::move(verdict_);
  }

 private:
  std::int64_t count(std::string_view kind) const {
    return std::count_if(record_.events.begin(), record_.events.end(),
                         [&](const RunEvent& event) { return event.kind == kind; });
  }

  // A run that was cut short shows nothing about what it expects.
  void judge_end() {
    if (record_.ended == "limit" || record_.ended == "vm_died")
      compare("ended", "by itself", *record_.ended);
  }

  void judge_kills() {
    if (wanted_.oom_kills)
      compare("oom_kills", std::to_string(*wanted_.oom_kills), std::to_string(count("oom_kill")));
    if (!wanted_.constraint) return;
    std::vector<std::string> seen;
    for (const RunEvent& event : record_.events) {
      if (event.kind == "oom_kill" && event.constraint != wanted_.constraint)
        seen.push_back(event.constraint.value_or("unknown"));
    }
    if (count("oom_kill") == 0) seen.emplace_back("no kill");
    if (!seen.empty()) compare("constraint", *wanted_.constraint, list_text(seen));
  }

  void compare(std::string_view what, const std::string& wanted, const std::string& found) {
    if (wanted == found) return;
    verdict_.differences.push_back(std::string(what) + ": expected " + wanted + ", got " + found);
  }

  const ExpectSpec& wanted_;
  const RunRecord& record_;
  RunExpectation verdict_;
};

}  // namespace

void judge(const Scenario& scenario, RunRecord& record) {
  record.expect.reset();
  const ExpectSpec wanted = expect_for(scenario, record.kernel.value_or(""));
  if (!wanted.empty()) record.expect = Judge(wanted, record).verdict();
}

}  // namespace oomkit
