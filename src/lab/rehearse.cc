#include "lab/rehearse.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "io/machine.h"
#include "io/process_environment.h"
#include "lab/accelerator.h"
#include "lab/complete.h"
#include "lab/disks.h"
#include "lab/initramfs.h"
#include "lab/kernel_log.h"
#include "lab/kernel_module.h"
#include "lab/kernel_payload.h"
#include "lab/patience.h"
#include "lab/vm.h"
#include "scenario/expectation.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t kGuestMax = std::size_t{64} << 20;
constexpr std::size_t kExtraMax = std::size_t{64} << 20;
constexpr std::size_t kImageMax = std::size_t{256} << 20;
constexpr std::size_t kConsoleMax = std::size_t{16} << 20;
constexpr std::int64_t kProtocol = 1;
constexpr const char* kInterrupted = "interrupted";

// Of QEMU's processor time, so that a busy machine makes no hang of what is only slow. An
// emulated kernel boots in a few seconds; these are for the slowest that is not yet a hang.
constexpr milliseconds kBootLimit = 60s;
constexpr milliseconds kSetUpLimit = 60s;
constexpr milliseconds kEndGrace = 60s;
constexpr milliseconds kShutdownLimit = 3s;
// What a second of the guest's costs at most, when all of it is spent in ways that are slow to
// emulate: page faults, and waits that ask for the time again and again.
constexpr int kEffortOfASecond = 4;

// Follows a run phase by phase: what was heard, and until when to wait for more.
class RunListener final : public VmListener {
 public:
  RunListener(const RehearsalRequest& request, std::size_t run, const ProgressFunction& progress)
      : request_(request), run_(run), progress_(progress), begin_(monotonic_time()) {
    enter(RunProgress::Phase::booting, kBootLimit);
  }

  void on_console(std::string_view bytes) override {
    console_ += bytes.substr(0, kConsoleMax - console_.size());
  }

  void on_protocol(std::string_view bytes) override {
    using Phase = RunProgress::Phase;
    protocol_.feed(bytes);
    const Transcript& heard = protocol_.transcript();
    if (phase_ == Phase::booting && heard.hello) {
      boot_time_ = elapsed();
      enter(Phase::setting_up, kSetUpLimit);
    }
    if (phase_ == Phase::setting_up && heard.begin_us) enter(Phase::running, limit_from(0ms));
    if (phase_ != Phase::ending && (heard.end || heard.failure))
      enter(Phase::ending, kShutdownLimit);
    if (phase_ == Phase::running && heard.progress && heard.progress->t_ms > guest_ms_) {
      guest_ms_ = heard.progress->t_ms;
      enter(Phase::running, limit_from(milliseconds(guest_ms_)));
    }
    tell();
  }

  void on_effort(std::chrono::nanoseconds processor_time) override {
    effort_ = processor_time;
    patience_.on_effort(processor_time);
  }

  MonotonicTime deadline() const override {
    const MonotonicTime phase = patience_.deadline(monotonic_time());
    return request_.timeout ? std::min(phase, begin_ + *request_.timeout) : phase;
  }
  bool done() const override { return protocol_.transcript().failure.has_value(); }

  void over() {
    protocol_.finish();
    phase_ = RunProgress::Phase::over;
    tell();
  }

  milliseconds elapsed() const {
    return std::chrono::floor<milliseconds>(monotonic_time() - begin_);
  }
  std::optional<milliseconds> boot_time() const { return boot_time_; }
  milliseconds effort() const { return std::chrono::round<milliseconds>(effort_); }
  std::string take_console() { return std::move(console_); }
  Transcript take_transcript() { return protocol_.take(); }

 private:
  void enter(RunProgress::Phase phase, milliseconds limit) {
    phase_ = phase;
    patience_.begin(limit, monotonic_time());
    tell();
  }

  // The guest ends its scenario by its own clock; from what it told of that follows for how
  // long it may say nothing more.
  milliseconds limit_from(milliseconds guest_time) const {
    const milliseconds left = std::max(request_.scenario.end.after - guest_time, milliseconds(0));
    return kEffortOfASecond * left + kEndGrace;
  }

  void tell() const {
    if (!progress_) return;
    const auto& guest = protocol_.transcript().progress;
    progress_({run_, phase_, elapsed(), guest ? &*guest : nullptr});
  }

  const RehearsalRequest& request_;
  std::size_t run_;
  const ProgressFunction& progress_;
  MonotonicTime begin_;
  RunProgress::Phase phase_ = RunProgress::Phase::booting;
  Patience patience_;
  std::chrono::nanoseconds effort_{0};
  std::int64_t guest_ms_ = 0;  // Since the scenario began, as the guest tells it.
  std::optional<milliseconds> boot_time_;
  std::string console_;
  GuestProtocol protocol_;
};

// The module files of the user's that a scenario names.
std::set<std::string> named_modules(const Scenario& scenario) {
  std::set<std::string> names;
  const auto add = [&](const Action& action) {
    if (action.kind == Action::Kind::load_module) names.insert(action.module);
  };
  std::for_each(scenario.events.begin(), scenario.events.end(), add);
  for (const ListenerSpec& listener : scenario.listeners)
    std::for_each(listener.then.begin(), listener.then.end(), add);
  return names;
}

Result<std::vector<ExtraFile>> read_extra_files(const RehearsalRequest& request) {
  const std::string& image = request.kernel.path;
  const std::array folders = {request.folder,
                              image.substr(0, image.find_last_of('/') + 1) + "extra"};
  std::vector<ExtraFile> files;
  for (const std::string& name : named_modules(request.scenario)) {
    const auto folder = std::find_if(folders.begin(), folders.end(), [&](const std::string& it) {
      return is_file(it + "/" + name);
    });
    if (folder == folders.end()) {
      return fail(ErrorCode::unsupported, "the kernel module " + name + " for kernel " +
                                              request.kernel.release + " is neither in " +
                                              folders[0] + " nor in " + folders[1] +
                                              "; tools/build_modules.sh builds it");
    }
    OOMKIT_TRY(std::string bytes, read_whole(*folder + "/" + name, kExtraMax));
    files.push_back({name, std::move(bytes), false});
  }
  files.insert(files.end(), request.extras.files.begin(), request.extras.files.end());
  return files;
}

std::vector<std::string> wanted_modules(const RehearsalRequest& request) {
  const Scenario& scenario = request.scenario;
  std::vector<std::string> wanted;
  if (request.extras.disk) wanted.insert(wanted.end(), {"nfit", "nd_pmem", "ext4"});
  const bool swap = scenario.host.swap > Bytes(0);
  const bool zram = swap && scenario.host.swap_kind == SwapKind::zram;
  const bool data = data_disk_size(scenario) > Bytes(0);
  if ((swap && !zram) || data) wanted.insert(wanted.end(), {"virtio_pci", "virtio_blk"});
  if (data) wanted.emplace_back("ext4");
  // The compressor that zram takes by itself, where that is a module of its own.
  if (zram) wanted.insert(wanted.end(), {"lzo_rle", "zram"});
  return wanted;
}

// What QEMU is given, and the files that it stands on.
struct Prepared {
  VmRun run;
  std::vector<TemporaryFile> files;

  void add_disk(std::string serial, TemporaryFile file, std::optional<Bytes> rate) {
    run.spec.disks.push_back({std::move(serial), file.path(), rate});
    keep(std::move(file));
  }
  void keep(TemporaryFile file) {
    run.inherited.push_back(file.descriptor());
    files.push_back(std::move(file));
  }
};

std::vector<std::string> boot_parameters(const RehearsalRequest& request) {
  std::vector<std::string> parameters = {
      "console=ttyS0",
      "rdinit=/init",
      "quiet",              // Until the guest asks for more: a serial line is slow.
      "cryptomgr.notests",  // Half of what 6.1 does to boot is testing ciphers.
      "panic=-1",           // Restart at once, which ends QEMU.
      "printk.time=1",      // Times on the console, as records have them.
      "psi=1",              // Some kernels have it compiled in and switched off.
      "printk.devkmsg=on",  // Whatever is written to /dev/kmsg gets there.
      "oomkit.seed=" + std::to_string(request.seed),
  };
  const auto& users = request.scenario.host.boot_parameters;
  parameters.insert(parameters.end(), users.begin(), users.end());
  const auto& extra = request.extras.boot_parameters;
  parameters.insert(parameters.end(), extra.begin(), extra.end());
  return parameters;
}

// The kernel's file as QEMU starts it fastest.
Status add_kernel(const RehearsalRequest& request, Prepared& prepared) {
  OOMKIT_TRY(const std::string image, read_whole(request.kernel.path, kImageMax));
  const auto kernel = unpack_kernel(image);
  if (!kernel) {
    prepared.run.spec.kernel = request.kernel.path;
    return {};
  }
  OOMKIT_TRY(TemporaryFile file, TemporaryFile::create("the unpacked kernel"));
  if (Status written = file.append(*kernel); !written) return written;
  prepared.run.spec.kernel = file.path();
  prepared.keep(std::move(file));
  return {};
}

// An emulated clock on a busy machine seems broken to kernels that check it, and is not. Those
// up to 6.1 then read the time from the emulated HPET, and run at half the speed.
//
// A counted clock is exact, and a kernel that measures others against it only waits, which
// is what counting makes dear: each turn of a waiting loop leaves the emulated code. Telling the
// rate of the TSC and leaving out the local timer, which a kernel of one processor does not
// need, is half of the cost of booting.
void trust_emulated_clocks(VmSpec& spec) {
  if (spec.accelerator != Accelerator::tcg) return;
  std::vector<std::string> trust = {"no_timer_check", "tsc=reliable"};
  if (has_counted_clock(spec)) {
    trust.emplace_back("tsc_early_khz=1000000");
    if (spec.cpus == 1) trust.emplace_back("nolapic_timer");
  }
  spec.boot_parameters.insert(spec.boot_parameters.begin(), trust.begin(), trust.end());
}

Result<Prepared> prepare(const RehearsalRequest& request, const std::string& qemu,
                         const std::string& guest) {
  const HostSpec& host = request.scenario.host;
  OOMKIT_TRY(const ModuleSource source, open_modules(request.kernel.modules_folder));
  OOMKIT_TRY(const std::vector<KernelModule> modules,
             modules_in_order(wanted_modules(request), source));
  OOMKIT_TRY(const std::vector<ExtraFile> extra, read_extra_files(request));
  OOMKIT_TRY(TemporaryFile initramfs, make_initramfs({guest, request.source, modules, extra}));
  Prepared prepared;
  VmSpec& spec = prepared.run.spec;
  prepared.run.qemu = qemu;
  if (Status added = add_kernel(request, prepared); !added) return tl::unexpected(added.error());
  spec.initramfs = initramfs.path();
  spec.memory = host.memory;
  spec.cpus = host.cpus;
  spec.seed = request.seed;
  spec.nodes = host.nodes;
  spec.boot_parameters = boot_parameters(request);
  prepared.keep(std::move(initramfs));
  if (host.swap > Bytes(0) && host.swap_kind == SwapKind::disk) {
    OOMKIT_TRY(TemporaryFile disk, make_swap_disk(host.swap));
    prepared.add_disk("swap", std::move(disk), host.swap_rate);
  }
  if (const Bytes size = data_disk_size(request.scenario); size > Bytes(0)) {
    OOMKIT_TRY(const std::string mke2fs, find_mke2fs());
    OOMKIT_TRY(TemporaryFile disk, make_data_disk(size, mke2fs));
    prepared.add_disk("data", std::move(disk), std::nullopt);
  }
  spec.memory_disk = request.extras.disk;
  if (!spec.disks.empty()) spec.clock = MachineClock::paced;
  // With two processors and a counted clock 5.10 was not through its boot after a minute of
  // processor time; by the host's clock it takes three seconds.
  if (spec.cpus > 1) spec.clock = MachineClock::host;
  return prepared;
}

std::optional<Error> refusal_of(const Transcript& heard, const RehearsalRequest& request) {
  const std::string kernel = "kernel " + request.kernel.release + ": ";
  if (heard.failure) {
    return Error{ErrorCode::unsupported,
                 kernel + heard.failure->sentence +
                     (heard.failure->remedy.empty() ? "" : "; " + heard.failure->remedy)};
  }
  if (heard.hello && heard.hello->protocol != kProtocol) {
    return Error{ErrorCode::unsupported, kernel + "oom-guest speaks protocol " +
                                             std::to_string(heard.hello->protocol) + ", and " +
                                             std::to_string(kProtocol) +
                                             " is understood; both must be of one build"};
  }
  return std::nullopt;
}

Result<std::string> find_guest() {
  std::string path;
  if (const auto chosen = environment_variable("OOMKIT_GUEST"); chosen && !chosen->empty()) {
    path = *chosen;
  } else {
    const auto found = program_beside("oom-guest", "guest");
    if (!found) {
      return fail(ErrorCode::unsupported,
                  "oom-guest, the program of the virtual machine, is not beside oom in " +
                      program_folder() +
                      "; ./dev build makes it, OOMKIT_GUEST names another place");
    }
    path = *found;
  }
  OOMKIT_TRY(std::string bytes, read_whole(path, kGuestMax));
  if (!bytes.starts_with("\x7f"
                         "ELF"))
    return fail(ErrorCode::malformed, path + ": is no program, and cannot be oom-guest");
  return bytes;
}

}  // namespace

bool is_interruption(const Error& error) {
  return error.what == kInterrupted;
}

Result<Laboratory> Laboratory::create(int interrupt) {
  auto qemu = find_program("qemu-system-x86_64");
  if (!qemu) {
    return fail(ErrorCode::unsupported,
                "qemu-system-x86_64 is not in PATH, and it is what kernels run in; install the "
                "package qemu-system-x86");
  }
  OOMKIT_TRY(std::string guest, find_guest());
  return Laboratory(*std::move(qemu), std::move(guest), interrupt);
}

Status Laboratory::check(const RehearsalRequest& request) const {
  if (data_disk_size(request.scenario) > Bytes(0)) {
    if (const auto mke2fs = find_mke2fs(); !mke2fs) return tl::unexpected(mke2fs.error());
  }
  if (const auto extra = read_extra_files(request); !extra) return tl::unexpected(extra.error());
  return {};
}

Result<Rehearsal> Laboratory::rehearse(const RehearsalRequest& request,
                                       const ProgressFunction& progress) const {
  return rehearse_one(request, 0, progress);
}

Result<Rehearsal> Laboratory::rehearse_one(const RehearsalRequest& request, std::size_t index,
                                           const ProgressFunction& progress) const {
  if (progress) progress({index, RunProgress::Phase::preparing, 0ms, nullptr});
  const MonotonicTime begin = monotonic_time();
  OOMKIT_TRY(Prepared prepared, prepare(request, qemu_, guest_));
  prepared.run.interrupt = interrupt_;
  prepared.run.spec.accelerator = choose_accelerator(prepared.run);
  trust_emulated_clocks(prepared.run.spec);
  RunListener listener(request, index, progress);
  Result<VmOutcome> outcome = run_vm(prepared.run, listener);
  listener.over();
  if (!outcome) return tl::unexpected(outcome.error());
  if (outcome->end == VmEnd::interrupted) return fail(ErrorCode::io, kInterrupted);
  Transcript heard = listener.take_transcript();
  if (const auto refusal = refusal_of(heard, request)) return tl::unexpected(*refusal);

  Rehearsal rehearsal;
  rehearsal.accelerator = prepared.run.spec.accelerator;
  rehearsal.console = listener.take_console();
  if (const auto booted = listener.boot_time()) rehearsal.boot_ms = booted->count();
  rehearsal.processor_ms = listener.effort().count();
  rehearsal.begin_us = heard.begin_us;
  KernelLog log = make_kernel_log(heard.kmsg, rehearsal.console);
  const auto wall = std::chrono::round<milliseconds>(monotonic_time() - begin);
  rehearsal.record = complete_record({.scenario = request.scenario,
                                      .release = request.kernel.release,
                                      .seed = request.seed,
                                      .wall_ms = wall.count(),
                                      .outcome = *std::move(outcome)},
                                     heard, log);
  judge(request.scenario, rehearsal.record);
  rehearsal.kernel_log = std::move(log.text);
  rehearsal.captures = std::move(heard.captures);
  rehearsal.decisions = std::move(heard.decisions);
  return rehearsal;
}

std::vector<Result<Rehearsal>> Laboratory::rehearse_all(
    const std::vector<RehearsalRequest>& requests, std::size_t at_once,
    const ProgressFunction& progress, const DoneFunction& done) const {
  std::vector<Result<Rehearsal>> results(requests.size(), fail(ErrorCode::io, kInterrupted));
  std::mutex telling;
  ProgressFunction tell;
  if (progress) {
    tell = [&](const RunProgress& it) {
      const std::lock_guard lock(telling);
      progress(it);
    };
  }
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < requests.size(); i = next++) {
      results[i] = rehearse_one(requests[i], i, tell);
      if (!results[i] && is_interruption(results[i].error())) return;
      if (!done) continue;
      const std::lock_guard lock(telling);
      done(i, results[i]);
    }
  };
  if (at_once == 0) at_once = processor_count();
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(at_once, requests.size()); ++i)
    others.emplace_back(work);
  work();
  others.clear();
  return results;
}

}  // namespace oomkit
