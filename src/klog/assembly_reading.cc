#include "klog/assembly_reading.h"

#include <algorithm>
#include <cstdint>

#include "klog/assembly.h"
#include "klog/framing.h"
#include "klog/repair_mail.h"
#include "klog/repair_width.h"

namespace oomkit::test {
namespace {

struct Collector final : ReportSink {
  explicit Collector(Reading& to) : reading(&to) {}
  void on_report(OomReport&& report) override { reading->reports.push_back(std::move(report)); }
  void on_other(OtherEvent&& event) override { reading->others.push_back(std::move(event)); }
  Reading* reading;
};

struct ToFramer final : WholeLineSink {
  explicit ToFramer(Framer& to) : framer(&to) {}
  void on_whole_line(std::string_view text, std::uint64_t number) override {
    framer->line(text, number);
  }
  Framer* framer;
};

template <class OnLine>
bool for_each_line(std::string_view text, OnLine on_line) {
  std::uint64_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    on_line(text.substr(0, end), ++number);
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
  return false;
}

class Contradictions {
 public:
  template <class Value>
  void field(std::string_view name, const std::optional<Value>& part,
             const std::optional<Value>& whole) {
    if (part && part != whole) note(name);
  }
  void check(std::string_view name, bool agrees) {
    if (!agrees) note(name);
  }
  // Everything that the part has must be in the whole, in the same order.
  template <class Item, class Agrees>
  void subsequence(std::string_view name, const std::vector<Item>& part,
                   const std::vector<Item>& whole, Agrees agrees) {
    std::size_t at = 0;
    for (const Item& item : part) {
      while (at < whole.size() && !agrees(item, whole[at]))
        ++at;
      if (at == whole.size()) return note(name);
      ++at;
    }
  }
  template <class Item, class Agrees>
  void subset(std::string_view name, const std::vector<Item>& part, const std::vector<Item>& whole,
              Agrees agrees) {
    for (const Item& item : part) {
      check(name, std::any_of(whole.begin(), whole.end(),
                              [&](const Item& other) { return agrees(item, other); }));
    }
  }
  template <class Unit>
  void amounts(std::string_view name, const NamedAmounts<Unit>& part,
               const NamedAmounts<Unit>& whole) {
    for (const auto& [key, amount] : part.entries())
      check(std::string(name) + "." + key, whole.find(key) == amount);
  }
  std::string take() { return std::move(text_); }

 private:
  void note(std::string_view name) { text_.append(name).append("\n"); }
  std::string text_;
};

bool task_agrees(const Task& part, const Task& whole) {
  const auto fits = [](const auto& a, const auto& b) { return !a || a == b; };
  return part.pid == whole.pid && (part.comm.empty() || whole.comm.starts_with(part.comm)) &&
         fits(part.tgid, whole.tgid) && fits(part.uid, whole.uid) &&
         fits(part.total_vm, whole.total_vm) && fits(part.rss, whole.rss) &&
         fits(part.rss_anon, whole.rss_anon) && fits(part.rss_file, whole.rss_file) &&
         fits(part.rss_shmem, whole.rss_shmem) && fits(part.swapents, whole.swapents) &&
         fits(part.nr_ptes, whole.nr_ptes) && fits(part.nr_pmds, whole.nr_pmds) &&
         fits(part.pgtables, whole.pgtables) && fits(part.oom_adj, whole.oom_adj) &&
         fits(part.oom_score_adj, whole.oom_score_adj);
}

void compare_trigger(Contradictions& found, const Trigger& part, const Trigger& whole) {
  found.check("trigger.comm", part.comm == whole.comm);
  found.field("trigger.pid", part.pid, whole.pid);
  found.field("trigger.uid", part.uid, whole.uid);
  found.field("trigger.gfp_mask", part.gfp_mask, whole.gfp_mask);
  found.field("trigger.gfp_text", part.gfp_text, whole.gfp_text);
  found.field("trigger.nodemask", part.nodemask, whole.nodemask);
  found.field("trigger.order", part.order, whole.order);
  found.field("trigger.oom_score_adj", part.oom_score_adj, whole.oom_score_adj);
  found.field("trigger.oom_adj", part.oom_adj, whole.oom_adj);
  found.field("trigger.cpu", part.cpu, whole.cpu);
}

void compare_selection(Contradictions& found, const Selection& part, const Selection& whole) {
  found.field("selection.constraint_word", part.constraint_word, whole.constraint_word);
  found.field("selection.nodemask", part.nodemask, whole.nodemask);
  found.field("selection.cpuset", part.cpuset, whole.cpuset);
  found.field("selection.mems_allowed", part.mems_allowed, whole.mems_allowed);
  found.check("selection.global_oom", !part.global_oom || whole.global_oom);
  found.field("selection.comm", part.comm, whole.comm);
  found.field("selection.pid", part.pid, whole.pid);
  found.field("selection.uid", part.uid, whole.uid);
  found.field("selection.score", part.score, whole.score);
}

void compare_memory(Contradictions& found, const HostMemory& part, const HostMemory& whole) {
  found.amounts("counters", part.counters, whole.counters);
  found.subsequence("nodes", part.nodes, whole.nodes, [&](const Node& a, const Node& b) {
    if (a.id == b.id) found.amounts("node", a.amounts, b.amounts);
    return a.id == b.id;
  });
  // A zone of whose lines the first is lost stands where its free list does.
  found.subset("zones", part.zones, whole.zones, [&](const Zone& a, const Zone& b) {
    if (a.node != b.node || a.name != b.name) return false;
    found.amounts("zone", a.amounts, b.amounts);
    found.check(
        "lowmem_reserve",
        std::equal(
            a.lowmem_reserve.begin(), a.lowmem_reserve.end(), b.lowmem_reserve.begin(),
            b.lowmem_reserve.begin() + static_cast<std::ptrdiff_t>(std::min(
                                           a.lowmem_reserve.size(), b.lowmem_reserve.size()))));
    found.subsequence("free_blocks", a.free_blocks, b.free_blocks,
                      [](const FreeBlocks& x, const FreeBlocks& y) {
                        return x.count == y.count && x.block_size == y.block_size;
                      });
    found.field("free_blocks_total", a.free_blocks_total, b.free_blocks_total);
    return true;
  });
  found.field("pagecache", part.pagecache, whole.pagecache);
  found.field("swap_free", part.swap_free, whole.swap_free);
  found.field("swap_total", part.swap_total, whole.swap_total);
  found.field("ram", part.ram, whole.ram);
  found.field("highmem", part.highmem, whole.highmem);
  found.field("reserved", part.reserved, whole.reserved);
  found.check("hugepages", part.hugepages.size() <= whole.hugepages.size());
  found.check("slab", part.unreclaimable_slab.size() <= whole.unreclaimable_slab.size());
}

void compare_counter(Contradictions& found, std::string_view name,
                     const std::optional<MemcgCounter>& part,
                     const std::optional<MemcgCounter>& whole) {
  if (!part) return;
  found.check(name, whole.has_value() && part->usage == whole->usage);
  if (!whole) return;
  found.field(name, part->limit, whole->limit);
  found.field(name, part->failcnt, whole->failcnt);
}

void compare_memcg(Contradictions& found, const MemcgReport& part, const MemcgReport& whole) {
  found.field("memcg.oom_path", part.oom_path, whole.oom_path);
  found.field("memcg.task_path", part.task_path, whole.task_path);
  compare_counter(found, "memory", part.memory, whole.memory);
  compare_counter(found, "memsw", part.memsw, whole.memsw);
  compare_counter(found, "swap", part.swap, whole.swap);
  compare_counter(found, "kmem", part.kmem, whole.kmem);
  for (const auto& [key, value] : part.stat.entries())
    found.check("stat." + key, whole.stat.find(key) == value);
  found.check("subtree", part.subtree.size() <= whole.subtree.size());
}

bool victim_agrees(Contradictions& found, const Victim& part, const Victim& whole) {
  if (part.pid != whole.pid) return false;
  found.field("victim.comm", part.comm, whole.comm);
  found.field("victim.uid", part.uid, whole.uid);
  found.field("victim.total_vm", part.total_vm, whole.total_vm);
  found.field("victim.anon_rss", part.anon_rss, whole.anon_rss);
  found.field("victim.file_rss", part.file_rss, whole.file_rss);
  found.field("victim.shmem_rss", part.shmem_rss, whole.shmem_rss);
  found.field("victim.pgtables", part.pgtables, whole.pgtables);
  found.field("victim.oom_score_adj", part.oom_score_adj, whole.oom_score_adj);
  found.field("victim.reaped", part.reaped, whole.reaped);
  found.field("victim.reaped_anon_rss", part.reaped_anon_rss, whole.reaped_anon_rss);
  return true;
}

}  // namespace

Reading read_lines(std::string_view text) {
  Reading reading;
  Collector collector(reading);
  Assembly assembly("test", collector);
  Framer framer(assembly);
  ToFramer to_framer(framer);
  WidthRepair widths(to_framer);
  MailRepair mails(widths);
  const bool cut = for_each_line(
      text, [&](std::string_view line, std::uint64_t number) { mails.line(line, number); });
  mails.flush();
  widths.flush();
  framer.finish();
  assembly.finish(cut);
  reading.damage = assembly.damage();
  reading.damage.add(Damage::wrapped_rejoined, mails.rejoined() + widths.rejoined());
  return reading;
}

Reading read_kernel_lines(std::string_view text) {
  Reading reading;
  Collector collector(reading);
  Assembly assembly("test", collector);
  const bool cut = for_each_line(text, [&](std::string_view line, std::uint64_t number) {
    LogRecord record;
    record.text = line;
    record.line = number;
    record.framed = true;
    assembly.on_record(record);
  });
  assembly.finish(cut);
  reading.damage = assembly.damage();
  return reading;
}

std::string contradiction(const OomReport& part, const OomReport& whole) {
  Contradictions found;
  found.check("killer", part.killer == whole.killer);
  found.check("verdict",
              part.verdict == Verdict::unknown || part.verdict == whole.verdict ||
                  (part.verdict == Verdict::no_killable && whole.verdict == Verdict::panic));
  found.check("manual", !part.manual || whole.manual);
  if (part.constraint_source == ConstraintSource::stated) {
    found.check("constraint", part.constraint == whole.constraint);
  }
  if (part.trigger) {
    found.check("trigger", whole.trigger.has_value());
    if (whole.trigger) compare_trigger(found, *part.trigger, *whole.trigger);
  }
  if (part.selection && whole.selection) {
    compare_selection(found, *part.selection, *whole.selection);
  }
  found.check("selection", !part.selection || whole.selection.has_value());
  found.subsequence("stack", part.stack, whole.stack,
                    [](const std::string& a, const std::string& b) { return a == b; });
  found.field("kernel", part.at.kernel_release, whole.at.kernel_release);
  found.field("page_size", part.at.page_size, whole.at.page_size);
  if (part.at.host_memory && whole.at.host_memory) {
    compare_memory(found, *part.at.host_memory, *whole.at.host_memory);
  }
  if (part.at.memcg && whole.at.memcg) compare_memcg(found, *part.at.memcg, *whole.at.memcg);
  found.subsequence("tasks", part.at.tasks, whole.at.tasks, task_agrees);
  for (const Victim& victim : part.victims) {
    // The choice is the victim until a line says who died instead.
    if (victim.from_selection && !whole.victims.empty()) continue;
    found.check("victims",
                std::any_of(whole.victims.begin(), whole.victims.end(), [&](const Victim& other) {
                  return victim_agrees(found, victim, other);
                }));
  }
  found.field("oom_group", part.oom_group, whole.oom_group);
  return found.take();
}

}  // namespace oomkit::test
