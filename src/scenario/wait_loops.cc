#include "scenario/wait_loops.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string_view>

namespace oomkit {
namespace {

// Steps that are done one after the other: a process, or the children of a fork.
struct Thread {
  const std::vector<Step>* steps = nullptr;
  std::size_t process = 0;
  std::size_t top_step = 0;  // Of children: the fork in their process.
  bool is_child = false;
  std::string comm;
  std::optional<std::string> after;  // Of a process that has not started.
  std::size_t next = 0;
  bool is_done = false;
};

// Of a file full of loops the first few say enough.
constexpr std::size_t kReportedMax = 8;

class Play {
 public:
  explicit Play(const Scenario& scenario)
      : scenario_(&scenario), events_done_(scenario.events.size()) {
    for (std::size_t i = 0; i < scenario.processes.size(); ++i) {
      const ProcessSpec& process = scenario.processes[i];
      threads_.push_back({&process.steps, i, 0, false, process.name, process.after, 0, false});
      population_[process.name] += process.count;
      count_children(process.steps, process.name);
    }
  }

  std::vector<EndlessWait> run() {
    for (std::size_t i = 0; i < threads_.size(); ++i) {  // By index: forks add threads.
      if (!threads_[i].after) reach(threads_[i].comm + " exits");
      move(i);
    }
    for (const ListenerSpec& listener : scenario_->listeners) {
      for (const Action& action : listener.then)
        take(action);
    }
    for (std::size_t i = 0; i < scenario_->events.size(); ++i)
      do_event(i);
    while (!awake_.empty()) {
      const Waiter waiter = awake_.back();
      awake_.pop_back();
      waiter.is_event ? do_event(waiter.index) : move(waiter.index);
    }
    return reports();
  }

 private:
  struct Waiter {
    bool is_event = false;
    std::size_t index = 0;
  };

  void count_children(const std::vector<Step>& steps, const std::string& comm) {
    for (const Step& step : steps) {
      if (step.kind != Step::Kind::fork && step.kind != Step::Kind::vfork) continue;
      const std::string child = step.child_name.value_or(comm);
      population_[child] += step.children;
      count_children(step.steps, child);
    }
  }

  void reach(const std::string& mark) {
    if (!reached_.insert(mark).second) return;
    const auto waiting = waiting_.find(mark);
    if (waiting == waiting_.end()) return;
    awake_.insert(awake_.end(), waiting->second.begin(), waiting->second.end());
    waiting_.erase(waiting);
  }

  void take(const Action& action) {
    if (action.kind == Action::Kind::mark) reach(action.name);
  }

  void do_event(std::size_t index) {
    const EventSpec& event = scenario_->events[index];
    if (event.after && reached_.count(*event.after) == 0) {
      waiting_[*event.after].push_back({true, index});
      return;
    }
    events_done_[index] = true;
    take(event);
  }

  // As far as the marks let it.
  void move(std::size_t index) {
    if (threads_[index].after) {
      if (reached_.count(*threads_[index].after) == 0) {
        waiting_[*threads_[index].after].push_back({false, index});
        return;
      }
      threads_[index].after.reset();
      reach(threads_[index].comm + " exits");
    }
    while (!threads_[index].is_done) {
      Thread& thread = threads_[index];
      if (thread.next == thread.steps->size()) {
        thread.is_done = true;
        return;
      }
      const Step& step = (*thread.steps)[thread.next];
      if (step.kind == Step::Kind::wait && !may_pass(thread, step)) {
        if (reached_.count(step.name) == 0) waiting_[step.name].push_back({false, index});
        return;
      }
      if (step.kind == Step::Kind::exit) {
        thread.is_done = true;
        return;
      }
      ++thread.next;
      if (step.kind == Step::Kind::mark) reach(step.name);
      if (step.kind == Step::Kind::fork || step.kind == Step::Kind::vfork) fork(index, step);
    }
  }

  // Nobody sees its own end.
  bool may_pass(const Thread& thread, const Step& step) const {
    if (reached_.count(step.name) == 0) return false;
    return step.name != thread.comm + " exits" || population_.at(thread.comm) > 1;
  }

  void fork(std::size_t index, const Step& step) {
    Thread child;
    child.steps = &step.steps;
    child.process = threads_[index].process;
    child.top_step = threads_[index].is_child ? threads_[index].top_step : threads_[index].next - 1;
    child.is_child = true;
    child.comm = step.child_name.value_or(threads_[index].comm);
    reach(child.comm + " exits");
    threads_.push_back(std::move(child));
    awake_.push_back({false, threads_.size() - 1});
  }

  std::vector<EndlessWait> reports() const {
    std::vector<EndlessWait> endless;
    for (const Thread& thread : threads_) {
      if (endless.size() == kReportedMax) return endless;
      if (!thread.is_done) report(thread, endless);
    }
    for (std::size_t i = 0; i < scenario_->events.size() && endless.size() < kReportedMax; ++i) {
      const EventSpec& event = scenario_->events[i];
      if (!events_done_[i] && maker_of(*event.after))
        endless.push_back({true, i, std::nullopt, *event.after, explain(*event.after)});
    }
    return endless;
  }

  // The mark that it waits for.
  static const std::string& wanted(const Thread& thread) {
    return thread.after ? *thread.after : (*thread.steps)[thread.next].name;
  }

  void report(const Thread& thread, std::vector<EndlessWait>& endless) const {
    const std::string& mark = wanted(thread);
    const bool own = mark == thread.comm + " exits" && !thread.after;
    if (!own && !maker_of(mark)) return;
    EndlessWait wait;
    wait.index = thread.process;
    if (!thread.after) wait.step = thread.is_child ? thread.top_step : thread.next;
    wait.mark = mark;
    wait.explanation = own ? "nobody sees its own end" : explain(mark);
    endless.push_back(std::move(wait));
  }

  struct Maker {
    std::string name;
    std::string waits_for;  // Empty: it never gets there at all.
  };

  static bool makes(const std::vector<Step>& steps, std::size_t from, std::string_view mark) {
    for (std::size_t i = from; i < steps.size(); ++i) {
      if (steps[i].kind == Step::Kind::mark && steps[i].name == mark) return true;
      if (makes(steps[i].steps, 0, mark)) return true;
    }
    return false;
  }

  // Somebody who would make the mark if he could go on.
  std::optional<Maker> maker_of(std::string_view mark) const {
    for (const Thread& thread : threads_) {
      const bool exits = thread.after && mark == thread.comm + " exits";
      if (!exits && !makes(*thread.steps, thread.is_done ? 0 : thread.next, mark)) continue;
      return Maker{thread.comm, thread.is_done ? "" : wanted(thread)};
    }
    for (std::size_t i = 0; i < scenario_->events.size(); ++i) {
      const EventSpec& event = scenario_->events[i];
      if (event.kind == Action::Kind::mark && event.name == mark && !events_done_[i])
        return Maker{"[[event]] " + std::to_string(i + 1), event.after.value_or("")};
    }
    return std::nullopt;
  }

  std::string explain(const std::string& mark) const {
    const auto maker = maker_of(mark);
    const std::string quoted = "\"" + mark + "\"";
    if (!maker) return quoted + " is never made";
    if (maker->waits_for.empty()) return maker->name + " ends before it makes " + quoted;
    return maker->name + " makes " + quoted + " only after it has waited for \"" +
           maker->waits_for + "\"";
  }

  const Scenario* scenario_;
  std::deque<Thread> threads_;  // Their addresses stay: forks add some while one moves.
  std::map<std::string, std::int64_t> population_;
  std::set<std::string> reached_;
  std::map<std::string, std::vector<Waiter>> waiting_;
  std::vector<Waiter> awake_;
  std::vector<bool> events_done_;
};

}  // namespace

std::vector<EndlessWait> find_endless_waits(const Scenario& scenario) {
  return Play(scenario).run();
}

}  // namespace oomkit
