// Limits of memory cgroups: those that are met, that cannot be met, or that surprise.
#include <algorithm>

#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"
#include "kernel/cgroup_identity.h"

namespace oomkit::doctor {
namespace {

constexpr MemcgSetting kMax = {"MemoryMax", "memory.max", "memory.limit_in_bytes"};
constexpr MemcgSetting kSwapMax = {"MemorySwapMax", "memory.swap.max", ""};

Diagnosis no_memcgs() {
  return not_known("No memory controller is visible: what cgroups may use.");
}

// "3 cgroups: /a, /b and 1 more".
std::string some_paths(const Facts& facts, const std::vector<std::size_t>& memcgs) {
  constexpr std::size_t kShown = 2;
  std::string text = count_text(static_cast<std::int64_t>(memcgs.size()), "cgroup") + ": ";
  for (std::size_t i = 0; i < std::min(memcgs.size(), kShown); ++i) {
    if (i > 0) text += ", ";
    text += facts.snapshot().memcgs->nodes[memcgs[i]].path;
  }
  if (memcgs.size() > kShown) text += " and " + std::to_string(memcgs.size() - kShown) + " more";
  return text;
}

Diagnosis nothing_found(std::string value) {
  Diagnosis check;
  check.absent = true;
  check.value = std::move(value);
  return check;
}

bool is_kubernetes(const MemcgNode& memcg) {
  switch (identify_cgroup(memcg.path, std::nullopt).owner) {
    case CgroupOwner::kubepods:
    case CgroupOwner::qos_class:
    case CgroupOwner::pod:
      return true;
    case CgroupOwner::container:
      return memcg.path.find("kubepods") != std::string::npos;
    default:
      return false;
  }
}

// What cannot be given up when the limit is met: the use without file cache.
std::optional<Bytes> held(const MemcgNode& memcg) {
  const auto headroom = memcg_headroom(memcg);
  if (!headroom) return std::nullopt;
  return headroom->usage - headroom->droppable.value_or(Bytes(0));
}

// How much of it can still go to swap: while it can, nobody dies for the limit.
Bytes swap_room(const Facts& facts, std::size_t memcg) {
  Bytes room = facts.meminfo("SwapFree").value_or(Bytes(0));
  const auto& nodes = facts.snapshot().memcgs->nodes;
  for (std::optional<std::size_t> at = memcg; at; at = nodes[*at].parent) {
    const MemcgNode& node = nodes[*at];
    if (node.swap_limit && node.swap_limit->size)
      room = std::min(room, *node.swap_limit->size - node.swap_usage.value_or(Bytes(0)));
    if (node.memsw_limit && node.memsw_limit->size && node.memsw_usage)
      room = std::min(room, *node.memsw_limit->size - *node.memsw_usage);
  }
  return room;
}

bool has_child(const MemcgTree& tree, std::size_t memcg) {
  return std::any_of(tree.nodes.begin(), tree.nodes.end(),
                     [memcg](const MemcgNode& node) { return node.parent == memcg; });
}

}  // namespace

std::optional<Diagnosis> check_memcg_full(const Facts& facts) {
  const auto& memcgs = facts.snapshot().memcgs;
  if (!memcgs) return no_memcgs();
  std::vector<std::size_t> full;
  std::int64_t limited = 0;
  for (std::size_t i = 0; i < memcgs->nodes.size(); ++i) {
    const MemcgNode& memcg = memcgs->nodes[i];
    const auto needed = held(memcg);
    if (!needed) continue;
    ++limited;
    const Bytes limit = *memcg.limit->size;
    const Bytes margin = limit / 20;
    if (limit > Bytes(0) && *needed > limit - margin && swap_room(facts, i) < margin)
      full.push_back(i);
  }
  if (limited == 0) return nothing_found("no cgroup has a limit");
  const auto share = [&](std::size_t memcg) {
    const MemcgNode& node = memcgs->nodes[memcg];
    return static_cast<double>(held(node)->count()) /
           static_cast<double>(node.limit->size->count());
  };
  std::stable_sort(full.begin(), full.end(),
                   [&](std::size_t a, std::size_t b) { return share(a) > share(b); });
  Diagnosis check;
  check.numbers.add("limited", limited);
  check.numbers.add("full", static_cast<std::int64_t>(full.size()));
  if (full.empty()) {
    check.value = count_text(limited, "cgroup") + " with a limit, none within 5 % of it";
    return check;
  }
  const MemcgNode& worst = memcgs->nodes[full.front()];
  check.status = CheckStatus::warning;
  check.value = some_paths(facts, full);
  check.why = text_of({worst.path, " holds ", size_text(*held(worst)), " of its ",
                       size_text(*worst.limit->size),
                       " without file cache that could go, and has no swap left: a few "
                       "allocations more, and somebody in it dies, with memory free elsewhere."});
  const auto peak = std::max(worst.peak.value_or(*worst.usage), *worst.usage);
  check.fix = set_memcg(facts, worst, kMax, ceil_mib(peak + peak / 4));
  return check;
}

std::optional<Diagnosis> check_memcg_above_host(const Facts& facts) {
  const auto& memcgs = facts.snapshot().memcgs;
  const auto ram = facts.ram();
  if (!memcgs) return no_memcgs();
  if (!ram) return not_known("MemTotal cannot be read: whether limits are below it.");
  std::vector<std::size_t> above;
  for (std::size_t i = 0; i < memcgs->nodes.size(); ++i) {
    const MemcgNode& memcg = memcgs->nodes[i];
    const bool own = memcg.limit && memcg.limit->size && *memcg.limit->size > *ram;
    // One further up that does bind makes this one harmless.
    if (own && facts.effective_limit(i) > *ram) above.push_back(i);
  }
  if (above.empty()) return nothing_found("no limit is above RAM");
  const MemcgNode& first = memcgs->nodes[above.front()];
  Diagnosis check;
  check.numbers.add("above", static_cast<std::int64_t>(above.size()));
  check.status = CheckStatus::notice;
  check.value = some_paths(facts, above);
  check.why = text_of({"The limit of ", size_text(*first.limit->size), " is more than the ",
                       size_text(*ram),
                       " of RAM: it never holds. The host runs out first, and "
                       "then anybody may die, not only who took the memory."});
  check.fix = set_memcg(facts, first, kMax, ceil_mib(*ram - *ram / 5));
  return check;
}

std::optional<Diagnosis> check_memcg_high(const Facts& facts) {
  const auto& memcgs = facts.snapshot().memcgs;
  if (!memcgs) return no_memcgs();
  if (memcgs->version != 2) return std::nullopt;
  std::vector<std::size_t> found;
  bool slowed = false;
  for (std::size_t i = 0; i < memcgs->nodes.size(); ++i) {
    const MemcgNode& memcg = memcgs->nodes[i];
    if (!memcg.high || !memcg.high->size || facts.effective_limit(i)) continue;
    const bool above = memcg.usage && *memcg.usage >= *memcg.high->size;
    found.insert(above && !slowed ? found.begin() : found.end(), i);
    slowed |= above;
  }
  if (found.empty()) return nothing_found("memory.high stands nowhere without memory.max");
  const MemcgNode& first = memcgs->nodes[found.front()];
  Diagnosis check;
  check.numbers.add("found", static_cast<std::int64_t>(found.size()));
  check.numbers.add("high_events", first.events.find("high").value_or(0));
  check.status = slowed ? CheckStatus::warning : CheckStatus::notice;
  check.value = some_paths(facts, found);
  check.why = text_of({"memory.high of ", size_text(*first.high->size),
                       " without memory.max: "
                       "who grows beyond it is slowed down, up to 2 s at each return to user "
                       "mode, and never killed."});
  if (slowed) check.why += " " + first.path + " is above it now and crawls.";
  check.fix = set_memcg(facts, first, kMax, ceil_mib(*first.high->size + *first.high->size / 5));
  return check;
}

std::optional<Diagnosis> check_memcg_group(const Facts& facts) {
  const auto& memcgs = facts.snapshot().memcgs;
  if (!memcgs) return no_memcgs();
  if (memcgs->version != 2) return std::nullopt;
  std::vector<std::size_t> found;
  bool told = false;
  for (std::size_t i = 0; i < memcgs->nodes.size(); ++i) {
    const MemcgNode& memcg = memcgs->nodes[i];
    told |= memcg.oom_group.has_value();
    const bool limited = memcg.limit && memcg.limit->size;
    if (memcg.oom_group != false || !limited || memcg.processes.size() < 2) continue;
    if (has_child(*memcgs, i) || !system_unit_of(memcg)) continue;
    if (memcg.path.ends_with(".service")) found.push_back(i);
  }
  if (!told && memcgs->nodes.size() > 1) {
    return not_known(
        "memory.oom.group (4.19) can be read of no cgroup: whether services die as "
        "a whole.");
  }
  if (found.empty()) return nothing_found("no limited service of several processes");
  const MemcgNode& first = memcgs->nodes[found.front()];
  Diagnosis check;
  check.numbers.add("found", static_cast<std::int64_t>(found.size()));
  check.status = CheckStatus::notice;
  check.value = some_paths(facts, found);
  check.why = text_of(
      {"It has ",
       count_text(static_cast<std::int64_t>(first.processes.size()), "process", "processes"),
       " and a limit, and memory.oom.group is off: at the limit one of them dies "
       "and the rest goes on. That is right for workers that their master starts "
       "anew; else let the unit die and be restarted as a whole."});
  const auto unit = system_unit_of(first);
  const auto word = unit ? shell_word("/etc/systemd/system/" + *unit + ".d") : std::nullopt;
  if (word && facts.systemd_is_init()) {
    check.fix = {"mkdir -p " + *word,
                 "printf '[Service]\\nOOMPolicy=kill\\n' >" + *word + "/60-oom-group.conf",
                 "systemctl daemon-reload && systemctl restart " + *shell_word(*unit)};
  }
  return check;
}

std::optional<Diagnosis> check_memcg_swap(const Facts& facts) {
  const auto& memcgs = facts.snapshot().memcgs;
  if (!memcgs) return no_memcgs();
  const auto swap = facts.meminfo("SwapTotal");
  if (!swap) return not_known("SwapTotal cannot be read: whether cgroups may use swap.");
  if (*swap == Bytes(0) || memcgs->version != 2) return std::nullopt;
  std::vector<std::size_t> found;
  std::int64_t kubernetes = 0;
  for (std::size_t i = 0; i < memcgs->nodes.size(); ++i) {
    const MemcgNode& memcg = memcgs->nodes[i];
    const bool none = memcg.swap_limit && memcg.swap_limit->size == Bytes(0);
    if (!none || !memcg.limit || !memcg.limit->size) continue;
    // What runs in it is told once, by the topmost.
    const auto parent = memcg.parent;
    if (parent && memcgs->nodes[*parent].swap_limit &&
        memcgs->nodes[*parent].swap_limit->size == Bytes(0)) {
      continue;
    }
    // Pods have none unless their node is configured for it.
    is_kubernetes(memcg) ? void(++kubernetes) : found.push_back(i);
  }
  if (found.empty()) {
    Diagnosis check = nothing_found("no limited cgroup is kept from swap");
    if (kubernetes > 0) check.value = "only pods are kept from swap, as is their default";
    return check;
  }
  const MemcgNode& first = memcgs->nodes[found.front()];
  Diagnosis check;
  check.numbers.add("found", static_cast<std::int64_t>(found.size()));
  check.status = CheckStatus::notice;
  check.value = some_paths(facts, found);
  check.why = text_of({"memory.swap.max is 0: at its limit of ", size_text(*first.limit->size),
                       " what is idle in it cannot make room, although the host has ",
                       size_text(*swap), " of swap."});
  const Bytes half(first.limit->size->count() / 2);
  check.fix = set_memcg(facts, first, kSwapMax, ceil_mib(std::min(half, *swap)));
  return check;
}

}  // namespace oomkit::doctor
