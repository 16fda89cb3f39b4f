// Whom the kernel can choose: that there is anybody, and who of those that must live is first.
#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"

namespace oomkit::doctor {
namespace {

// Programs whose loss is worse than that of what they serve. Being in this list says nothing
// bad of a host: what counts is where the kernel ranks them on it.
struct ImportantProgram {
  std::string_view comm;  // As /proc has it: at most 15 bytes.
  std::string_view role;
  // The one process in charge, small and needed to mend anything: worth a look also while it
  // is not the next.
  bool way_in = false;
};
constexpr std::array<ImportantProgram, 34> kImportant = {{
    {"sshd", "remote access", true},
    {"containerd", "container runtime", true},
    {"dockerd", "container runtime", true},
    {"crio", "container runtime", true},
    {"kubelet", "node agent", true},
    {"libvirtd", "hypervisor", true},
    {"dbus-daemon", "message bus", true},
    {"dbus-broker", "message bus", true},
    {"systemd-journal", "log", false},
    {"systemd-logind", "logins", false},
    {"mysqld", "database", false},
    {"mariadbd", "database", false},
    {"postgres", "database", false},
    {"mongod", "database", false},
    {"redis-server", "database", false},
    {"valkey-server", "database", false},
    {"memcached", "database", false},
    {"clickhouse-serv", "database", false},
    {"etcd", "database", false},
    {"cockroach", "database", false},
    {"influxd", "database", false},
    {"slapd", "directory", false},
    {"ceph-osd", "storage", false},
    {"ceph-mon", "storage", false},
    {"glusterfsd", "storage", false},
    {"qemu-system-x86", "virtual machine", false},
    {"Xorg", "display server", false},
    {"Xwayland", "display server", false},
    {"gnome-shell", "display server", false},
    {"kwin_wayland", "display server", false},
    {"kwin_x11", "display server", false},
    {"sway", "display server", false},
    {"Hyprland", "display server", false},
    {"weston", "display server", false},
}};

const ImportantProgram* important(std::string_view comm) {
  for (const ImportantProgram& program : kImportant) {
    if (program.comm == comm) return &program;
  }
  return nullptr;
}

bool sees_only_part(const Facts& facts) {
  const SourceGaps& gaps = facts.snapshot().gaps;
  return gaps.of(SourceGap::tasks_hidden) > 0 || gaps.of(SourceGap::tasks_namespaced) > 0;
}

std::string task_text(const Facts& facts, std::size_t task) {
  const Task& of = facts.snapshot().tasks[task];
  return process_text(of.comm, of.pid);
}

// A unit of the system where there is one, for it outlives a restart; else the process.
std::string protect_target(const Facts& facts, std::size_t task) {
  const MemcgNode* const memcg = facts.memcg_of(task);
  const auto unit = memcg != nullptr ? system_unit_of(*memcg) : std::nullopt;
  const auto word = unit && facts.systemd_is_init() ? shell_word(*unit) : std::nullopt;
  const bool service = word && word->find(".service") != std::string::npos;
  return service ? *word : std::to_string(facts.snapshot().tasks[task].pid);
}

// The oom_score_adj with which `task` falls behind the next one that is another program.
std::optional<std::int64_t> adj_behind_next(const Facts& facts, const PredictedTask& first) {
  const Prediction& prediction = *facts.prediction();
  const std::string& comm = facts.snapshot().tasks[first.index].comm;
  const std::int64_t own =
      (first.badness.rss + first.badness.swap + first.badness.pgtables).count();
  const std::int64_t total = prediction.totalpages.count();
  if (total <= 0 || prediction.rule < BadnessRule::v2) return std::nullopt;
  for (const PredictedTask& other : prediction.tasks) {
    if (other.spared || facts.snapshot().tasks[other.index].comm == comm) continue;
    const double adj =
        static_cast<double>(other.badness.points - own) * 1000.0 / static_cast<double>(total);
    // To the next step of 50 below: memory moves.
    const auto step = static_cast<std::int64_t>(std::max(adj, -2000.0)) / 50 * 50 - 50;
    return std::clamp<std::int64_t>(step, -999, 0);
  }
  return std::nullopt;
}

// Lowest oom_score_adj of all processes of that name: children of a service are often left
// at 0 on purpose.
std::optional<int> lowest_adj(const Facts& facts, const std::vector<std::size_t>& tasks) {
  std::optional<int> lowest;
  for (const std::size_t task : tasks) {
    const auto adj = facts.snapshot().tasks[task].oom_score_adj;
    if (adj) lowest = std::min<int>(lowest.value_or(*adj), *adj);
  }
  return lowest;
}

Diagnosis first_is_important(const Facts& facts, const PredictedTask& first,
                             const ImportantProgram& program) {
  Diagnosis check;
  check.status = CheckStatus::warning;
  check.value =
      text_of({task_text(facts, first.index), ", ", program.role, ", is the next to die"});
  const auto memory = facts.memory_of(first.index);
  check.why = text_of({"It ranks first of all processes",
                       memory ? " with " + size_text(*memory) : std::string(),
                       ": any shortage of the host ends it, whoever caused that."});
  check.numbers.add("pid", facts.snapshot().tasks[first.index].pid);
  const auto adj = adj_behind_next(facts, first);
  if (adj) {
    check.fix = {text_of(
        {"oom protect ", protect_target(facts, first.index), " --score ", std::to_string(*adj)})};
    for (const PredictedTask& other : facts.prediction()->tasks) {
      const Task& task = facts.snapshot().tasks[other.index];
      if (other.spared || task.comm == facts.snapshot().tasks[first.index].comm) continue;
      check.why += text_of(
          {" With ", std::to_string(*adj), " that would be ", task_text(facts, other.index), "."});
      break;
    }
  }
  return check;
}

}  // namespace

std::optional<Diagnosis> check_killable(const Facts& facts) {
  const auto& prediction = facts.prediction();
  if (!prediction) {
    return not_known(
        "The processes, MemTotal or the kernel's release cannot be read: whether "
        "anybody can be killed.");
  }
  if (sees_only_part(facts)) {
    return not_known(
        "Only part of the host's processes is visible from here: whether anybody "
        "can be killed.");
  }
  std::int64_t killable = 0;
  std::int64_t spared = 0;
  Bytes killable_memory, spared_memory;
  const PredictedTask* largest_spared = nullptr;
  for (const PredictedTask& task : prediction->tasks) {
    const Bytes memory = facts.memory_of(task.index).value_or(Bytes(0));
    (task.spared ? spared : killable) += 1;
    (task.spared ? spared_memory : killable_memory) += memory;
    if (task.spared == Spared::adj_minus_1000 &&
        (largest_spared == nullptr ||
         memory > facts.memory_of(largest_spared->index).value_or(Bytes(0)))) {
      largest_spared = &task;
    }
  }
  Diagnosis check;
  check.numbers.add("killable", killable);
  check.numbers.add("spared", spared);
  check.numbers.add("killable_bytes", killable_memory.count());
  check.numbers.add("spared_bytes", spared_memory.count());
  check.value =
      text_of({grouped(killable), " of ", count_text(killable + spared, "process", "processes"),
               ", ", size_text(killable_memory)});
  const auto ram = facts.ram();
  const bool few = ram && spared_memory > *ram / 4 && killable_memory < spared_memory / 10;
  if (killable > 0 && !few) {
    if (!prediction->would_kill.empty())
      check.value += "; next: " + task_text(facts, prediction->would_kill.front());
    return check;
  }
  if (killable == 0) {
    check.status = CheckStatus::critical;
    check.value = "nobody: all " + count_text(spared, "process", "processes") + " are exempt";
    check.why = "When memory runs out the kernel finds nobody to kill and panics.";
  } else {
    check.status = CheckStatus::warning;
    check.why = text_of({size_text(spared_memory),
                         " is held by processes with oom_score_adj "
                         "-1000. Killing everybody else frees ",
                         size_text(killable_memory), ", and then the kernel panics."});
  }
  if (largest_spared != nullptr) {
    check.fix = {text_of({"oom protect ", protect_target(facts, largest_spared->index),
                          " --score -999   # last, but not exempt"})};
  }
  return check;
}

std::optional<Diagnosis> check_important(const Facts& facts) {
  const auto& prediction = facts.prediction();
  if (!prediction || !facts.has_processes()) {
    return not_known(
        "The processes, MemTotal or the kernel's release cannot be read: whether "
        "what must live would die.");
  }
  if (!prediction->would_kill.empty() && !prediction->group) {
    const PredictedTask& first = prediction->tasks.front();
    const ImportantProgram* const program = important(facts.snapshot().tasks[first.index].comm);
    // Where nobody is large, whoever fills the memory one day will rank above it.
    const auto memory = facts.memory_of(first.index);
    const auto ram = facts.ram();
    const bool large = memory && ram && *memory >= *ram / 10;
    if (program != nullptr && !first.spared && large)
      return first_is_important(facts, first, *program);
  }
  Diagnosis check;
  std::vector<std::string> seen, open;
  std::vector<std::string> fixes;
  for (const ImportantProgram& program : kImportant) {
    const std::vector<std::size_t> tasks = facts.tasks_named(program.comm);
    if (tasks.empty()) continue;
    seen.emplace_back(program.comm);
    const auto adj = lowest_adj(facts, tasks);
    if (!program.way_in || !adj || *adj < 0) continue;
    open.emplace_back(program.comm);
    fixes.push_back(
        text_of({"oom protect ", protect_target(facts, tasks.front()), " --score -900"}));
  }
  check.numbers.add("found", static_cast<std::int64_t>(seen.size()));
  check.numbers.add("unprotected", static_cast<std::int64_t>(open.size()));
  if (seen.empty()) {
    check.value = "no program known to matter runs here";
    check.absent = true;
    return check;
  }
  if (open.empty()) {
    check.value = "safe for now: " + list_text(seen);
    return check;
  }
  check.status = CheckStatus::notice;
  check.value = list_text(open) + (open.size() == 1 ? " has" : " have") + " no protection";
  check.why =
      "Small as they are they rank low, but in a long shortage the kernel gets to them, "
      "and then nobody can come in to help. Most distributions give them a negative "
      "oom_score_adj.";
  check.fix = std::move(fixes);
  return check;
}

}  // namespace oomkit::doctor
