#include "lab/vm.h"

#include <array>
#include <utility>

#include "core/check.h"
#include "io/child_process.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

constexpr std::size_t kPipeBytes = std::size_t{1} << 20;
constexpr std::size_t kMessageMax = std::size_t{4} << 10;

std::string inherited_path(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

// The three mouths of QEMU: the console, the protocol, and its own complaints.
class Ears {
 public:
  static Result<Ears> create() {
    OOMKIT_TRY(Pipe console, make_pipe(kPipeBytes));
    OOMKIT_TRY(Pipe protocol, make_pipe(kPipeBytes));
    OOMKIT_TRY(Pipe message, make_pipe(kPipeBytes));
    return Ears(std::move(console), std::move(protocol), std::move(message));
  }

  Pipe console, protocol, message;

  // With our copies of the writers' ends gone, the end of QEMU is the end of the pipes.
  void close_writers() {
    for (Pipe* pipe : {&console, &protocol, &message})
      pipe->write_end = FileDescriptor();
  }

 private:
  Ears(Pipe c, Pipe p, Pipe m)
      : console(std::move(c)), protocol(std::move(p)), message(std::move(m)) {}
};

class Hearing {
 public:
  Hearing(Ears ears, ChildProcess child, VmRun run, VmListener& listener)
      : ears_(std::move(ears)),
        child_(std::move(child)),
        run_(std::move(run)),
        listener_(listener) {}

  Result<VmOutcome> listen() {
    while (true) {
      const std::array descriptors = {ears_.console.read_end.get(), ears_.protocol.read_end.get(),
                                      ears_.message.read_end.get(), run_.interrupt,
                                      child_.exit_handle()};
      const auto patience =
          std::chrono::ceil<std::chrono::milliseconds>(deadline() - monotonic_time());
      OOMKIT_TRY(const std::vector<bool> ready, wait_readable(descriptors, patience));
      if (ready[3]) return ended(VmEnd::interrupted);
      bool heard = false;
      if (ready[0]) heard |= hear(ears_.console, [&](auto text) { listener_.on_console(text); });
      if (ready[1]) heard |= hear(ears_.protocol, [&](auto text) { listener_.on_protocol(text); });
      if (ready[2]) heard |= hear(ears_.message, [&](auto text) { keep_message(text); });
      if (listener_.done()) return ended(VmEnd::done);
      if (heard_bytes_ > run_.bytes_max) return ended(VmEnd::too_much);
      // Its last words are still in the pipes when it is gone.
      if (ready[4] && !heard) return ended(VmEnd::exited);
      if (monotonic_time() >= deadline()) return ended(VmEnd::deadline);
    }
  }

 private:
  MonotonicTime deadline() {
    if (const auto used = child_.processor_time()) listener_.on_effort(*used);
    return listener_.deadline();
  }

  template <class Take>
  bool hear(Pipe& pipe, Take take) {
    const Result<std::size_t> got = read_some(pipe.read_end.get(), block_);
    if (!got || *got == 0) {
      pipe.read_end = FileDescriptor();
      return false;
    }
    heard_bytes_ += *got;
    take(std::string_view(block_.data(), *got));
    return true;
  }

  void keep_message(std::string_view text) {
    message_ += text.substr(0, kMessageMax - message_.size());
  }

  VmOutcome ended(VmEnd end) {
    if (const auto used = child_.processor_time()) listener_.on_effort(*used);
    if (end != VmEnd::exited) child_.end();
    VmOutcome outcome;
    outcome.end = end;
    outcome.status = child_.wait();
    outcome.qemu_message = std::move(message_);
    return outcome;
  }

  Ears ears_;
  ChildProcess child_;
  VmRun run_;
  VmListener& listener_;
  std::vector<char> block_ = std::vector<char>(std::size_t{64} << 10);
  std::uint64_t heard_bytes_ = 0;
  std::string message_;
};

}  // namespace

Result<VmOutcome> run_vm(VmRun run, VmListener& listener) {
  OOMKIT_TRY(Ears ears, Ears::create());
  const int console = ears.console.write_end.get();
  const int protocol = ears.protocol.write_end.get();
  run.spec.console = inherited_path(console);
  run.spec.protocol = inherited_path(protocol);
  ChildSpec qemu;
  qemu.program = run.qemu;
  qemu.arguments = qemu_arguments(run.spec);
  qemu.inherited = run.inherited;
  qemu.inherited.insert(qemu.inherited.end(), {console, protocol});
  qemu.output = ears.message.write_end.get();
  OOMKIT_TRY(ChildProcess child, ChildProcess::start(qemu));
  ears.close_writers();
  Hearing hearing(std::move(ears), std::move(child), std::move(run), listener);
  return hearing.listen();
}

}  // namespace oomkit
