#include "explain/filler.h"

#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/ledger.h"
#include "explain/processes.h"
#include "explain/words.h"
#include "explain/zone_facts.h"

namespace oomkit {
namespace {

struct RowKind {
  std::string_view key;
  FillerKind kind;
};
// Rows of one kind count together; keys that are not here (free memory) fill nothing.
constexpr std::array<RowKind, 23> kRowKinds = {{
    {"anon", FillerKind::processes},
    {"rss", FillerKind::processes},
    {"lru", FillerKind::processes},
    {"file", FillerKind::cache},
    {"cache", FillerKind::cache},
    {"shmem", FillerKind::shmem},
    {"sock", FillerKind::sockets},
    {"hugetlb", FillerKind::hugetlb},
    {"unevictable", FillerKind::unevictable},
    {"slab_unreclaimable", FillerKind::slab},
    {"slab_reclaimable", FillerKind::slab},
    {"slab", FillerKind::slab},
    {"pagetables", FillerKind::pagetables},
    {"sec_pagetables", FillerKind::pagetables},
    {"kernel_stack", FillerKind::stacks},
    {"kernel", FillerKind::kernel},
    {"kmem", FillerKind::kernel},
    {"percpu", FillerKind::kernel},
    {"vmalloc", FillerKind::kernel},
    {"zswap", FillerKind::kernel},
    {"zspages", FillerKind::kernel},
    {"gpu_active", FillerKind::kernel},
    {"bounce", FillerKind::kernel},
}};

struct KindWords {
  FillerKind kind;
  std::string_view were;   // "... of it were"
  std::string_view brief;  // "87.6 % ..."
  std::string_view first;
};
constexpr std::array<KindWords, 11> kKindWords = {{
    {FillerKind::sockets, "network socket buffers", "socket buffers",
     "Look first at why data that had arrived was not read; a larger heap or limit does not help "
     "against that."},
    {FillerKind::shmem, "tmpfs files and shared memory, which no kill frees",
     "tmpfs and shared memory",
     "Look first for large files in tmpfs (/dev/shm, /tmp, emptyDir in memory)."},
    {FillerKind::kernel, "memory of the kernel, in no process's name", "kernel memory",
     "Look first at what makes the kernel hold so much: no process's own size explains it."},
    {FillerKind::slab, "objects of the kernel (slab), in no process's name", "kernel slab",
     "Look first at which slab cache grows (slabtop); no process's own size explains it."},
    {FillerKind::pagetables, "page tables", "page tables",
     "Look first at how many processes map the same large memory."},
    {FillerKind::stacks, "kernel stacks of threads", "kernel stacks",
     "Look first at the number of threads."},
    {FillerKind::hugetlb, "set aside as huge pages", "huge page pools",
     "Look first at whether the huge page pool has to be that large."},
    {FillerKind::unevictable, "locked in memory", "locked memory",
     "Look first at who locks memory (mlock)."},
    {FillerKind::cache, "pages of files", "file cache",
     "Clean pages of files are given up first, so ask why these could not be."},
    {FillerKind::dirty_cache, "file pages that were not on disk yet", "unwritten file pages",
     "Look first at who writes faster than the disk takes it."},
    {FillerKind::unaccounted, "in no counter of the report", "unaccounted memory",
     "Look first at drivers and other kernel code that takes memory past the counters."},
}};

FillerKind kind_of_row(std::string_view key) {
  for (const RowKind& row : kRowKinds) {
    if (row.key == key) return row.kind;
  }
  return FillerKind::none;
}

struct Candidate {
  FillerKind kind = FillerKind::none;
  Bytes amount;
};

Candidate largest_of_ledger(const Context& context) {
  const Ledger& ledger = *context.said.ledger;
  constexpr std::size_t kKinds = static_cast<std::size_t>(FillerKind::processes) + 1;
  std::array<Bytes, kKinds> sums{};
  for (const LedgerRow& row : ledger.rows) {
    Bytes& sum = sums[static_cast<std::size_t>(kind_of_row(row.key))];
    sum = plus(sum, row.amount);
  }
  if (context.scope == Scope::memcg) {
    // A limit is small: there the parts of the kernel's share count as one, but for page
    // tables, which go with their process, where they are most of it.
    Bytes& kernel = sums[static_cast<std::size_t>(FillerKind::kernel)];
    const Bytes tables = sums[static_cast<std::size_t>(FillerKind::pagetables)];
    for (const FillerKind part : {FillerKind::slab, FillerKind::stacks, FillerKind::pagetables}) {
      if (part == FillerKind::pagetables && tables > kernel) break;
      kernel = plus(kernel, sums[static_cast<std::size_t>(part)]);
      sums[static_cast<std::size_t>(part)] = Bytes(0);
    }
  }
  sums[static_cast<std::size_t>(FillerKind::unaccounted)] = ledger.unaccounted;
  Candidate largest;
  for (std::size_t i = 1; i < kKinds; ++i) {
    if (sums[i] > largest.amount) largest = {static_cast<FillerKind>(i), sums[i]};
  }
  return largest;
}

// "; next was python2.7 (pid 121483) with 1.6 GiB", if that is large as well.
std::string second_largest(const Context& context) {
  std::optional<std::size_t> second;
  Bytes most(0);
  for (std::size_t i = 0; i < context.report.at.tasks.size(); ++i) {
    if (i == *context.largest_row) continue;
    const Bytes rss = rss_bytes(context.row(i), context.page_size).value_or(Bytes(0));
    if (rss <= most) continue;
    most = rss;
    second = i;
  }
  if (!second || !at_least(most, 10, *context.whole)) return {};
  const Task& task = context.row(*second);
  return text_of({"; next was ", process_text(task.comm, task.pid), " with ", size_text(most)});
}

void name_swarm(const Context& context, const Swarm& swarm, Filler& filler) {
  const std::string count = grouped(static_cast<std::int64_t>(swarm.count));
  const std::string name = process_text(swarm.comm, std::nullopt);
  filler.kind = FillerKind::workers;
  filler.sentence = text_of({count, " processes named ", name, " held ", size_text(swarm.sum),
                             " together (", share_text(swarm.sum, *context.whole), ")"});
  filler.brief = text_of({count, " x ", name, " ", size_text(swarm.sum)});
  filler.first = "Look first at how many of them there should be.";
}

// " and 2.0 GiB in swap", where that is no trifle beside what is in memory.
std::string in_swap(const Context& context, const Task& task, Bytes rss) {
  const auto swap = bytes_of_pages(task.swapents, context.page_size);
  if (!swap || *swap < kMiB || !at_least(*swap, 20, rss)) return {};
  return text_of({" and ", size_text(*swap), " in swap"});
}

// One process with most of the whole, or the largest of several.
void name_largest(const Context& context, Filler& filler) {
  const Bytes whole = *context.whole;
  const Task& task = context.row(*context.largest_row);
  const Bytes rss = rss_bytes(task, context.page_size).value_or(Bytes(0));
  const std::string who = process_text(task.comm, task.pid);
  const std::string swap = in_swap(context, task, rss);
  if (!at_least(rss, kSinglePercent, whole)) {
    filler.sentence += text_of({", the largest of them ", who, " with ", size_text(rss), swap});
    filler.first = "Look first at which of them has grown.";
    return;
  }
  const std::string name = process_text(task.comm, std::nullopt);
  const std::string next = second_largest(context);
  filler.kind = FillerKind::process;
  filler.sentence =
      text_of({who, " alone held ", size_text(rss), " (", share_text(rss, whole), ")", swap, next});
  filler.brief = text_of({name, " ", size_text(rss)});
  filler.first = next.empty() ? text_of({"Look first at whether ", name, " should need that much."})
                              : std::string("Look first at which of them has grown.");
}

// Private memory of processes: of one, of many alike, or of several.
Filler processes_filler(const Context& context, Bytes amount) {
  const std::string share = share_text(amount, *context.whole);
  Filler filler{FillerKind::processes, amount, "", "", ""};
  filler.sentence = text_of({"Processes' own memory was ", size_text(amount), " (", share, ")"});
  filler.brief = text_of({share, " memory of processes"});
  if (const auto swarm = swarm_of(context)) {
    name_swarm(context, *swarm, filler);
  } else if (context.largest_row) {
    name_largest(context, filler);
  }
  return filler;
}

Filler without_ledger(const Context& context) {
  if (!context.whole || !context.largest_row) return {};
  const Bytes rss =
      rss_bytes(context.row(*context.largest_row), context.page_size).value_or(Bytes(0));
  if (!at_least(rss, kSinglePercent, *context.whole)) return {};
  return processes_filler(context, rss);
}

bool mostly_unwritten(const Context& context, Bytes cache) {
  Bytes unwritten(0);
  if (context.scope == Scope::memcg && context.amounts) {
    unwritten = plus(context.amounts->dirty.value_or(Bytes(0)),
                     context.amounts->writeback.value_or(Bytes(0)));
  } else if (context.host != nullptr) {
    unwritten = plus(host_amount(*context.host, "dirty", context.page_size).value_or(Bytes(0)),
                     host_amount(*context.host, "writeback", context.page_size).value_or(Bytes(0)));
  }
  return at_least(unwritten, 50, cache);
}

}  // namespace

Filler filler_of(const Context& context) {
  if (!context.said.ledger) return without_ledger(context);
  if (!context.whole) return {};
  // Nothing was full where pages were missing only in one piece, or not at all.
  if (context.scope != Scope::memcg &&
      (host_had_room(context) || zone_facts(context).fragmented > 0)) {
    return {};
  }
  Candidate top = largest_of_ledger(context);
  if (top.kind == FillerKind::none || !at_least(top.amount, 10, *context.whole)) return {};
  if (top.kind == FillerKind::processes) return processes_filler(context, top.amount);
  if (top.kind == FillerKind::cache && mostly_unwritten(context, top.amount)) {
    top.kind = FillerKind::dirty_cache;
  }
  Filler filler{top.kind, top.amount, "", "", ""};
  for (const KindWords& words : kKindWords) {
    if (words.kind != top.kind) continue;
    const std::string share = share_text(top.amount, *context.whole);
    filler.sentence =
        text_of({size_text(top.amount), " of it (", grouped(top.amount.count()), " of ",
                 grouped(context.whole->count()), " bytes, ", share, ") were ", words.were});
    filler.brief = text_of({share, " ", words.brief});
    filler.first = std::string(words.first);
  }
  return filler;
}

}  // namespace oomkit
