#include "lab/vm_command.h"

#include <utility>

namespace oomkit {
namespace {

// QEMU counts memory in whole MiB: never less than asked for.
std::int64_t whole_mib(Bytes bytes) {
  constexpr std::int64_t kMiB = std::int64_t{1} << 20;
  return bytes.count() / kMiB + (bytes.count() % kMiB == 0 ? 0 : 1);
}

// A comma separates QEMU's options; doubled it is one.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == ',') out += c;
  }
  return out;
}

class Arguments {
 public:
  void add(std::string option, std::string value) {
    words_.push_back(std::move(option));
    words_.push_back(std::move(value));
  }
  void add(std::string option) { words_.push_back(std::move(option)); }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

void add_processor(Arguments& arguments, const VmSpec& spec) {
  if (spec.accelerator == Accelerator::kvm) {
    arguments.add("-accel", "kvm");
    arguments.add("-cpu", "host");
  } else {
    // QEMU 7.2 now and then emulates the 16-byte compare-and-swap wrongly, and the slab
    // allocator of 6.12 then panics at boot; more threads make that far more likely.
    arguments.add("-accel", "tcg,thread=single");
    // A page that is cleared byte by byte takes eight times the instructions: without erms
    // and fsrm kernels take the forms that go by words.
    arguments.add("-cpu", "max,cx16=off,erms=off,fsrm=off");
  }
  arguments.add("-smp", std::to_string(spec.cpus));
}

// One instruction is 4 ns (shift=2), about what the emulation needs for it: a busy second of
// the guest is of the length that a person sees. At 2 ns a kernel that waits for a device turns
// twice as often in its loop, which costs more than everything else that it does to boot.
void add_clock(Arguments& arguments, const VmSpec& spec) {
  if (!has_counted_clock(spec)) return;
  const bool skips = spec.clock == MachineClock::counted;
  arguments.add("-icount", std::string("shift=2,sleep=") + (skips ? "off" : "on"));
  arguments.add("-rtc", "base=2026-01-01,clock=vm");
  arguments.add("-seed", std::to_string(spec.seed));
}

void add_memory_disk(Arguments& arguments, const VmMemoryDisk& disk) {
  arguments.add("-machine", "pc,nvdimm=on");
  arguments.add("-object", "memory-backend-file,id=root,share=off,mem-path=" + escaped(disk.path) +
                               ",size=" + std::to_string(disk.size.count()));
  arguments.add("-device", "nvdimm,memdev=root");
}

void add_memory(Arguments& arguments, const VmSpec& spec) {
  if (spec.nodes.empty()) {
    const std::string size = std::to_string(whole_mib(spec.memory)) + "M";
    arguments.add("-m", spec.memory_disk ? size + ",slots=1,maxmem=16G" : size);
    if (spec.memory_disk) add_memory_disk(arguments, *spec.memory_disk);
    return;
  }
  std::int64_t all = 0;
  for (const Bytes node : spec.nodes)
    all += whole_mib(node);
  arguments.add("-m", std::to_string(all) + "M");
  const std::size_t nodes = spec.nodes.size();
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::string number = std::to_string(i);
    arguments.add("-object", "memory-backend-ram,id=node" + number +
                                 ",size=" + std::to_string(whole_mib(spec.nodes[i])) + "M");
    std::string node = "node,nodeid=" + number + ",memdev=node" + number;
    for (std::size_t cpu = i; cpu < static_cast<std::size_t>(spec.cpus); cpu += nodes)
      node += ",cpus=" + std::to_string(cpu);
    arguments.add("-numa", node);
  }
}

void add_serial_port(Arguments& arguments, const std::string& id, const std::string& path) {
  arguments.add("-chardev", "file,id=" + id + ",path=" + escaped(path));
  arguments.add("-serial", "chardev:" + id);
}

void add_disk(Arguments& arguments, const VmDisk& disk) {
  // Nothing of it outlives the run: no flush ever has to reach a real disk.
  std::string drive = "if=none,id=" + disk.serial +
                      ",format=raw,cache=unsafe,discard=unmap,file=" + escaped(disk.path);
  if (disk.rate) drive += ",throttling.bps-total=" + std::to_string(disk.rate->count());
  arguments.add("-drive", drive);
  arguments.add("-device", "virtio-blk-pci,drive=" + disk.serial + ",serial=" + disk.serial);
}

}  // namespace

std::string_view name_of(Accelerator accelerator) {
  return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

bool has_counted_clock(const VmSpec& spec) {
  return spec.accelerator == Accelerator::tcg && spec.clock != MachineClock::host;
}

std::vector<std::string> qemu_arguments(const VmSpec& spec) {
  Arguments arguments;
  arguments.add("-nodefaults");
  arguments.add("-no-user-config");
  arguments.add("-no-reboot");
  arguments.add("-display", "none");
  add_processor(arguments, spec);
  add_clock(arguments, spec);
  add_memory(arguments, spec);
  arguments.add("-kernel", spec.kernel);
  arguments.add("-initrd", spec.initramfs);
  add_serial_port(arguments, "console", spec.console);
  add_serial_port(arguments, "protocol", spec.protocol);
  for (const VmDisk& disk : spec.disks)
    add_disk(arguments, disk);
  std::string line;
  for (const std::string& parameter : spec.boot_parameters)
    line += (line.empty() ? "" : " ") + parameter;
  arguments.add("-append", line);
  return arguments.take();
}

}  // namespace oomkit
