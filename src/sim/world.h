// The scenario's world: the supervisor that does its actions, its processes' steps, its record.
//
// What PID 1 of a rehearsal's machine does (guest/supervisor.h, guest/steps.h), in the model: the
// same meaning by every step and action.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "scenario/scenario.h"
#include "sim/attach_lock.h"
#include "sim/driver.h"
#include "sim/kernel.h"
#include "sim/pressure_average.h"
#include "sim/resident_host.h"
#include "sim/simulate.h"

namespace oomkit::sim {

class World final : public Witness {
 public:
  World(const KernelProfile& profile, const Scenario& scenario, const SimulationOptions& options);

  Status set_up();  // What is written before anything starts; run() does it itself.
  Result<Simulation> run();

  // Witness
  void reported(OomReport report) override;
  void logged(std::string line) override;
  void panicked(std::string text) override;
  void exited(Process& process) override;
  void notified(const Memcg& group, std::string_view file) override;
  void pressed(const Memcg& group, std::string_view level) override;
  void traced(std::string_view what) override;
  void stalled() override;

 private:
  friend class ResidentHost;
  static constexpr SimTime kBoot{3'000'000'000};  // From the kernel's start to the scenario's.

  struct Mark {
    std::optional<SimTime> at;  // When what waits for it in the scenario is due.
    bool reached = false;
    std::vector<Thread*> waiting;
  };
  struct Listener {
    const ListenerSpec* spec = nullptr;
    int fired = 0;
    bool pending = false;
    std::optional<SimTime> told;  // memory.events: at most once in 10 ms.
  };

  // world.cc: the supervisor.
  Status write_at_start(std::string_view group, const Setting& setting);
  Co<void> supervise();
  Co<bool> do_due();
  SimTime next_due() const;
  bool is_over() const;
  Process* start_copy(std::size_t index);
  void start_at_once(std::size_t index);
  // It is in its place before the scenario begins.
  static bool starts_at_once(const ProcessSpec& spec) {
    return spec.start == Milliseconds(0) && !spec.after;
  }
  Co<void> start_copies(std::size_t index);
  std::size_t found_tasks() const;
  void start_found();
  void start_resident();
  bool admits(const Memcg& group) const;
  void reach(std::string_view name, SimTime breath);
  Mark& mark(std::string_view name);
  std::int64_t elapsed_ms() const { return kernel_.now().count() / 1'000'000; }
  void tell(RunEvent event);
  RunEvent event_of(std::string_view kind, const Process& process) const;
  void finish(std::string_view ended);

  // actor.cc: what a process does.
  Co<void> live(Process& process, const ProcessSpec* spec, const Step* fork_step);
  Co<bool> play(Process& process, const ProcessSpec& spec, const std::vector<Step>& steps);
  Co<bool> do_step(Process& process, const ProcessSpec& spec, const Step& step);
  Co<bool> do_once(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on);
  Co<bool> do_hold(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on);
  Co<bool> do_lock(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on);
  Co<bool> do_touch(Process& process, const Step& step, Bytes amount);
  Co<bool> wait_for_piece(Process& process, bool has_rate, SimTime due);
  Pages pages_to_next_sleep(const Process& process, Pages piece, bool has_rate, SimTime each) const;
  Co<bool> do_file(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on);
  Co<bool> do_files(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on);
  Co<bool> do_sock(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on);
  Co<bool> do_fork(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on);
  Co<bool> pause_until(Process& process, SimTime when);
  bool must_die(const Process& process) const;
  bool writes_cores() const;  // kernel.core_pattern names a file that a scenario may read.
  bool refuse(Process& process, const ProcessSpec& spec, int error);
  void report_step_error(Process& process, int error);

  // actions.cc
  Co<void> perform(const Action& action, std::string_view by);
  Co<void> perform_write(const Action& action, std::string_view by);
  void perform_read(const Action& action, std::string_view by);
  void perform_signal(const Action& action, std::string_view by);
  void perform_state(const Action& action, std::string_view by);
  Co<int> write_cgroup_file(Process& writer, std::string_view path, std::string_view file,
                            std::string_view value);
  Co<int> write_process_file(Process& process, std::string_view file, std::string_view value);
  int write_sysctl(std::string_view name, std::string_view value);
  Process* find_process(std::string_view name);
  const Process* find_process(std::string_view name) const;
  char state_letter(const Process& process) const;

  // files.cc: the text of a file, or an errno.
  tl::expected<std::string, int> text_of(std::string_view file);
  tl::expected<std::string, int> cgroup_text(Memcg& group, std::string_view file);
  tl::expected<std::string, int> process_text(const Process& process, std::string_view file);
  std::string meminfo_text();
  std::string vmstat_text();
  std::string buddyinfo_text();

  // world_pressure.cc
  struct PressureFile {
    Memcg* group;  // The root's is the host's.
    PressureOf what;
  };
  std::optional<PressureFile> pressure_file(std::string_view path);
  PressureGroup& pressure_group(Memcg& group);
  const GroupPressure& pressure_of(Memcg& group);
  std::string pressure_text(const PressureFile& file);
  bool is_pressure_seen() const;
  void sample_pressure();
  void check_pressure_listeners();

  // record.cc
  void record_processes(RunRecord& record);
  void record_cgroups(RunRecord& record);
  void record_host(RunRecord& record);

  const KernelProfile& profile_;
  const Scenario& scenario_;
  const SimulationOptions& options_;
  Scheduler scheduler_;
  Kernel kernel_;
  Driver driver_;
  AttachLock attach_lock_{Scheduler::kTick};
  Process init_;  // PID 1: who does the actions.
  Simulation result_;
  std::map<std::string, Mark, std::less<>> marks_;
  std::vector<Listener> listeners_;
  std::vector<bool> started_, done_;   // By process and by event of the scenario.
  const Process* starting_ = nullptr;  // Who PID 1 waits for.
  std::vector<Process*> known_;        // All that ever were, in their order.
  std::map<std::string, int, std::less<>> instances_;
  std::map<std::string, std::string, std::less<>> sysctl_texts_;
  std::map<std::string, Process*, std::less<>> cores_;
  std::int64_t exits_ = 0, marks_reached_ = 0, kills_ = 0, resident_kills_ = 0;
  SimTime last_exit_{0};
  bool over_ = false;
  std::string ended_by_;
  std::unique_ptr<ResidentHost> resident_;
  std::map<const Memcg*, GroupAverages> averages_;  // Only looked up, never walked.
};

}  // namespace oomkit::sim
