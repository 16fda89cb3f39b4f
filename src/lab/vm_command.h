// A virtual machine as a value, and the QEMU command line that is it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"

namespace oomkit {

enum class Accelerator { kvm, tcg };

std::string_view name_of(Accelerator accelerator);

struct VmDisk {
  std::string serial;  // By which the guest knows it: "swap", "data".
  std::string path;
  std::optional<Bytes> rate;  // A second; absent: as fast as it goes.
};

struct VmMemoryDisk {
  std::string path;
  Bytes size;  // Of the file.
};

// What tells an emulated machine the time.
//
// Counted: its clock is the count of its instructions, and a sleep of the whole machine is
// skipped. No limit of a scenario then hangs on how busy this host is, and the same bytes and
// seed are the same run.
// Paced: counted as well, but a sleep lasts as long as on the host's clock. For machines with
// disks, whose requests end in the host's time: skipped, a few milliseconds of waiting for one
// would be seconds of the guest's.
// Host: what KVM always has, which knows no other.
enum class MachineClock { counted, paced, host };

struct VmSpec {
  Accelerator accelerator = Accelerator::tcg;
  MachineClock clock = MachineClock::counted;
  std::uint64_t seed = 1;  // Of all that an emulated machine has of chance: rdrand, addresses.
  std::string kernel;      // Paths, all of them.
  std::string initramfs;
  std::string console;   // What the kernel's console writes: the first serial port.
  std::string protocol;  // What oom-guest says: the second.
  Bytes memory;
  int cpus = 1;
  std::vector<Bytes> nodes;  // Memory of each; empty: no NUMA.
  std::vector<VmDisk> disks;
  // A file that the guest has as memory that outlasts it (/dev/pmem0): a disk whose requests
  // cost instructions and no waiting. What the guest writes to it is not kept.
  std::optional<VmMemoryDisk> memory_disk;
  std::vector<std::string> boot_parameters;
};

bool has_counted_clock(const VmSpec& spec);

// The arguments, without the program's name.
std::vector<std::string> qemu_arguments(const VmSpec& spec);

}  // namespace oomkit
