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
#include <string_view>
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
  std::size_t line = 0;  // Of the file, from 1.

  friend bool operator==(const CgroupSpec&, const CgroupSpec&) = default;
};

enum class AccessPattern { sequential, random };

// What a process does when the kernel refuses it memory.
enum class OnRefused { go_on, exit };

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
    exit,
    page_tables,  // Maps and reads one page in every 2 MiB: page tables of `size`, no memory.
    files         // Makes `children` empty files in a tmpfs: dentries and inodes.
  };
  Kind kind = Kind::sleep;
  // alloc, free, shm, lock, sock, page_tables; of the file for read_file and write_file.
  Bytes size;
  std::optional<int> percent;  // free, touch, lock: a share of what is held, 1 to 100.
  std::optional<Bytes> rate;   // Bytes a second; absent: as fast as it goes.
  int times = 1;               // How often the step is done ...
  Milliseconds every{0};       // ... and the time from one to the next.
  bool touch = true;           // alloc: false reserves only.
  bool huge = false;           // alloc: with transparent huge pages.
  std::string name;            // A file's name, or a mark's.
  AccessPattern pattern = AccessPattern::sequential;
  int passes = 1;
  int children = 0;          // fork; files: how many.
  Milliseconds duration{0};  // sleep.
  int exit_code = 0;
  std::vector<Step> steps;  // Of the children of a fork.
  std::optional<std::string> child_name;
  std::optional<int> child_oom_score_adj;
  std::size_t line = 0;  // Of the file, from 1.

  friend bool operator==(const Step&, const Step&) = default;
};

struct ProcessSpec {
  std::string name;  // comm: 1 to 15 bytes.
  std::string cgroup = "/";
  std::optional<int> oom_score_adj;
  std::optional<int> oom_adj;  // Written to the old file instead.
  Milliseconds start{0};
  // Starts when this mark is reached. A mark is one that a step or an action makes, or
  // "NAME exits": the first process of that name has ended.
  std::optional<std::string> after;
  int count = 1;
  int uid = 0;
  int nice = 0;
  std::optional<std::string> mems;       // Nodes of a cpuset of its own: "0".
  std::optional<std::string> mempolicy;  // "bind:1", "preferred:0", "interleave:0-1".
  OnRefused on_refused = OnRefused::go_on;
  std::vector<Step> steps;

  friend bool operator==(const ProcessSpec&, const ProcessSpec&) = default;
};

// Something done to the world from outside the processes.
struct Action {
  enum class Kind {
    write,
    sysctl,
    signal,
    sysrq,
    read,
    state,
    load_module,
    unload_module,
    capture,
    mark
  };
  Kind kind = Kind::write;
  // write and read: "/oom_test/memory.oom.group" in the cgroup tree, or an absolute /proc or
  // /sys path, in which "{hog}" or "{hog.2}" stands for the pid of that process.
  std::string file;
  std::string value;
  std::vector<Setting> sysctl;
  std::string process;  // signal and state.
  std::string signal;   // "INT"
  char sysrq = 'f';
  // read: its label, may be empty; capture: its label; mark: the mark, reached when the
  // actions before it are done (actions of one trigger are done in the file's order).
  std::string name;
  std::string module;      // load_module: "NAME.ko"; unload_module: "NAME".
  std::string parameters;  // load_module: "order=2".
  std::size_t line = 0;    // Of the file, from 1.

  friend bool operator==(const Action&, const Action&) = default;
};

// An action at a time or at a mark.
struct EventSpec : Action {
  std::optional<Milliseconds> at;
  std::optional<std::string> after;

  friend bool operator==(const EventSpec&, const EventSpec&) = default;
};

// Waits for the kernel to notify, then acts: an eventfd on memory.oom_control or
// memory.pressure_level (v1), poll on memory.events (v2), a PSI trigger on
// memory.pressure or /proc/pressure/memory.
struct ListenerSpec {
  std::string name;
  std::string file;
  std::string arguments;  // "medium", "some 150000 1000000".
  int times = 1;          // How often it acts.
  std::vector<Action> then;
  std::size_t line = 0;  // Of the file, from 1.

  friend bool operator==(const ListenerSpec&, const ListenerSpec&) = default;
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
  std::optional<std::string> mark;  // Ends when it is reached and its actions are done.

  friend bool operator==(const EndSpec&, const EndSpec&) = default;
};

// A number or word of the record that a check speaks of: "cgroup./box.events.oom_kill" is
// {cgroup, name "/box", member "events.oom_kill"}.
struct CheckSubject {
  enum class Kind { events, cgroup, process, host, read, state, log_finding, killed_by_kernel };
  Kind kind = Kind::killed_by_kernel;
  // events: the kind of event; cgroup: its path; process and state: its comm; read: the
  // label; log_finding: the id; otherwise empty.
  std::string name;
  int instance = 1;  // process and state.
  // events: the comm, or empty; cgroup, process, host: the member's name; read: the key, or
  // empty for the whole text.
  std::string member;

  friend bool operator==(const CheckSubject&, const CheckSubject&) = default;
};

enum class CheckOperator { equal, not_equal, less, less_equal, greater, greater_equal };

// "SUBJECT OP VALUE", or "SUBJECT OP 0.5 * SUBJECT + 4K".
struct Check {
  std::string text;  // As it is written.
  CheckSubject subject;
  CheckOperator comparison = CheckOperator::equal;
  // The right side is one of three: factor * other + offset, a number, a word.
  std::optional<CheckSubject> other;
  double factor = 1;
  std::int64_t offset = 0;
  std::optional<std::int64_t> number;  // Sizes in bytes.
  std::string word;                    // What stands there, also when it is a number.
  std::size_t line = 0;                // Of the file; both from 1.
  std::size_t column = 0;

  friend bool operator==(const Check&, const Check&) = default;
};

// What must have happened. Absent members are not checked.
struct ExpectSpec {
  std::optional<std::vector<std::string>> victims;  // comm, in order.
  std::optional<std::vector<std::string>> survivors;
  std::optional<std::string> constraint;
  std::optional<std::int64_t> oom_kills;
  std::optional<bool> panic;
  std::vector<Check> checks;

  bool empty() const { return *this == ExpectSpec{}; }
  friend bool operator==(const ExpectSpec&, const ExpectSpec&) = default;
};

// [[expect_on]]: replaces the keys that it has, on the kernels that it names.
struct ExpectOnSpec {
  std::vector<std::string> kernels;  // "5.10" is every 5.10.x, and not 5.1.
  ExpectSpec expect;

  friend bool operator==(const ExpectOnSpec&, const ExpectOnSpec&) = default;
};

// [lab]: what makes a scenario an experiment that is told (lab_table.h).
struct LabSpec {
  struct Note {
    std::string after;  // A mark, a kind of event, "begin" or "end".
    std::string say;    // Shown beside the first event that it names.

    friend bool operator==(const Note&, const Note&) = default;
  };
  // A value of the record that tells the runs apart: a column of the table of all runs.
  struct Value {
    std::string name;
    CheckSubject subject;

    friend bool operator==(const Value&, const Value&) = default;
  };
  std::string title;
  std::string topic;  // Experiments of one topic stand together.
  bool here = false;  // Needs nothing but a memory cgroup of its own.
  std::vector<Note> narration;
  std::vector<Value> values;

  friend bool operator==(const LabSpec&, const LabSpec&) = default;
};

struct Scenario {
  std::string name;
  std::string description;  // One paragraph: what it shows.
  HostSpec host;
  std::vector<CgroupSpec> cgroups;  // Parents before children.
  std::vector<ProcessSpec> processes;
  std::vector<EventSpec> events;
  std::vector<ListenerSpec> listeners;
  EndSpec end;
  ExpectSpec expect;
  std::vector<ExpectOnSpec> expect_on;
  std::optional<LabSpec> lab;

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

// True if release "6.1.0-50-cloud-amd64" begins with the components of version "6.1".
bool is_kernel(std::string_view version, std::string_view release);

// The least RAM with which that kernel gets as far as a scenario: "5.10", or a release.
// Tried with the cloud kernels of Debian on x86-64, from 56M upwards in steps of 8M.
Bytes boot_memory_min(std::string_view kernel);

// What is expected on that kernel: [expect] with the keys of each fitting [[expect_on]].
ExpectSpec expect_for(const Scenario& scenario, std::string_view release);

}  // namespace oomkit
