// Memory that the kernel took for itself, and that no process's rss shows.
#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/ledger.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
namespace {

// From which share of the limit, or of RAM, a part is worth a finding.
struct Thresholds {
  double notice, warning, critical;
};

std::optional<Severity> graded(Bytes part, Bytes whole, const Thresholds& thresholds) {
  if (part <= Bytes(0)) return std::nullopt;
  if (at_least(part, thresholds.critical, whole)) return Severity::critical;
  if (at_least(part, thresholds.warning, whole)) return Severity::warning;
  if (at_least(part, thresholds.notice, whole)) return Severity::notice;
  return std::nullopt;
}

std::optional<Bytes> kernel_part(const Context& context, std::string_view name) {
  if (context.in_group()) {
    return context.amounts ? context.amounts->kernel_part(name) : std::nullopt;
  }
  return context.host != nullptr ? host_amount(*context.host, name, context.page_size)
                                 : std::nullopt;
}

Finding share_finding(const Context& context, FindingId id, Severity severity, Bytes part,
                      std::string_view what) {
  auto finding = say(id, severity,
                     text_of({size_text(part), " of ", context.whole_text(), " (",
                              share_text(part, *context.whole), ") are ", what}),
                     "");
  finding.numbers = {
      bytes_number("bytes", part),
      bytes_number(context.in_group() ? "limit_bytes" : "total_bytes", *context.whole),
      share_number("share_percent", part, *context.whole)};
  finding.lines = evidence({context.statistics_line()});
  return finding;
}

// What a cache of the slab allocator is for, by the families of names that the kernel uses.
struct SlabFamily {
  std::string_view begins;
  std::string_view meaning;
};
constexpr std::array<SlabFamily, 30> kSlabFamilies = {{
    {"kmalloc-",
     "allocated by size and without a name of its own, by drivers and subsystems: a "
     "leak of one of them shows here (slabinfo with slub_debug=U, kmemleak, or "
     "/proc/allocinfo on 6.10 and later name the code)"},
    {"dma-kmalloc-", "allocated by drivers for DMA"},
    {"task_struct", "one for each thread"},
    {"thread_stack", "one for each thread"},
    {"signal_cache", "one for each process"},
    {"sighand_cache", "one for each process"},
    {"mm_struct", "one for each address space"},
    {"vm_area_struct", "one for each mapping of a process"},
    {"vma_lock", "one for each mapping of a process"},
    {"anon_vma", "bookkeeping of forked processes' memory"},
    {"filp", "one for each open file"},
    {"files_cache", "one for each table of open files"},
    {"dentry", "names of files"},
    {"inode_cache", "inodes"},
    {"radix_tree_node", "index of the page cache"},
    {"xfs_", "the XFS file system"},
    {"ext4_", "the ext4 file system"},
    {"btrfs_", "the Btrfs file system"},
    {"nfs", "NFS"},
    {"rpc_", "NFS and other users of SunRPC"},
    {"zio_", "ZFS"},
    {"arc_", "ZFS"},
    {"skbuff_", "network packets"},
    {"sock_inode_cache", "one for each socket"},
    {"TCP", "TCP connections"},
    {"UDP", "UDP sockets"},
    {"nf_conntrack", "connections that the firewall follows"},
    {"bio", "block I/O under way"},
    {"zspage", "compressed memory (zram, zswap)"},
    {"kernfs_", "entries of sysfs and cgroupfs"},
}};

std::string_view slab_meaning(std::string_view name) {
  for (const SlabFamily& family : kSlabFamilies) {
    if (name.compare(0, family.begins.size(), family.begins) == 0) return family.meaning;
  }
  return {};
}

std::vector<const SlabCache*> largest_caches(const HostMemory& host, std::size_t count) {
  std::vector<const SlabCache*> caches;
  caches.reserve(host.unreclaimable_slab.size());
  for (const SlabCache& cache : host.unreclaimable_slab)
    caches.push_back(&cache);
  count = std::min(count, caches.size());
  std::partial_sort(caches.begin(), caches.begin() + static_cast<std::ptrdiff_t>(count),
                    caches.end(), [](const SlabCache* a, const SlabCache* b) {
                      return a->total != b->total ? a->total > b->total : a->line < b->line;
                    });
  caches.resize(count);
  return caches;
}

void tell_caches(const HostMemory& host, Finding& finding) {
  const auto caches = largest_caches(host, 3);
  if (caches.empty()) return;
  std::vector<std::string> parts;
  for (const SlabCache* cache : caches) {
    const std::string_view meaning = slab_meaning(cache->name);
    parts.push_back(text_of({cache->name, " ", size_text(to_bytes(cache->total)),
                             meaning.empty() ? "" : " (", meaning, meaning.empty() ? "" : ")"}));
    add_evidence(finding.lines, cache->line);
  }
  finding.detail += text_of({" The largest caches: ", list_text(parts), "."});
  finding.numbers.push_back(bytes_number("largest_cache_bytes", to_bytes(caches.front()->total)));
}

// The kernel's stacks: 16 KiB a thread on 64 bits (x86_64: from 3.15 on), else 8 KiB.
std::int64_t stack_bytes(const Context& context) {
  const std::string release = context.report.at.kernel_release.value_or("");
  for (const std::string_view narrow : {"i686", "i586", "i386", "armv7", "armhf"}) {
    if (release.find(narrow) != std::string::npos) return 8192;
  }
  const auto version = parse_kernel_version(release);
  const bool old = version && *version < KernelVersion{3, 15, 0};
  return old ? 8192 : 16384;
}

struct PagetableOwner {
  std::size_t row = 0;
  Bytes amount;
};

std::optional<PagetableOwner> largest_pagetables(const Context& context, Bytes& sum) {
  std::optional<PagetableOwner> largest;
  for (std::size_t i = 0; i < context.report.at.tasks.size(); ++i) {
    const auto amount = task_pgtables(context.row(i), context.page_size);
    if (!amount) continue;
    sum = plus(sum, *amount);
    if (!largest || *amount > largest->amount) largest = PagetableOwner{i, *amount};
  }
  return largest;
}

}  // namespace

std::optional<Finding> find_kernel_memory(const Context& context) {
  if (!context.in_group() || context.memcg == nullptr || !context.whole) return std::nullopt;
  std::optional<Bytes> kernel = context.amounts ? context.amounts->kernel_total() : std::nullopt;
  if (!kernel && context.memcg->kmem) kernel = to_bytes(context.memcg->kmem->usage);
  if (!kernel) return std::nullopt;
  const auto severity = graded(*kernel, *context.whole, {15, 25, 50});
  if (!severity) return std::nullopt;
  auto finding = share_finding(context, FindingId::kernel_memory, *severity, *kernel,
                               "memory of the kernel, charged to the group");
  finding.detail =
      "It is in no process's rss: stacks and tables of processes, objects of file "
      "systems and of the network, whatever was made on behalf of the group.";
  const KernelPart* largest = nullptr;
  if (context.amounts) {
    for (const KernelPart& part : context.amounts->kernel_parts) {
      if (largest == nullptr || part.amount > largest->amount) largest = &part;
    }
    if (largest != nullptr && largest->amount > Bytes(0)) {
      finding.detail += text_of({" Most of what is known of it: ", largest->label, ", ",
                                 size_text(largest->amount), "."});
    }
  }
  const bool of_processes = largest != nullptr && largest->key == "pagetables";
  if (*severity == Severity::critical && !of_processes) {
    finding.detail +=
        " No process's own memory filled this group; killing one helps only as far "
        "as the kernel then lets go of what it kept for it.";
  }
  if (context.memcg->kmem) add_evidence(finding.lines, context.memcg->kmem->line);
  return finding;
}

std::optional<Finding> find_slab_unreclaimable(const Context& context) {
  if (!context.whole) return std::nullopt;
  auto slab = kernel_part(context, "slab_unreclaimable");
  if (!slab) slab = kernel_part(context, "slab");
  if (!slab) return std::nullopt;
  const auto severity = graded(*slab, *context.whole, {10, 20, 40});
  if (!severity) return std::nullopt;
  auto finding = share_finding(context, FindingId::slab_unreclaimable, *severity, *slab,
                               "objects of the kernel that it cannot give up (slab)");
  finding.detail = "No process holds them, and killing one frees only what the kernel kept for it.";
  if (context.host != nullptr && !context.in_group()) {
    tell_caches(*context.host, finding);
    if (context.host->unreclaimable_slab.empty()) {
      finding.detail += " Which caches they are is not in this report.";
      finding.advice = {
          "see which cache grows: slabtop -o -s c, or /proc/slabinfo, before the next "
          "kill"};
    }
  } else {
    finding.advice = {
        "see which cache grows: memory.stat (slab_unreclaimable) of the group over "
        "time, slabtop -o -s c on the host"};
  }
  return finding;
}

std::optional<Finding> find_pagetables_heavy(const Context& context) {
  if (!context.whole) return std::nullopt;
  auto total = kernel_part(context, "pagetables");
  const bool printed = total.has_value();
  // Most groups have small ones: the table need not be looked at to say so.
  constexpr Thresholds kGrades{4, 10, 30};
  if (printed && !graded(*total, *context.whole, kGrades)) return std::nullopt;
  // v1 and older v2 groups print none. The tasks' own tables are what is known then, as far
  // as that kernel charges them to the group at all.
  const auto charged = !printed && context.in_group() && context.amounts
                           ? context.amounts->kernel_total()
                           : std::nullopt;
  if (!printed && !charged) return std::nullopt;
  Bytes of_tasks(0);
  const auto owner = largest_pagetables(context, of_tasks);
  if (charged && of_tasks > Bytes(0) && of_tasks <= *charged) total = of_tasks;
  if (!total) return std::nullopt;
  const auto severity = graded(*total, *context.whole, kGrades);
  if (!severity) return std::nullopt;
  auto finding =
      share_finding(context, FindingId::pagetables_heavy, *severity, *total, "page tables");
  // 8 bytes for each 4 KiB page: a 512th of the memory that is mapped.
  finding.detail =
      "Page tables take about a 512th of what a process maps; much more means that many "
      "processes map the same shared memory, or memory that is used here and there.";
  if (context.tasks_rss) {
    finding.detail +=
        text_of({" All processes of the table map ", size_text(*context.tasks_rss),
                 " (rss), a 512th of which is ", size_text(*context.tasks_rss / 512), "."});
  }
  if (owner && owner->amount > Bytes(0)) {
    const Task& task = context.row(owner->row);
    finding.detail += text_of({" The largest are those of ", process_text(task.comm, task.pid),
                               ": ", size_text(owner->amount), "."});
    finding.numbers.push_back(bytes_number("largest_task_bytes", owner->amount));
    finding.numbers.push_back(bytes_number("tasks_bytes", of_tasks));
    add_evidence(finding.lines, task.line);
  }
  finding.advice = {
      "map large shared memory with huge pages (they need no table of the last "
      "level), or let fewer processes map it"};
  return finding;
}

std::optional<Finding> find_kernel_stack_heavy(const Context& context) {
  if (!context.whole) return std::nullopt;
  const auto stacks = kernel_part(context, "kernel_stack");
  if (!stacks) return std::nullopt;
  const auto severity = graded(*stacks, *context.whole, {4, 10, 30});
  if (!severity) return std::nullopt;
  auto finding = share_finding(context, FindingId::kernel_stack_heavy, *severity, *stacks,
                               "kernel stacks of threads");
  const std::int64_t size = stack_bytes(context);
  const std::int64_t threads = stacks->count() / size;
  const auto processes = static_cast<std::int64_t>(context.report.at.tasks.size());
  finding.detail =
      text_of({"At ", size_text(Bytes(size)), " each that is about ", count_text(threads, "thread"),
               ". Each also has tables and objects of its own in the kernel."});
  if (processes > 0) {
    finding.detail += text_of(
        {" The table has ", grouped(processes), processes == 1 ? " process." : " processes."});
  }
  finding.numbers.push_back(count_number("threads_about", threads));
  finding.advice = {
      text_of({"limit the number of threads: TasksMax= of a unit, pids.max of the "
               "group, far below ",
               grouped(threads)})};
  return finding;
}

std::optional<Finding> find_hugetlb_reserved(const Context& context) {
  if (context.in_group() || context.host == nullptr || !context.whole) return std::nullopt;
  Bytes total(0);
  Bytes free(0);
  std::int64_t free_pages = 0;
  std::vector<std::uint64_t> lines;
  for (const HugepagePool& pool : context.host->hugepages) {
    if (pool.total <= 0) continue;
    const std::int64_t size = to_bytes(pool.page_size).count();
    total = plus(total, saturated_product(pool.total, size));
    free = plus(free, saturated_product(std::max<std::int64_t>(pool.free, 0), size));
    free_pages = saturated_sum(free_pages, std::max<std::int64_t>(pool.free, 0));
    add_evidence(lines, pool.line);
  }
  if (total <= Bytes(0) ||
      (!at_least(free, 1, *context.whole) && !at_least(total, 25, *context.whole))) {
    return std::nullopt;
  }
  const bool lost = at_least(free, 10, *context.whole);
  auto finding =
      say(FindingId::hugetlb_reserved, lost ? Severity::warning : Severity::notice,
          text_of({size_text(total), " of ", context.whole_text(), " are set aside as huge pages, ",
                   size_text(free), " of them free"}),
          text_of({"Nothing but hugetlbfs can use the pool, also its free pages: ",
                   size_text(minus(*context.whole, total)), " were left for everything else."}));
  finding.numbers = {bytes_number("pool_bytes", total), bytes_number("pool_free_bytes", free),
                     bytes_number("total_bytes", *context.whole)};
  finding.lines = std::move(lines);
  if (free > Bytes(0)) {
    finding.advice = {text_of({"lower vm.nr_hugepages (or hugepages= at boot) by the ",
                               count_text(free_pages, "page"), " that were free: ", size_text(free),
                               " more for everything else"})};
  }
  return finding;
}

}  // namespace oomkit
