#include "cli/guard_start.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "cli/diagnostics.h"
#include "cli/guard_program.h"
#include "cli/guard_sockets.h"
#include "cli/policy_file.h"
#include "guard/helper.h"
#include "io/helper_process.h"
#include "io/journal_writer.h"
#include "io/lock_file.h"
#include "io/machine.h"
#include "io/shared_ring.h"
#include "io/wall_clock.h"

namespace oomkit {
namespace {

// For two looks at a host of thousands of processes; locked into memory while one records.
constexpr std::size_t kRecordingRoom = std::size_t{4} << 20;

std::string usual_lock_file() {
  if (const auto folder = environment_variable("XDG_RUNTIME_DIR"); folder && !folder->empty())
    return *folder + "/oom-guard.lock";
  return "/run/oom-guard.lock";
}

}  // namespace

Result<ExitCode> start_guard(const GuardStart& start) {
  OOMKIT_TRY(const std::string program, find_guard_program());
  OOMKIT_TRY(const FileDescriptor lock, take_lock(start.lock_file.value_or(usual_lock_file())));
  OOMKIT_TRY(SharedRing ring, SharedRing::create());
  std::optional<SharedRing> recording;
  if (start.recording) {
    if (const int error = append_to_file(*start.recording, ""); error != 0)
      return fail(ErrorCode::io, *start.recording + ": cannot write: " + std::strerror(error));
    OOMKIT_TRY(SharedRing made, SharedRing::create(kRecordingRoom));
    recording.emplace(std::move(made));
  }
  OOMKIT_TRY(const GuardSockets sockets, GuardSockets::create(start.status_socket, start.metrics));

  HelperPlan helper;
  helper.record_file = start.record_file;
  if (recording) helper.recording = HelperRecording{&*recording, *start.recording};
  helper.notify_program = program_beside("hooks/notify", "guard");
  helper.warns = start.warns;
  helper.journal = is_journal_our_output();
  helper.say = [](std::string_view sentence) { complain("guard", sentence); };
  helper.check_policy = [&]() -> Status {
    const Result<Policy> policy = read_policy_file(start.config);
    if (!policy) return tl::unexpected(policy.error());
    return {};
  };
  helper.started = wall_clock();
  helper.status_points = sockets.points();
  WithHelper plan;
  plan.program = program;
  plan.arguments = {start.config,
                    std::to_string(ring.memory_file()),
                    std::to_string(ring.wake_file()),
                    "%",
                    start.dry_run ? "1" : "0",
                    std::to_string(recording ? recording->memory_file() : -1),
                    std::to_string(recording ? recording->wake_file() : -1)};
  plan.helper = [&](int guard_gone, int restarts, HelperEnd last) {
    run_guard_helper(ring, guard_gone, helper, {restarts, last});
  };
  plan.clean_up = [&] { sockets.remove_files(); };
  plan.not_for_helper = lock.get();
  return tl::unexpected(become_with_helper(plan));
}

}  // namespace oomkit
