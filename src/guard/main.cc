// oom-guard: the process that kills. Static and small, because all of it is locked into memory.
//
// `oom guard` has checked the policy and left a helper behind before it became this program. Here
// everything is taken that will ever be needed; then it only looks and acts. All that is to be
// told goes to the helper. When the policy file has changed and is good, it starts itself anew:
// so there is no second way to begin. What it knows by then goes over in sealed memory, for who is
// leaking is seen by how everybody grew in the last minute.
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "guard/channel.h"
#include "guard/drill.h"
#include "guard/loop.h"
#include "guard/sensors.h"
#include "guard/status_board.h"
#include "io/kept_folder.h"
#include "io/kill_door_real.h"
#include "io/own_process.h"
#include "io/sealed_memory.h"
#include "io/wall_clock.h"
#include "io/watchdog_thread.h"
#include "policy/guard_status.h"
#include "policy/policy_parse.h"
#include "record/flight_recorder.h"

namespace oomkit {
namespace {

constexpr std::int64_t kPatience = 10'000'000'000;
constexpr int kSignalToEnd = 9;
constexpr int kDone = 0;
constexpr int kUsage = 2;
constexpr int kEnvironment = 3;

struct Start {
  std::string policy;
  int memory = -1, wake = -1;
  int recording = -1, recording_wake = -1;  // The mailbox for a recording, if there is to be one.
  std::int32_t keeper = 0;                  // Of the helper.
  bool dry_run = false;
};

std::optional<Start> start_of(std::span<char* const> arguments) {
  constexpr std::size_t kArguments = 8;
  if (arguments.size() != kArguments) return std::nullopt;
  Start start;
  start.policy = arguments[1];
  const auto number = [&](std::size_t index) {
    Cursor cursor{std::string_view(arguments[index])};
    return cursor.take_integer<int>().value_or(-1);
  };
  start.memory = number(2);
  start.wake = number(3);
  start.keeper = number(4);
  start.dry_run = number(5) == 1;
  start.recording = number(6);
  start.recording_wake = number(7);
  return start.memory < 0 || start.wake < 0 ? std::nullopt : std::optional(start);
}

struct ReadPolicy {
  Policy policy;
  std::uint64_t hash = 0;  // Of its text.
};

// The policy as a value, or the first thing that is wrong with it.
Result<std::unique_ptr<ReadPolicy>> read_policy(const std::string& path) {
  std::vector<char> buffer(kPolicyBytesMax + 1);
  const std::size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  const FileDescriptor folder =
      open_kept_folder(slash == std::string::npos ? "." : path.substr(0, slash + 1));
  const DoorText text = read_kept_folder(folder.get(), name.c_str(), buffer);
  if (text.error != 0 || text.is_cut) return fail(ErrorCode::not_found, path + ": cannot be read");
  ParsedPolicy parsed = parse_policy(text.text);
  if (!parsed.diagnostics.empty()) {
    const Diagnostic& first = parsed.diagnostics.front();
    return fail(ErrorCode::usage, path + ":" + std::to_string(first.line) + ": " + first.message);
  }
  return std::make_unique<ReadPolicy>(ReadPolicy{std::move(parsed.policy), policy_hash(text.text)});
}

// What is not permitted is said, and done without.
FixedText<512> rise_above() {
  FixedText<512> lacking;
  const auto tried = [&](std::string_view what, int error) {
    if (error == 0) return;
    lacking.append(lacking.view().empty() ? "; cannot " : ", cannot ").append(what);
    lacking.append(" (").append(error_name(error).view()).append(")");
  };
  tried("be exempt from the kernel's killer", refuse_to_be_chosen());
  give_back_free_memory();
  make_memory_ours();
  tried("lock its memory", lock_memory());
  tried("run before others", run_first());
  return lacking;
}

// What the drill showed that one should know.
FixedText<256> drill(std::int32_t pid, const Policy& policy, KillDoor& door, KillRun& run,
                     bool dry_run) {
  if (pid < 0) return FixedText<256>("; no drill (", error_name(-pid).view(), ")");
  const KillTarget victim = {pid, static_cast<std::uint64_t>(door.start_ticks(pid).value)};
  const DrillResult result = hold_drill(policy, door, run, victim, dry_run);
  if (!result.killed) static_cast<void>(door.send_signal_to_pid(pid, kSignalToEnd));
  bury_process(pid);
  if (!result.decided)
    return FixedText<256>("; in the drill, where the host had nothing left, no rule acted");
  if (!result.killed && !dry_run)
    return FixedText<256>("; in the drill nobody was killed by what the policy does");
  return {};
}

// A recording's mailbox and who writes into it.
class Recording {
 public:
  explicit Recording(SharedRing ring) : ring_(std::move(ring)) {}
  FlightRecorder& recorder() { return recorder_; }

 private:
  SharedRing ring_;
  FlightRecorder recorder_{ring_};
};

Result<std::unique_ptr<Recording>> recording_of(const Start& start) {
  if (start.recording < 0) return nullptr;
  OOMKIT_TRY(SharedRing ring, SharedRing::attach(start.recording, start.recording_wake));
  return std::make_unique<Recording>(std::move(ring));
}

class SealedSink final : public StateSink {
 public:
  bool write(std::string_view bytes) override { return memory_.write(bytes); }
  int seal() { return memory_.seal(); }

 private:
  SealedMemory memory_;
};

// For the one that we become; without it that one begins as if it were the first.
void leave_knowledge(Engine& engine, SharedRing& ring) {
  SealedSink sink;
  if (engine.hand_over(sink)) number_of(ring, ChannelNumber::knowledge) = sink.seal() + 1;
}

struct BegunEngine {
  std::unique_ptr<Engine> engine;
  bool goes_on = false;
  FixedText<160> said;
};

// With what the one that became us has left, if it was one and that is whole.
BegunEngine begin_engine(const Policy& policy, const EngineCapacity& capacity, HostTime begun,
                         SharedRing& ring) {
  BegunEngine result;
  const std::int64_t left = number_of(ring, ChannelNumber::knowledge).exchange(0);
  if (left > 0) {
    const Result<std::string> knowledge = SealedMemory::read(static_cast<int>(left - 1));
    if (knowledge) result.engine = Engine::create_with(*knowledge, policy, capacity, begun);
    result.goes_on = result.engine != nullptr;
    if (!result.goes_on) {
      result.said.append("; what it knew before is of no use (")
          .append(knowledge ? std::string_view("another version, or damaged")
                            : std::string_view(knowledge.error().what))
          .append("): begins anew");
    }
  }
  if (!result.engine) result.engine = Engine::create(policy, capacity, begun);
  return result;
}

Result<LoopEnd> guard_with(const Start& start, SharedRing& ring, RingOutbox& outbox) {
  raise_file_limit();
  OOMKIT_TRY(const std::unique_ptr<ReadPolicy> read, read_policy(start.policy));
  const Policy* const policy = &read->policy;
  const std::chrono::microseconds policy_read = wall_clock();
  const std::optional<CgroupPlace> place = find_cgroups("");
  const SensorRoom room = room_below("", place);
  // Or the rooms of tables would lie where memory has been in use, and be in memory from end to
  // end.
  give_back_free_memory();
  OOMKIT_TRY(Sensors sensors, Sensors::create("", policy->needs, place, room));
  OOMKIT_TRY(const std::unique_ptr<KillDoor> door, make_kill_door());
  const auto run = std::make_unique<KillRun>(*door);
  for (const std::int32_t pid : {own_process_id(), own_process_group(), start.keeper})
    run->protect(pid);
  const HostTime begun(boot_time_ns());
  const EngineCapacity capacity = capacity_for(room);
  const BegunEngine begun_engine = begin_engine(*policy, capacity, begun, ring);
  Engine* const engine = begun_engine.engine.get();
  const bool dry_run = start.dry_run || policy->settings.dry_run;
  OOMKIT_TRY(const std::unique_ptr<Recording> recording, recording_of(start));
  FlightRecorder* const recorder = recording != nullptr ? &recording->recorder() : nullptr;
  const auto guard = std::make_unique<Guard>(*engine, sensors, *run, outbox, dry_run, recorder);
  if (recorder != nullptr)
    recorder->begin(
        {start.policy, read->hash, wall_clock(), begun, capacity, dry_run, begun_engine.goes_on});
  const auto board = std::make_unique<StatusBoard>(ring.board(), *policy);
  OOMKIT_TRY(GuardLoop loop,
             GuardLoop::create({*guard, *run, *door, *board, ring, start.keeper}, ""));
  engine->tell(board.get());
  const std::int32_t victim = start_idle_process();
  const int no_watchdog =
      start_watchdog({&number_of(ring, ChannelNumber::beats),
                      &number_of(ring, ChannelNumber::stalls), ring.wake_file(), kPatience});
  board->start({start.policy, read->hash, policy_read, loop.triggers(), dry_run, own_process_id()});
  touch_stack();
  const FixedText<256> drilled = drill(victim, *policy, *door, *run, dry_run);
  FixedText<512> lacking = rise_above();
  if (no_watchdog != 0) lacking.append("; no watchdog thread");
  if (!sensors.has_pressure()) lacking.append("; this kernel has no pressure files (psi=1)");
  const FixedText<1024> said("guarding by ", std::string_view(start.policy),
                             dry_run ? ", dry run" : "", ", woken by time and ",
                             std::string_view(loop.triggers()),
                             begun_engine.goes_on ? "; goes on with what it knew" : "",
                             begun_engine.said.view(), lacking.view(), drilled.view());
  static_cast<void>(outbox.post(HelperTask::say, said.view()));
  const LoopEnd end = loop.run();
  if (end == LoopEnd::reload) leave_knowledge(*engine, ring);
  return end;
}

int run_guard_program(std::span<char* const> arguments) {
  const std::optional<Start> start = start_of(arguments);
  if (!start) return kUsage;
  name_process("oom-guard");
  Result<SharedRing> ring = SharedRing::attach(start->memory, start->wake);
  if (!ring) return kEnvironment;
  const auto outbox = std::make_unique<RingOutbox>(*ring);
  const Result<LoopEnd> end = guard_with(*start, *ring, *outbox);
  if (!end) {
    static_cast<void>(outbox->post(HelperTask::say, end.error().what));
    return end.error().code == ErrorCode::usage ? kUsage : kEnvironment;
  }
  if (*end == LoopEnd::asked_to) return kDone;
  static_cast<void>(outbox->post(HelperTask::say, "reads its policy again"));
  become_program(arguments.data());
  return kEnvironment;
}

}  // namespace
}  // namespace oomkit

int main(int argc, char** argv) {
  return oomkit::run_guard_program({argv, static_cast<std::size_t>(argc)});
}
