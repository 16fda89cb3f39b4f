#include "lab/model_guard.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "guard/guard.h"
#include "guard/room.h"
#include "guard/stall_trigger.h"
#include "lab/model_door.h"
#include "lab/model_tick.h"

namespace oomkit {
namespace {

constexpr int kNotStarted = 127;  // As shells say it, and guest/guard_link.cc.
// When the clock of a rehearsal's machine begins: 2026-01-01T00:00:00Z.
constexpr std::chrono::microseconds kModelEpoch = std::chrono::seconds(1'767'225'600);

// Of oom-guard on x86-64: its anonymous memory, and the program. The drill's process, the watchdog
// thread and the one that asks for the pids come between it and the scenario.
constexpr Pages kGuardMemory(230);
constexpr Pages kGuardProgram(608);
constexpr std::int64_t kGuardPids = 4;
SensorRoom room_in(sim::Surroundings& world) {
  return room_for(world.kernel().memcgs().groups().size(), world.kernel().processes().size());
}

// The helper of a world that has no programs, no units and nobody at a desktop.
class ModelOutbox final : public Outbox {
 public:
  explicit ModelOutbox(sim::Surroundings& world) : world_(world) {}

  bool post(HelperTask task, std::string_view texts) override {
    const std::string first = take(texts);
    switch (task) {
      case HelperTask::record:
        log(first);
        world_.decided(take(texts));
        break;
      case HelperTask::hook:
        log("a hook is not run in the model");
        ++hooks_;
        break;
      case HelperTask::exec:
        log("a program is not run in the model");
        break;
      case HelperTask::restart:
        log("a unit is not restarted in the model");
        break;
      case HelperTask::say:
      case HelperTask::notify:
      case HelperTask::warn:
        log(first);
        break;
    }
    return true;
  }
  // Each is over as soon as it is asked for.
  std::optional<int> hook_status(std::uint32_t number) override {
    return number == hooks_ ? std::optional(kNotStarted) : std::nullopt;
  }
  std::uint64_t lost() const override { return 0; }

 private:
  static std::string take(std::string_view& texts) {
    const std::size_t end = texts.find('\0');
    std::string text(texts.substr(0, end));
    texts.remove_prefix(end == std::string_view::npos ? texts.size() : end + 1);
    return text;
  }
  void log(const std::string& sentence) { world_.log("oom-guard: " + sentence); }

  sim::Surroundings& world_;
  std::uint32_t hooks_ = 0;
};

class ModelGuard final : public sim::Resident {
 public:
  ModelGuard(const Policy& policy, sim::Surroundings& world)
      : ModelGuard(policy, world, room_in(world)) {}

  sim::SimTime work_before_turn() override {
    return guard_.is_acting() ? sim::SimTime(0) : tick_.cost_of_next(guard_.wish());
  }
  void turn() override {
    const HostTime now = world_.since_boot();
    guard_.turn(
        {now.count(), kModelEpoch + std::chrono::duration_cast<std::chrono::microseconds>(now)});
  }
  HostTime wake_at() const override { return HostTime(guard_.wake_at_ns()); }
  bool waits_for(const sim::Process& process) override {
    return guard_.is_acting() && door_.holds(guard_.handles(), process);
  }

 private:
  ModelGuard(const Policy& policy, sim::Surroundings& world, const SensorRoom& room)
      : world_(world),
        tick_(world, policy.needs, room),
        door_(world),
        run_(door_),
        outbox_(world),
        engine_(Engine::create(policy, capacity_for(room), world.since_boot())),
        guard_(*engine_, tick_, run_, outbox_, policy.settings.dry_run) {
    run_.protect(static_cast<std::int32_t>(world.itself().pid));
  }

  sim::Surroundings& world_;
  ModelTick tick_;
  ModelDoor door_;
  KillRun run_;
  ModelOutbox outbox_;
  std::unique_ptr<Engine> engine_;
  Guard guard_;
};

}  // namespace

ResidentPlan guard_in_model(Policy policy) {
  ResidentPlan plan;
  plan.name = "oom-guard";
  plan.memory = kGuardMemory;
  plan.program = kGuardProgram;
  plan.pids = kGuardPids;
  plan.some_us = kStallTriggers.front().some_us;
  plan.full_us = kStallTriggers.front().full_us;
  const auto kept = std::make_shared<const Policy>(std::move(policy));
  plan.make = [kept](sim::Surroundings& world) {
    return std::make_unique<ModelGuard>(*kept, world);
  };
  return plan;
}

}  // namespace oomkit
