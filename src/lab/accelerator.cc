#include "lab/accelerator.h"

#include <mutex>
#include <optional>
#include <string>

#include "io/machine.h"
#include "io/output_sink.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 4s;
constexpr std::size_t kNoteMax = 256;

class FirstWord final : public VmListener {
 public:
  void on_console(std::string_view bytes) override { static_cast<void>(bytes); }
  void on_protocol(std::string_view bytes) override { heard_ = heard_ || !bytes.empty(); }
  MonotonicTime deadline() const override { return deadline_; }
  bool done() const override { return heard_; }

 private:
  MonotonicTime deadline_ = monotonic_time() + kPatience;
  bool heard_ = false;
};

std::optional<std::string> note_path() {
  const auto folder = cache_folder();
  return folder ? std::optional(*folder + "/accelerator") : std::nullopt;
}

// "BOOT-ID kvm" or "BOOT-ID tcg".
std::optional<Accelerator> remembered(const std::string& boot) {
  const auto path = note_path();
  if (!path || boot.empty()) return std::nullopt;
  const auto note = read_whole(*path, kNoteMax);
  if (!note) return std::nullopt;
  for (const Accelerator accelerator : {Accelerator::kvm, Accelerator::tcg}) {
    if (*note == boot + " " + std::string(name_of(accelerator)) + "\n") return accelerator;
  }
  return std::nullopt;
}

// Not being able to remember costs some seconds the next time, nothing else.
void remember(const std::string& boot, Accelerator accelerator) {
  const auto folder = cache_folder();
  if (!folder || boot.empty() || !make_folders(*folder)) return;
  auto note = OutputSink::file(*note_path());
  if (!note) return;
  note->append(boot + " " + std::string(name_of(accelerator)) + "\n");
  static_cast<void>(note->finish());
}

}  // namespace

Accelerator choose_accelerator(const VmRun& run) {
  if (!is_usable_device("/dev/kvm")) return Accelerator::tcg;
  // One tries; whoever else starts a machine meanwhile waits for what it finds.
  static std::mutex trying;
  const std::lock_guard lock(trying);
  const std::string boot = boot_id().value_or("");
  static std::optional<Accelerator> found;
  if (!found) found = remembered(boot);
  if (found) return *found;
  VmRun attempt = run;
  attempt.spec.accelerator = Accelerator::kvm;
  FirstWord listener;
  const Result<VmOutcome> outcome = run_vm(attempt, listener);
  // ^C says nothing about KVM.
  if (outcome && outcome->end == VmEnd::interrupted) return Accelerator::tcg;
  found = listener.done() ? Accelerator::kvm : Accelerator::tcg;
  remember(boot, *found);
  return *found;
}

}  // namespace oomkit
