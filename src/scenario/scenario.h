// A scenario: a machine, cgroups, processes with steps, events, an end, an expectation.
//
// One TOML file that runs in three worlds: the model, a real kernel in a VM, and as a
// narrated experiment. This is its value after parsing: all defaults filled in, all
// units resolved (bytes, milliseconds), everything checked that can be checked without
// running it. The file format is described for editors in docs/scenario.schema.json.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/units.h"

namespace oomkit {

using Milliseconds = std::chrono::milliseconds;

enum class CgroupVersion { v1, v2 };
enum class SwapKind { disk, zram };

struct Setting {
  std::string file;  // A cgroup file's name, or a sysctl with dots.
  std::string value;

  friend bool operator==(const Setting&, const Setting&) = default;
};

struct HostSpec {
  Bytes memory{384 << 20};
  Bytes swap{0};
  SwapKind swap_kind = SwapKind::disk;
  std::optional<Bytes> swap_rate;  // Bytes a second of the disk; absent: as fast as it goes.
  int cpus = 1;
  std::vector<Bytes> nodes;  // Memory of each NUMA node; empty: no NUMA.
  CgroupVersion cgroup = CgroupVersion::v2;
  std::vector<Setting> sysctl;
  std::vector<std::string> boot_parameters;
  std::vector<std::string> kernels;  // What it is meant for ("6.12"); empty: any.

  friend bool operator==(const HostSpec&, const HostSpec&) = default;
};

struct CgroupSpec {
  std::string path;  // "/oom_test", from the root of the hierarchy.
  std::vector<Setting> set;

  friend bool operator==(const CgroupSpec&, const CgroupSpec&) = default;
};

enum class AccessPattern { sequential, random };

// One step of a process. `kind` says which of the fields count.
struct Step {
  enum class Kind {
    alloc,
    free,
    touch,
    shm,
    lock,
    read_file,
    write_file,
    sock,
    fork,
    vfork,
    sleep,
    mark,
    wait,
    ignore_sigterm,
    exit
  };
  Kind kind = Kind::sleep;
  Bytes size;  // alloc, free, shm, lock, sock; of the file for read_file and write_file.
  std::optional<int> percent;  // free, touch, lock: a share of what is held, 1 to 100.
  std::optional<Bytes> rate;   // Bytes a second; absent: as fast as it goes.
  int times = 1;               // How often the step is done ...
  Milliseconds every{0};       // ... and the time from one to the next.
  bool touch = true;           // alloc: false reserves only.
  bool huge = false;           // alloc: with transparent huge pages.
  std::string name;            // A file's name, or a mark's.
  AccessPattern pattern = AccessPattern::sequential;
  int passes = 1;
  int children = 0;          // fork.
  Milliseconds duration{0};  // sleep.
  int exit_code = 0;
  std::vector<Step> steps;  // Of the children of a fork.
  std::optional<std::string> child_name;
  std::optional<int> child_oom_score_adj;

  friend bool operator==(const Step&, const Step&) = default;
};

struct ProcessSpec {
  std::string name;  // comm: 1 to 15 bytes.
  std::string cgroup = "/";
  std::optional<int> oom_score_adj;
  std::optional<int> oom_adj;  // Written to the old file instead.
  Milliseconds start{0};
  std::optional<std::string> after;  // Starts when this mark is reached.
  int count = 1;
  int uid = 0;
  int nice = 0;
  std::optional<std::string> mems;       // Nodes of a cpuset of its own: "0".
  std::optional<std::string> mempolicy;  // "bind:1", "preferred:0", "interleave:0-1".
  std::vector<Step> steps;

  friend bool operator==(const ProcessSpec&, const ProcessSpec&) = default;
};

struct EventSpec {
  enum class Kind { write, sysctl, signal, sysrq, read, state };
  Kind kind = Kind::write;
  std::optional<Milliseconds> at;
  std::optional<std::string> after;
  std::string
      file;  // write and read: "/oom_test/memory.oom.group" or an absolute /proc or /sys path.
  std::string value;
  std::vector<Setting> sysctl;
  std::string process;  // signal and state.
  std::string signal;   // "INT"
  char sysrq = 'f';

  friend bool operator==(const EventSpec&, const EventSpec&) = default;
};

// "oom_kills >= 1": a counter of the run, a comparison, a number.
struct EndCondition {
  std::string counter;
  std::string comparison;
  std::int64_t value = 0;

  friend bool operator==(const EndCondition&, const EndCondition&) = default;
};

struct EndSpec {
  Milliseconds after{30'000};
  std::optional<EndCondition> when;

  friend bool operator==(const EndSpec&, const EndSpec&) = default;
};

// What must have happened. Absent members are not checked.
struct ExpectSpec {
  std::optional<std::vector<std::string>> victims;  // comm, in order.
  std::optional<std::vector<std::string>> survivors;
  std::optional<std::string> constraint;
  std::optional<std::int64_t> oom_kills;
  std::optional<bool> panic;

  bool empty() const { return *this == ExpectSpec{}; }
  friend bool operator==(const ExpectSpec&, const ExpectSpec&) = default;
};

struct Scenario {
  std::string name;
  std::string description;  // One paragraph: what it shows.
  HostSpec host;
  std::vector<CgroupSpec> cgroups;  // Parents before children.
  std::vector<ProcessSpec> processes;
  std::vector<EventSpec> events;
  EndSpec end;
  ExpectSpec expect;

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace oomkit
