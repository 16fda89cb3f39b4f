#include "kernel/gfp.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace oomkit {
namespace {

// A bit, or a name for several, as the kernel's print_flags() would look for them: from
// the top of the table, each match taking its bits away (trace/events/mmflags.h).
struct Flag {
  std::uint64_t mask;
  std::string_view name;
};

// The bits whose place differs between layouts; 0 where a layout has no such bit. The
// rest (DMA 01, HIGHMEM 02, DMA32 04, MOVABLE 08, HIGH 20, IO 40, FS 80) never moved,
// but for 2.6.24 and before, which had MOVABLE at 0x100000.
struct Bits {
  std::uint64_t wait;  // L0's one bit for "may sleep"; later layouts have the next two.
  std::uint64_t direct_reclaim, kswapd_reclaim;
  std::uint64_t atomic, cold, zero, nowarn, write, retry, nofail, noretry, memalloc, comp,
      nomemalloc, hardwall, thisnode, reclaimable, account, notrack;
  std::string_view retry_name;  // REPEAT became RETRY_MAYFAIL in 4.13.
};

constexpr std::uint64_t kDma = 0x01, kHighMem = 0x02, kDma32 = 0x04, kMovable = 0x08, kHigh = 0x20,
                        kIo = 0x40, kFs = 0x80;

constexpr Bits kL0 = {.wait = 0x10,
                      .direct_reclaim = 0,
                      .kswapd_reclaim = 0,
                      .atomic = 0,
                      .cold = 0x100,
                      .zero = 0x8000,
                      .nowarn = 0x200,
                      .write = 0x1000000,
                      .retry = 0x400,
                      .nofail = 0x800,
                      .noretry = 0x1000,
                      .memalloc = 0x2000,
                      .comp = 0x4000,
                      .nomemalloc = 0x10000,
                      .hardwall = 0x20000,
                      .thisnode = 0x40000,
                      .reclaimable = 0x80000,
                      .account = 0,
                      .notrack = 0x200000,
                      .retry_name = "__GFP_REPEAT"};

constexpr Bits bits_of_l1() {
  Bits bits = kL0;
  bits.wait = 0;
  bits.direct_reclaim = 0x400000;
  bits.kswapd_reclaim = 0x2000000;
  bits.atomic = 0x80000;
  bits.reclaimable = 0x10;
  bits.account = 0x100000;
  return bits;
}

constexpr Bits bits_of_l2() {
  Bits bits = bits_of_l1();
  bits.cold = 0;
  bits.notrack = 0;
  bits.write = 0x800000;
  bits.kswapd_reclaim = 0x1000000;
  bits.retry_name = "__GFP_RETRY_MAYFAIL";
  return bits;
}

constexpr Bits bits_of_l3() {
  Bits bits = bits_of_l2();
  bits.write = 0x100;
  bits.direct_reclaim = 0x200000;
  bits.kswapd_reclaim = 0x400000;
  return bits;
}

constexpr Bits kL4 = {.wait = 0,
                      .direct_reclaim = 0x400,
                      .kswapd_reclaim = 0x800,
                      .atomic = 0x200,
                      .cold = 0,
                      .zero = 0x100,
                      .nowarn = 0x2000,
                      .write = 0x1000,
                      .retry = 0x4000,
                      .nofail = 0x8000,
                      .noretry = 0x10000,
                      .memalloc = 0x20000,
                      .comp = 0x40000,
                      .nomemalloc = 0x80000,
                      .hardwall = 0x100000,
                      .thisnode = 0x200000,
                      .reclaimable = 0x10,
                      .account = 0x400000,
                      .notrack = 0,
                      .retry_name = "__GFP_RETRY_MAYFAIL"};

constexpr Bits bits_of_l5() {
  Bits bits = kL4;
  bits.atomic = 0;
  return bits;
}

Bits bits_of(GfpLayout layout) {
  switch (layout) {
    case GfpLayout::l0:
      return kL0;
    case GfpLayout::l1:
      return bits_of_l1();
    case GfpLayout::l2:
      return bits_of_l2();
    case GfpLayout::l3:
      return bits_of_l3();
    case GfpLayout::l4:
      return kL4;
    case GfpLayout::l5:
      break;
  }
  return bits_of_l5();
}

// The kernel's table for this layout, in its order: what has most bits comes first.
std::vector<Flag> flag_table(GfpLayout layout) {
  const Bits b = bits_of(layout);
  const std::uint64_t reclaim = b.wait | b.direct_reclaim | b.kswapd_reclaim;
  const std::uint64_t kernel = reclaim | kIo | kFs;
  const std::uint64_t user = kernel | b.hardwall;
  const std::uint64_t highuser = user | kHighMem;
  const std::uint64_t huge = (highuser | kMovable | b.comp | b.nomemalloc | b.nowarn) & ~(reclaim);
  const bool named_huge = layout >= GfpLayout::l2;
  const std::uint64_t kernel_account = b.account != 0 ? kernel | b.account : 0;
  const std::uint64_t temporary = layout == GfpLayout::l1 ? kernel | b.reclaimable : 0;

  std::vector<Flag> table = {
      {named_huge ? huge | b.direct_reclaim : 0, "GFP_TRANSHUGE"},
      {named_huge ? huge : 0, "GFP_TRANSHUGE_LIGHT"},
      {highuser | kMovable, "GFP_HIGHUSER_MOVABLE"},
      {highuser, "GFP_HIGHUSER"},
      {user, "GFP_USER"},
      {temporary, "GFP_TEMPORARY"},
      {kernel_account, "GFP_KERNEL_ACCOUNT"},
      {kernel, "GFP_KERNEL"},
      {reclaim | kIo, "GFP_NOFS"},
      {kHigh | b.atomic | b.kswapd_reclaim, "GFP_ATOMIC"},
      {reclaim, "GFP_NOIO"},
      {b.kswapd_reclaim, "GFP_NOWAIT"},
      {kDma, "GFP_DMA"},
      {kHighMem, "__GFP_HIGHMEM"},
      {kDma32, "GFP_DMA32"},
      {kHigh, "__GFP_HIGH"},
      {b.atomic, "__GFP_ATOMIC"},
      {kIo, "__GFP_IO"},
      {kFs, "__GFP_FS"},
      {b.cold, "__GFP_COLD"},
      {b.nowarn, "__GFP_NOWARN"},
      {b.retry, b.retry_name},
      {b.nofail, "__GFP_NOFAIL"},
      {b.noretry, "__GFP_NORETRY"},
      {b.comp, "__GFP_COMP"},
      {b.zero, "__GFP_ZERO"},
      {b.nomemalloc, "__GFP_NOMEMALLOC"},
      {b.memalloc, "__GFP_MEMALLOC"},
      {b.hardwall, "__GFP_HARDWALL"},
      {b.thisnode, "__GFP_THISNODE"},
      {b.reclaimable, "__GFP_RECLAIMABLE"},
      {kMovable, "__GFP_MOVABLE"},
      {b.account, "__GFP_ACCOUNT"},
      {b.notrack, "__GFP_NOTRACK"},
      {b.write, "__GFP_WRITE"},
      {b.wait, "__GFP_WAIT"},
      {b.direct_reclaim, "__GFP_DIRECT_RECLAIM"},
  };
  if (layout == GfpLayout::l5) {
    table.push_back({0x800000, "__GFP_ZEROTAGS"});
    table.push_back({0x1000000, "__GFP_SKIP_ZERO"});
    table.push_back({0x2000000, "__GFP_SKIP_KASAN"});
  }
  return table;
}

std::string hex_text(std::uint64_t value) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value, 16);
  return "0x" + std::string(digits, error == std::errc() ? end : digits);
}

// What a name, single or composite, says of a request.
struct Trait {
  std::string_view name;
  bool GfpMeaning::*is;
};

constexpr Trait kTraits[] = {
    {"GFP_HIGHUSER_MOVABLE", &GfpMeaning::user},
    {"GFP_HIGHUSER_MOVABLE", &GfpMeaning::movable},
    {"GFP_HIGHUSER_MOVABLE", &GfpMeaning::highmem},
    {"GFP_HIGHUSER", &GfpMeaning::user},
    {"GFP_HIGHUSER", &GfpMeaning::highmem},
    {"GFP_TRANSHUGE", &GfpMeaning::user},
    {"GFP_TRANSHUGE", &GfpMeaning::movable},
    {"GFP_TRANSHUGE", &GfpMeaning::highmem},
    {"GFP_TRANSHUGE_LIGHT", &GfpMeaning::user},
    {"GFP_TRANSHUGE_LIGHT", &GfpMeaning::movable},
    {"GFP_TRANSHUGE_LIGHT", &GfpMeaning::highmem},
    {"GFP_USER", &GfpMeaning::user},
    {"__GFP_HIGHMEM", &GfpMeaning::highmem},
    {"__GFP_MOVABLE", &GfpMeaning::movable},
    {"__GFP_WRITE", &GfpMeaning::page_cache_write},
    {"__GFP_ACCOUNT", &GfpMeaning::accounted},
    {"GFP_KERNEL_ACCOUNT", &GfpMeaning::accounted},
    {"GFP_ATOMIC", &GfpMeaning::atomic},
    {"GFP_NOWAIT", &GfpMeaning::atomic},
    {"__GFP_ATOMIC", &GfpMeaning::atomic},
    {"GFP_DMA", &GfpMeaning::dma},
    {"__GFP_DMA", &GfpMeaning::dma},
    {"GFP_DMA32", &GfpMeaning::dma32},
    {"__GFP_DMA32", &GfpMeaning::dma32},
};

std::string sentence_of(const GfpMeaning& m, const std::vector<std::string>& flags) {
  const auto has = [&](std::string_view name) {
    return std::find(flags.begin(), flags.end(), name) != flags.end();
  };
  if (m.empty) return "a page fault that ran out of memory earlier; the log does not say for what";
  if (has("GFP_TRANSHUGE") || has("GFP_TRANSHUGE_LIGHT")) return "a huge page for a process";
  if (m.dma) return "memory for a device that reaches only the lowest 16 MiB (zone DMA)";
  if (m.dma32) return "memory for a device that reaches only the lowest 4 GiB (zone DMA32)";
  if (m.page_cache_write) return "page cache for a file being written";
  if (m.user && m.accounted) return "a kernel buffer of a process, charged to its cgroup";
  if (m.user && m.movable && has("__GFP_ZERO")) return "a fresh page for a process (heap, stack)";
  if (m.user && m.movable) return "an ordinary page for a process, or for a file it reads";
  if (m.movable && m.highmem) return "page cache for a file";
  if (m.user) return "memory that the kernel holds for a process";
  if (m.atomic) return "kernel memory that may not wait";
  if (m.accounted) return "a kernel object charged to the cgroup (a page table, a socket, a stack)";
  if (has("GFP_NOFS"))
    return "memory for a filesystem, which may not call filesystems to free some";
  if (has("GFP_NOIO")) return "memory for the block layer, which may not start I/O to free some";
  return "memory for the kernel itself, or a page charged to a cgroup";
}

}  // namespace

GfpLayout gfp_layout(const KernelVersion& version) {
  struct Row {
    KernelVersion from;
    GfpLayout layout;
  };
  constexpr std::array<Row, 5> kRows = {{{{6, 3, 0}, GfpLayout::l5},
                                         {{5, 1, 0}, GfpLayout::l4},
                                         {{4, 18, 0}, GfpLayout::l3},
                                         {{4, 15, 0}, GfpLayout::l2},
                                         {{4, 4, 0}, GfpLayout::l1}}};
  for (const Row& row : kRows) {
    if (version >= row.from) return row.layout;
  }
  return GfpLayout::l0;
}

std::vector<std::string> decode_gfp(std::uint64_t mask, GfpLayout layout) {
  std::vector<std::string> names;
  for (const Flag& flag : flag_table(layout)) {
    if (flag.mask == 0 || (mask & flag.mask) != flag.mask) continue;
    names.emplace_back(flag.name);
    mask &= ~flag.mask;
  }
  if (mask != 0) names.push_back(hex_text(mask));
  return names;
}

std::vector<std::string> split_gfp_text(std::string_view text) {
  constexpr std::size_t kFlagsMax = 64;  // More than there are bits.
  std::vector<std::string> names;
  while (!text.empty() && names.size() < kFlagsMax) {
    const std::size_t bar = text.find('|');
    if (const std::string_view name = text.substr(0, bar); !name.empty()) names.emplace_back(name);
    text.remove_prefix(bar == std::string_view::npos ? text.size() : bar + 1);
  }
  return names;
}

GfpMeaning explain_gfp(const std::vector<std::string>& flags) {
  GfpMeaning meaning;
  meaning.empty = std::all_of(flags.begin(), flags.end(), [](const std::string& name) {
    return name == "0" || name == "0x0" || name == "none";
  });
  for (const std::string& name : flags) {
    for (const Trait& trait : kTraits) {
      if (trait.name == name) meaning.*trait.is = true;
    }
  }
  meaning.sentence = sentence_of(meaning, flags);
  return meaning;
}

}  // namespace oomkit
