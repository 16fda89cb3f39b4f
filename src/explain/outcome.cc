// What came of it: who died in whose place, who died along, who did not die at all.
#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/owners.h"
#include "explain/ranking.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
namespace {

std::optional<Bytes> size_of(const Context& context, const Victim& victim) {
  if (victim.rss) return to_bytes(*victim.rss);
  std::optional<Bytes> sum;
  for (const auto& part : {victim.anon_rss, victim.file_rss, victim.shmem_rss}) {
    if (part) sum = plus(sum.value_or(Bytes(0)), to_bytes(*part));
  }
  if (sum || !victim.pid) return sum;
  const auto row = find_row(context.report.at.tasks, *victim.pid);
  return row ? rss_bytes(context.row(*row), context.page_size) : std::nullopt;
}

std::vector<std::uint64_t> victim_lines(const Context& context) {
  constexpr std::size_t kLinesMax = 20;
  std::vector<std::uint64_t> lines;
  for (const Victim& victim : context.report.victims) {
    if (lines.size() >= kLinesMax) break;
    add_evidence(lines, victim.line);
  }
  return lines;
}

}  // namespace

std::optional<Finding> find_allocating_task_killed(const Context& context) {
  if (!context.report.allocating_task_killed) return std::nullopt;
  auto finding = say(FindingId::allocating_task_killed, Severity::notice,
                     text_of({context.victim_text(),
                              " died because it asked for memory, not for "
                              "what it held"}),
                     "vm.oom_kill_allocating_task is set: the kernel kills whoever comes by, and "
                     "compares nobody.");
  finding.lines = victim_lines(context);
  finding.advice = {
      "set vm.oom_kill_allocating_task to 0: then the task with the most points is "
      "chosen"};
  if (context.said.predicted && context.said.predicted != context.victim_row) {
    const Task& other = context.row(*context.said.predicted);
    finding.advice.back() += text_of({", here ", process_text(other.comm, other.pid)});
    add_evidence(finding.lines, other.line);
  }
  return finding;
}

std::optional<Finding> find_group_kill(const Context& context) {
  const OomReport& report = context.report;
  const auto members =
      std::count_if(report.victims.begin(), report.victims.end(),
                    [](const Victim& victim) { return victim.role == Victim::Role::group_member; });
  if (!report.oom_group && members == 0) return std::nullopt;
  const auto count = static_cast<std::int64_t>(report.victims.size());
  Bytes sum(0);
  for (const Victim& victim : report.victims)
    sum = plus(sum, size_of(context, victim).value_or(Bytes(0)));
  auto finding =
      say(FindingId::group_kill, Severity::warning,
          text_of({"The group was killed as a whole (", count_text(count, "process", "processes"),
                   "), because memory.oom.group is set"}),
          text_of({"Chosen by points was ", context.victim_text(), "; ",
                   report.oom_group ? text_of({"all of ", *report.oom_group})
                                    : std::string("all of its group"),
                   " went with it (tasks with an oom_score_adj of -1000 are spared). Together they "
                   "held ",
                   size_text(sum), "."}));
  finding.numbers = {count_number("victims", count), bytes_number("sum_bytes", sum)};
  finding.lines = victim_lines(context);
  const bool kubernetes = (context.said.victim_owner && context.said.victim_owner->pod_uid) ||
                          (context.said.limit_owner && context.said.limit_owner->pod_uid);
  finding.advice = {
      kubernetes ? "if one process may die without the others: singleProcessOOMKill: true in "
                   "the kubelet's configuration (1.32 and later; before, 1.28 and later "
                   "always kill the group on cgroup v2)"
                 : "if one process may die without the others: memory.oom.group = 0 of that "
                   "group (systemd: OOMPolicy=continue)"};
  return finding;
}

std::optional<Finding> find_killed_descendant(const Context& context) {
  if (!context.victim) return std::nullopt;
  const Victim* child = nullptr;
  for (const Victim& victim : context.report.victims) {
    if (victim.role == Victim::Role::child) child = &victim;
  }
  if (child == nullptr) return std::nullopt;
  const auto& selection = context.report.selection;
  const std::string parent = selection && selection->pid
                                 ? process_text(selection->comm.value_or(""), selection->pid)
                                 : std::string("its parent");
  const std::string died = process_text(child->comm.value_or(""), child->pid);
  auto finding =
      say(FindingId::killed_descendant, Severity::notice,
          text_of({died, " died in the place of ", parent}),
          text_of({parent,
                   " had the most points; up to 5.1 the kernel kills one of its children "
                   "instead, the one with the most points among them, however small."}));
  if (const auto size = size_of(context, *child)) {
    finding.detail += text_of({" It held ", size_text(*size), "."});
    finding.numbers.push_back(bytes_number("victim_bytes", *size));
  }
  if (context.chosen_row) {
    const auto size = rss_bytes(context.row(*context.chosen_row), context.page_size);
    if (size) {
      finding.detail += text_of({" The parent, which lives on, held ", size_text(*size), "."});
      finding.numbers.push_back(bytes_number("parent_bytes", *size));
    }
    add_evidence(finding.lines, context.row(*context.chosen_row).line);
  }
  add_evidence(finding.lines, child->line);
  if (selection) add_evidence(finding.lines, selection->line);
  return finding;
}

std::optional<Finding> find_not_reaped(const Context& context) {
  for (const Victim& victim : context.report.victims) {
    const std::string who = process_text(victim.comm.value_or(""), victim.pid);
    if (victim.reaped == false) {
      auto finding = say(FindingId::not_reaped, Severity::warning,
                         text_of({"The memory of ", who, " could not be taken at once"}),
                         "The reaper gave up after one second because the victim's address space "
                         "was locked: its memory came free only when it had ended by itself, and "
                         "another task may have been killed meanwhile.");
      finding.lines = evidence({victim.line, victim.reap_line});
      return finding;
    }
    if (victim.reaped != true) continue;
    const auto left = [](const std::optional<KiB>& amount) {
      return amount ? to_bytes(*amount) : Bytes(0);
    };
    const Bytes anon = left(victim.reaped_anon_rss);
    const Bytes shmem = left(victim.reaped_shmem_rss);
    if (plus(anon, shmem) < kMiB) continue;
    auto finding = say(FindingId::not_reaped, Severity::notice,
                       text_of({size_text(plus(anon, shmem)), " of ", who,
                                " were still there after it had been reaped"}),
                       "");
    if (anon >= kMiB) {
      finding.detail = text_of({size_text(anon),
                                " of private memory were locked or shared with "
                                "another process and not freed. "});
    }
    if (shmem >= kMiB) {
      finding.detail += text_of({size_text(shmem),
                                 " of shared memory belong to a file or a segment "
                                 "and stay until that is removed."});
    }
    finding.numbers = {bytes_number("anon_left_bytes", anon),
                       bytes_number("shmem_left_bytes", shmem)};
    finding.lines = evidence({victim.line, victim.reap_line});
    return finding;
  }
  return std::nullopt;
}

namespace {

bool says_no_killable(const OomReport& report) {
  if (report.verdict == Verdict::no_killable) return true;
  if (!report.panic_text) return false;
  return report.panic_text->find("no killable") != std::string::npos ||
         report.panic_text->find("deadlocked on memory") != std::string::npos;
}

}  // namespace

std::optional<Finding> find_no_killable_task(const Context& context) {
  if (!says_no_killable(context.report)) return std::nullopt;
  std::int64_t exempt = 0;
  std::int64_t ordinary = 0;
  for (const Task& task : context.report.at.tasks) {
    const auto adj = task.oom_score_adj;
    if (task.pid == 1 || (adj && *adj == -1000)) {
      ++exempt;
    } else {
      ++ordinary;
    }
  }
  auto finding = say(FindingId::no_killable_task, Severity::critical,
                     "The kernel found nobody that it may kill", "");
  const auto listed = static_cast<std::int64_t>(context.report.at.tasks.size());
  if (listed == 0) {
    finding.detail =
        "The table of tasks is empty or not in the log: only kernel threads, or only "
        "tasks that are exempt, were there.";
  } else if (ordinary == 0) {
    finding.detail = listed == 1
                         ? std::string("The one task listed is")
                         : text_of({"All of the ", count_text(listed, "task"), " listed are"});
    finding.detail += " exempt (oom_score_adj -1000, or the first process).";
    finding.advice = {
        "give the ones that may die an oom_score_adj above -1000 (OOMScoreAdjust= of "
        "their unit)"};
  } else {
    finding.detail = text_of({count_text(ordinary, "task"), " of the ", grouped(listed),
                              " listed could have been chosen by their oom_score_adj. The kernel "
                              "passes over those that it "
                              "has killed before and whose memory is taken already: what is left "
                              "is held by itself or by "
                              "the ",
                              count_text(exempt, "task"), " that may not be killed."});
  }
  if (context.tasks_rss) {
    finding.detail += text_of({" All of them together hold ", size_text(*context.tasks_rss), "."});
    finding.numbers.push_back(bytes_number("tasks_rss_bytes", *context.tasks_rss));
  }
  finding.numbers.push_back(count_number("tasks", listed));
  finding.numbers.push_back(count_number("exempt", exempt));
  finding.lines = evidence({context.report.panic_line, context.report.last_line});
  return finding;
}

std::optional<Finding> find_kernel_panic(const Context& context) {
  const OomReport& report = context.report;
  if (report.verdict != Verdict::panic) return std::nullopt;
  const std::string text = report.panic_text.value_or("");
  auto finding = say(FindingId::kernel_panic, Severity::critical,
                     "The kernel stopped (panic) instead of killing a task", "");
  if (!text.empty()) finding.detail = text_of({"\"", text, "\". "});
  if (text.find("ompulsory") != std::string::npos) {
    finding.detail +=
        "vm.panic_on_oom is 2: it panics for every shortage, also that of a memory "
        "cgroup or a cpuset.";
    finding.advice = {
        "set vm.panic_on_oom to 1 (only when the host itself is out of memory) or 0 "
        "(never)"};
  } else if (text.find("panic_on_oom") != std::string::npos) {
    finding.detail += "vm.panic_on_oom is 1: it panics when the host itself is out of memory.";
    finding.advice = {"set vm.panic_on_oom to 0 if a task should die instead of the host"};
  } else if (says_no_killable(report)) {
    finding.detail += "No setting asked for it: nobody was left to kill, and nothing can go on.";
    finding.advice = {"in a crash kernel (kdump) this means that crashkernel= reserves too little"};
  } else {
    finding.detail += "Why is not in the log.";
  }
  finding.lines = evidence({report.panic_line});
  return finding;
}

namespace {

struct Daemon {
  Killer killer;
  std::string_view acts;     // What it goes by.
  std::string_view setting;  // Where to change that.
};
constexpr std::array<Daemon, 7> kDaemons = {{
    {Killer::systemd_oomd,
     "It kills a whole cgroup when its memory pressure stays high, or when memory and swap are "
     "nearly used up.",
     "ManagedOOMMemoryPressure=, ManagedOOMMemoryPressureLimit= and ManagedOOMPreference= of the "
     "unit; SwapUsedLimit= and DefaultMemoryPressureLimit= in oomd.conf"},
    {Killer::earlyoom,
     "It kills one process when available memory and free swap are both below its limits.",
     "the options -m and -s (per cent of memory and swap), --prefer, --avoid and --ignore"},
    {Killer::oomd, "It kills a whole cgroup when a rule of its configuration holds.",
     "the ruleset that the line names, in oomd's configuration; trusted.oomd_avoid on a cgroup"},
    {Killer::nohang, "It acts when memory, swap or pressure pass its thresholds.",
     "soft_threshold_min_mem, hard_threshold_min_mem and their like in nohang.conf"},
    {Killer::kubelet, "It evicts pods when the node has less memory than it is told to keep.",
     "evictionHard and evictionSoft (memory.available) of the kubelet; requests and priority of "
     "the "
     "pods decide who goes"},
    {Killer::lmkd, "It kills by the importance that Android gives each process.",
     "the ro.lmk properties"},
    {Killer::oomkit, "It acts by the rules of its policy.", "the rule that its record names"},
}};

}  // namespace

std::optional<Finding> find_userspace_kill(const Context& context) {
  const OomReport& report = context.report;
  if (report.killer == Killer::kernel) return std::nullopt;
  const std::string name(name_of(report.killer));
  auto finding = say(FindingId::userspace_kill, Severity::critical,
                     text_of({name, " killed ", context.victim_text(), ", not the kernel"}), "");
  if (!context.victim) finding.title = name + " acted, not the kernel";
  if (report.killer_reason && !report.killer_reason->empty()) {
    finding.detail = text_of({"It said: ", *report.killer_reason, ". "});
  }
  for (const Daemon& daemon : kDaemons) {
    if (daemon.killer != report.killer) continue;
    finding.detail += daemon.acts;
    finding.advice = {text_of({"what it goes by is set in: ", daemon.setting})};
  }
  for (const Victim& victim : report.victims) {
    if (victim.signal) finding.detail += text_of({" It sent ", *victim.signal, "."});
    if (victim.escalated_to) {
      finding.detail +=
          text_of({" The process did not go, and ", *victim.escalated_to, " followed."});
    }
    if (victim.cgroup) finding.detail += text_of({" The cgroup was ", *victim.cgroup, "."});
    break;
  }
  if (const auto size = context.victim ? size_of(context, *context.victim) : std::nullopt) {
    finding.numbers = {bytes_number("victim_bytes", *size)};
  }
  finding.lines = victim_lines(context);
  if (finding.lines.empty()) finding.lines = evidence({report.first_line});
  return finding;
}

std::optional<Finding> find_manual_request(const Context& context) {
  if (!context.report.manual) return std::nullopt;
  auto finding =
      say(FindingId::manual_request, Severity::critical, "Somebody asked for this kill: sysrq f",
          "By the keyboard, by a serial line, or by writing f to /proc/sysrq-trigger "
          "(some daemons do). Nothing need have been short; the numbers below show what "
          "there was.");
  finding.lines = evidence(
      {context.report.trigger ? context.report.trigger->line : 0, context.report.first_line});
  finding.advice = {"to forbid it: kernel.sysrq without the bit 64 (sending signals to processes)"};
  return finding;
}

std::optional<Finding> find_container_exit(const Context& context) {
  if (context.report.killer != Killer::kernel || !context.killed() || !context.said.victim_owner) {
    return std::nullopt;
  }
  const CgroupIdentity& owner = *context.said.victim_owner;
  if (!owner.container_id) return std::nullopt;
  auto finding = say(FindingId::container_exit, Severity::info,
                     "Exit code 137 means SIGKILL (128 + 9), whoever sent it",
                     "That this one was for memory is shown by this report.");
  const bool own_limit = !limit_is_of_ancestor(context);
  const bool alone = own_limit && context.report.at.tasks.size() == 1 && context.victim_row &&
                     context.report.complete;
  if (alone) {
    finding.detail +=
        " The victim was the container's only process: the container ended with it, "
        "and its state says OOMKilled with exit code 137.";
  } else {
    finding.detail +=
        " The container ends only if the victim was its first process. If it was a "
        "child, the container goes on, or ends later with a code of its own, and its "
        "state may not mention memory at all.";
  }
  finding.numbers = {count_number("exit_code", 137)};
  finding.lines = evidence({context.victim ? context.victim->line : 0});
  return finding;
}

}  // namespace oomkit
