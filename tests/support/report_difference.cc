#include "tests/support/report_difference.h"

#include <algorithm>
#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/json_writer.h"

namespace oomkit::test {
namespace {

std::string shown(const std::string& text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}
template <class Number>
requires std::is_arithmetic_v<Number> std::string shown(Number number) {
  return std::to_string(number);
}
template <class Enumeration>
requires std::is_enum_v<Enumeration> std::string shown(Enumeration value) {
  return std::to_string(static_cast<std::int64_t>(value));
}
template <class Unit>
std::string shown(Amount<Unit> amount) {
  return std::to_string(amount.count());
}
std::string shown(std::chrono::nanoseconds time) {
  return std::to_string(time.count()) + " ns";
}
std::string shown(const WallTime& time) {
  return std::to_string(time.since_epoch.count()) + " us";
}

template <class Value>
std::string shown(const std::optional<Value>& value) {
  return value ? shown(*value) : "absent";
}
template <class Value>
std::string shown(const Known<Value>& value) {
  return shown(value.optional());
}

// Notes each pair of fields that are not equal.
class Differences {
 public:
  template <class Value>
  void field(std::string_view name, const Value& actual, const Value& expected) {
    if (actual == expected) return;
    text_.append(prefix_).append(name).append(": ").append(shown(actual));
    text_.append(" is not ").append(shown(expected)).append("\n");
  }
  template <class Unit>
  void amounts(std::string_view name, const std::vector<std::pair<std::string, Unit>>& actual,
               const std::vector<std::pair<std::string, Unit>>& expected) {
    list(name, actual, expected, [this](const auto& a, const auto& b) {
      this->field("name", a.first, b.first);
      this->field(a.first, a.second, b.second);
    });
  }
  template <class Item, class Compare>
  void list(std::string_view name, const std::vector<Item>& actual,
            const std::vector<Item>& expected, Compare compare) {
    field(std::string(name) + ".size", actual.size(), expected.size());
    for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
      const std::string item = std::string(name) + "[" + std::to_string(i) + "].";
      inside(item, [&] { compare(actual[i], expected[i]); });
    }
  }
  template <class Item>
  void values(std::string_view name, const std::vector<Item>& actual,
              const std::vector<Item>& expected) {
    list(name, actual, expected, [this](const Item& a, const Item& b) { field("is", a, b); });
  }
  template <class Item, class Compare>
  void part(std::string_view name, const std::optional<Item>& actual,
            const std::optional<Item>& expected, Compare compare) {
    field(std::string(name) + ".there", actual.has_value(), expected.has_value());
    if (actual && expected) inside(std::string(name) + ".", [&] { compare(*actual, *expected); });
  }

  std::string take() { return std::move(text_); }

 private:
  template <class Body>
  void inside(const std::string& name, Body body) {
    const std::size_t length = prefix_.size();
    prefix_ += name;
    body();
    prefix_.resize(length);
  }

  std::string prefix_;
  std::string text_;
};

void compare_triggers(Differences& differ, const Trigger& a, const Trigger& b) {
  differ.field("comm", a.comm, b.comm);
  differ.field("pid", a.pid, b.pid);
  differ.field("uid", a.uid, b.uid);
  differ.field("gfp_mask", a.gfp_mask, b.gfp_mask);
  differ.field("gfp_text", a.gfp_text, b.gfp_text);
  differ.field("nodemask", a.nodemask, b.nodemask);
  differ.field("order", a.order, b.order);
  differ.field("oom_score_adj", a.oom_score_adj, b.oom_score_adj);
  differ.field("oom_adj", a.oom_adj, b.oom_adj);
  differ.field("cpu", a.cpu, b.cpu);
  differ.field("line", a.line, b.line);
  differ.field("cpu_line", a.cpu_line, b.cpu_line);
}

void compare_selections(Differences& differ, const Selection& a, const Selection& b) {
  differ.field("constraint_word", a.constraint_word, b.constraint_word);
  differ.field("nodemask", a.nodemask, b.nodemask);
  differ.field("cpuset", a.cpuset, b.cpuset);
  differ.field("mems_allowed", a.mems_allowed, b.mems_allowed);
  differ.field("global_oom", a.global_oom, b.global_oom);
  differ.field("comm", a.comm, b.comm);
  differ.field("pid", a.pid, b.pid);
  differ.field("uid", a.uid, b.uid);
  differ.field("score", a.score, b.score);
  differ.field("line", a.line, b.line);
}

template <class Place>
void compare_places(Differences& differ, const Place& a, const Place& b) {
  differ.amounts("amounts", a.amounts.entries(), b.amounts.entries());
  differ.field("pages_scanned", a.pages_scanned, b.pages_scanned);
  differ.field("all_unreclaimable", a.all_unreclaimable, b.all_unreclaimable);
  differ.field("line", a.line, b.line);
}

void compare_memory(Differences& differ, const HostMemory& a, const HostMemory& b) {
  differ.amounts("counters", a.counters.entries(), b.counters.entries());
  differ.list("nodes", a.nodes, b.nodes, [&](const Node& x, const Node& y) {
    differ.field("id", x.id, y.id);
    compare_places(differ, x, y);
  });
  differ.list("zones", a.zones, b.zones, [&](const Zone& x, const Zone& y) {
    differ.field("node", x.node, y.node);
    differ.field("name", x.name, y.name);
    compare_places(differ, x, y);
    differ.values("lowmem_reserve", x.lowmem_reserve, y.lowmem_reserve);
    differ.list("free_blocks", x.free_blocks, y.free_blocks,
                [&](const FreeBlocks& p, const FreeBlocks& q) {
                  differ.field("count", p.count, q.count);
                  differ.field("block_size", p.block_size, q.block_size);
                  differ.field("migratetypes", p.migratetypes, q.migratetypes);
                });
    differ.field("free_blocks_total", x.free_blocks_total, y.free_blocks_total);
  });
  differ.list("hugepages", a.hugepages, b.hugepages,
              [&](const HugepagePool& x, const HugepagePool& y) {
                differ.field("node", x.node, y.node);
                differ.field("total", x.total, y.total);
                differ.field("free", x.free, y.free);
                differ.field("surplus", x.surplus, y.surplus);
                differ.field("page_size", x.page_size, y.page_size);
              });
  differ.list("unreclaimable_slab", a.unreclaimable_slab, b.unreclaimable_slab,
              [&](const SlabCache& x, const SlabCache& y) {
                differ.field("name", x.name, y.name);
                differ.field("used", x.used, y.used);
                differ.field("total", x.total, y.total);
              });
  differ.field("pagecache", a.pagecache, b.pagecache);
  differ.field("swapcache", a.swapcache, b.swapcache);
  differ.field("swap_free", a.swap_free, b.swap_free);
  differ.field("swap_total", a.swap_total, b.swap_total);
  differ.field("ram", a.ram, b.ram);
  differ.field("highmem", a.highmem, b.highmem);
  differ.field("reserved", a.reserved, b.reserved);
  differ.field("cma_reserved", a.cma_reserved, b.cma_reserved);
  differ.field("hwpoisoned", a.hwpoisoned, b.hwpoisoned);
}

void compare_memcgs(Differences& differ, const MemcgReport& a, const MemcgReport& b) {
  const auto counters = [&](const MemcgCounter& x, const MemcgCounter& y) {
    differ.field("usage", x.usage, y.usage);
    differ.field("limit", x.limit, y.limit);
    differ.field("failcnt", x.failcnt, y.failcnt);
  };
  differ.field("version", a.version, b.version);
  differ.field("oom_path", a.oom_path, b.oom_path);
  differ.field("task_path", a.task_path, b.task_path);
  differ.part("memory", a.memory, b.memory, counters);
  differ.part("memsw", a.memsw, b.memsw, counters);
  differ.part("swap", a.swap, b.swap, counters);
  differ.part("kmem", a.kmem, b.kmem, counters);
  differ.field("stat_path", a.stat_path, b.stat_path);
  differ.amounts("stat", a.stat.entries(), b.stat.entries());
  differ.list("subtree", a.subtree, b.subtree,
              [&](const MemcgSubtreeStat& x, const MemcgSubtreeStat& y) {
                differ.field("path", x.path, y.path);
                differ.amounts("stat", x.stat.entries(), y.stat.entries());
              });
  differ.field("min_protection", a.min_protection, b.min_protection);
  differ.field("low_protection", a.low_protection, b.low_protection);
}

void compare_tasks(Differences& differ, const Task& a, const Task& b) {
  differ.field("pid", a.pid, b.pid);
  differ.field("tgid", a.tgid, b.tgid);
  differ.field("uid", a.uid, b.uid);
  differ.field("comm", a.comm, b.comm);
  differ.field("total_vm", a.total_vm, b.total_vm);
  differ.field("rss", a.rss, b.rss);
  differ.field("rss_anon", a.rss_anon, b.rss_anon);
  differ.field("rss_file", a.rss_file, b.rss_file);
  differ.field("rss_shmem", a.rss_shmem, b.rss_shmem);
  differ.field("swapents", a.swapents, b.swapents);
  differ.field("nr_ptes", a.nr_ptes, b.nr_ptes);
  differ.field("nr_pmds", a.nr_pmds, b.nr_pmds);
  differ.field("nr_puds", a.nr_puds, b.nr_puds);
  differ.field("pgtables", a.pgtables, b.pgtables);
  differ.field("cpu", a.cpu, b.cpu);
  differ.field("oom_adj", a.oom_adj, b.oom_adj);
  differ.field("oom_score_adj", a.oom_score_adj, b.oom_score_adj);
  differ.field("line", a.line, b.line);
}

void compare_victims(Differences& differ, const Victim& a, const Victim& b) {
  differ.field("pid", a.pid, b.pid);
  differ.field("comm", a.comm, b.comm);
  differ.field("uid", a.uid, b.uid);
  differ.field("total_vm", a.total_vm, b.total_vm);
  differ.field("anon_rss", a.anon_rss, b.anon_rss);
  differ.field("file_rss", a.file_rss, b.file_rss);
  differ.field("shmem_rss", a.shmem_rss, b.shmem_rss);
  differ.field("pgtables", a.pgtables, b.pgtables);
  differ.field("oom_score_adj", a.oom_score_adj, b.oom_score_adj);
  differ.field("role", a.role, b.role);
  differ.field("reaped", a.reaped, b.reaped);
  differ.field("reaped_anon_rss", a.reaped_anon_rss, b.reaped_anon_rss);
  differ.field("reaped_file_rss", a.reaped_file_rss, b.reaped_file_rss);
  differ.field("reaped_shmem_rss", a.reaped_shmem_rss, b.reaped_shmem_rss);
  differ.field("already_exiting", a.already_exiting, b.already_exiting);
  differ.field("from_selection", a.from_selection, b.from_selection);
  differ.field("line", a.line, b.line);
  differ.field("reap_line", a.reap_line, b.reap_line);
}

void compare_snapshots(Differences& differ, const Snapshot& a, const Snapshot& b) {
  differ.field("uptime", a.uptime, b.uptime);
  differ.field("time", a.time, b.time);
  differ.field("host", a.host, b.host);
  differ.field("kernel_release", a.kernel_release, b.kernel_release);
  differ.field("page_size", a.page_size, b.page_size);
  differ.part("host_memory", a.host_memory, b.host_memory,
              [&](const HostMemory& x, const HostMemory& y) { compare_memory(differ, x, y); });
  differ.part("memcg", a.memcg, b.memcg,
              [&](const MemcgReport& x, const MemcgReport& y) { compare_memcgs(differ, x, y); });
  differ.list("tasks", a.tasks, b.tasks,
              [&](const Task& x, const Task& y) { compare_tasks(differ, x, y); });
}

void compare_damage(Differences& differ, const OomReport& a, const OomReport& b) {
  differ.field("begins_cut", a.begins_cut, b.begins_cut);
  differ.field("ends_cut", a.ends_cut, b.ends_cut);
  differ.field("elided", a.elided, b.elided);
  differ.field("lines_lost", a.lines_lost, b.lines_lost);
  differ.field("damaged_lines", a.damaged_lines, b.damaged_lines);
  differ.field("suppressed_before", a.suppressed_before, b.suppressed_before);
  differ.field("tasks_dropped", a.tasks_dropped, b.tasks_dropped);
  differ.values("missing", a.missing, b.missing);
  differ.field("complete", a.complete, b.complete);
}

}  // namespace

std::string report_difference(const OomReport& actual, const OomReport& expected) {
  const OomReport& a = actual;
  const OomReport& b = expected;
  Differences differ;
  differ.field("input", a.input, b.input);
  differ.field("first_line", a.first_line, b.first_line);
  differ.field("last_line", a.last_line, b.last_line);
  differ.field("killer", a.killer, b.killer);
  differ.field("verdict", a.verdict, b.verdict);
  differ.field("manual", a.manual, b.manual);
  differ.field("allocating_task_killed", a.allocating_task_killed, b.allocating_task_killed);
  differ.field("constraint", a.constraint, b.constraint);
  differ.field("constraint_source", a.constraint_source, b.constraint_source);
  differ.field("scope", a.scope, b.scope);
  differ.part("trigger", a.trigger, b.trigger,
              [&](const Trigger& x, const Trigger& y) { compare_triggers(differ, x, y); });
  differ.field("hardware", a.hardware, b.hardware);
  differ.field("taint", a.taint, b.taint);
  differ.values("stack", a.stack, b.stack);
  differ.values("message_prefixes", a.message_prefixes, b.message_prefixes);
  differ.part("selection", a.selection, b.selection,
              [&](const Selection& x, const Selection& y) { compare_selections(differ, x, y); });
  compare_snapshots(differ, a.at, b.at);
  differ.field("task_header", a.task_header, b.task_header);
  differ.list("victims", a.victims, b.victims,
              [&](const Victim& x, const Victim& y) { compare_victims(differ, x, y); });
  differ.list("also_reaped", a.also_reaped, b.also_reaped,
              [&](const ReapedOther& x, const ReapedOther& y) {
                differ.field("pid", x.pid, y.pid);
                differ.field("comm", x.comm, y.comm);
              });
  differ.field("oom_group", a.oom_group, b.oom_group);
  differ.field("panic_text", a.panic_text, b.panic_text);
  differ.field("panic_line", a.panic_line, b.panic_line);
  compare_damage(differ, a, b);
  std::string text = differ.take();
  if (text.empty() && !(a == b)) text = "they differ in a field that is not compared here\n";
  return text;
}

}  // namespace oomkit::test
