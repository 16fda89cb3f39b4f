// One call: a scenario happens on a real kernel, and its record comes back.
//
// What a run needs of this machine is found first (Laboratory::create), then everything that
// one run needs is made and checked, then QEMU starts. A run is bounded in each phase: a
// guest that hangs is ended, and its record says so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "lab/guest_protocol.h"
#include "lab/initramfs.h"
#include "lab/kernel_image.h"
#include "lab/vm_command.h"
#include "model/run_record.h"
#include "scenario/scenario.h"

namespace oomkit {

// What a machine has besides the scenario, for a guest (OOMKIT_GUEST) that does more than run it.
struct GuestExtras {
  std::optional<VmMemoryDisk> disk;  // At /dev/pmem0.
  std::vector<ExtraFile> files;      // In /extra.
  std::vector<std::string> boot_parameters;
};

struct RehearsalRequest {
  Scenario scenario;
  std::string source;  // The scenario file's bytes.
  std::string folder;  // Where it lies: modules that it names are looked for there.
  KernelImage kernel;
  std::uint64_t seed = 1;
  std::optional<std::chrono::milliseconds> timeout;  // Of the whole machine.
  GuestExtras extras = {};
};

struct Rehearsal {
  RunRecord record;
  std::string kernel_log;  // As dmesg prints it; the record's kills are read from it.
  std::string console;     // What came over the first serial port.
  std::vector<GuestCapture> captures;
  std::vector<GuestDecision> decisions;      // Of a guard, in order.
  std::optional<std::int64_t> begin_us;      // Of the guest's uptime, when the scenario began.
  std::optional<std::int64_t> boot_ms;       // From QEMU's start to the guest's hello.
  std::optional<std::int64_t> processor_ms;  // What QEMU used of processors.
  Accelerator accelerator = Accelerator::tcg;
};

struct RunProgress {
  enum class Phase { preparing, booting, setting_up, running, ending, over };
  std::size_t run = 0;  // Index of the request.
  Phase phase = Phase::preparing;
  std::chrono::milliseconds elapsed{0};  // Since QEMU was started.
  const GuestProgress* guest = nullptr;  // What the guest said last.
};
using ProgressFunction = std::function<void(const RunProgress&)>;
// A run is over: its index among the requests, and what came of it.
using DoneFunction = std::function<void(std::size_t, const Result<Rehearsal>&)>;

class Laboratory {
 public:
  // Finds QEMU and oom-guest. `interrupt`: a descriptor that becomes readable when all runs
  // are to be ended; -1: none.
  static Result<Laboratory> create(int interrupt);

  // What this run lacks, as far as that can be told without starting anything.
  Status check(const RehearsalRequest& request) const;

  Result<Rehearsal> rehearse(const RehearsalRequest& request,
                             const ProgressFunction& progress = nullptr) const;

  // All of them, `at_once` side by side (0: as many as there are processors); the results in
  // the order of the requests. `progress` and `done` are called by one thread at a time.
  std::vector<Result<Rehearsal>> rehearse_all(const std::vector<RehearsalRequest>& requests,
                                              std::size_t at_once,
                                              const ProgressFunction& progress = nullptr,
                                              const DoneFunction& done = nullptr) const;

 private:
  Result<Rehearsal> rehearse_one(const RehearsalRequest& request, std::size_t index,
                                 const ProgressFunction& progress) const;

  Laboratory(std::string qemu, std::string guest, int interrupt)
      : qemu_(std::move(qemu)), guest_(std::move(guest)), interrupt_(interrupt) {}

  std::string qemu_;
  std::string guest_;  // The bytes of oom-guest.
  int interrupt_;
};

// The error of a run that ^C ended.
bool is_interruption(const Error& error);

}  // namespace oomkit
