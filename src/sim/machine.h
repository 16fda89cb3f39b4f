// The machine of a scenario: nodes, zones with their levels, swap, and how pages come from zones.
//
// mm/page_alloc.c. Levels and reserves are the formulas of kernel/zone_levels.h. A zone's free
// pages are a number; blocks of higher orders are as many as a machine has whose memory was never
// in pieces, until a driver takes every second page.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "kernel/zone_levels.h"
#include "scenario/scenario.h"
#include "sim/found_host.h"
#include "sim/profile.h"

namespace oomkit::sim {

struct SimZone {
  int node = 0;
  std::string name;
  std::size_t index = 0;  // DMA 0, DMA32 1, Normal 2.
  Pages present, managed, spanned;
  Pages free;
  Pages pcp, pcp_high;  // Free pages on the processors' lists, which `free` lacks.
  Pages pcp_of_others;  // Of these, for the kernel's own requests.
  Pages scattered;      // Of `free`, single pages without a free neighbour.
  ZoneLevels levels;
  std::array<Pages, 5> reserve;  // lowmem_reserve[]
};

struct SimSwap {
  SwapKind kind = SwapKind::disk;
  Pages total, used;
  Pages dense;  // Of `used`: what zram could not make smaller.
  std::optional<Bytes> rate;
  Pages free() const { return total - used; }
};

// Nodes in the order in which a request tries them, and whether it may use no others.
struct Placement {
  std::vector<int> nodes;
};

enum class Mark { min, low, high };

class Machine {
 public:
  // `disks`: for swap, and for files.
  Machine(const KernelProfile& profile, const HostSpec& host, int disks);

  void adopt(const FoundHost& found);

  std::vector<SimZone>& zones() { return zones_; }
  const std::vector<SimZone>& zones() const { return zones_; }
  std::size_t nodes() const { return node_count_; }
  SimSwap& swap() { return swap_; }
  const SimSwap& swap() const { return swap_; }
  Pages managed() const;
  Pages free() const;  // MemFree.
  Pages totalreserve() const { return totalreserve_; }
  Pages low_sum() const;
  KiB min_free() const { return min_free_; }
  void set_min_free(KiB value);
  void set_scale_factor(int value);
  KiB admin_reserve() const { return admin_reserve_; }
  KiB user_reserve() const { return user_reserve_; }

  // Takes up to that many pages from one zone that stays above the mark. Zero: none has any.
  struct Taken {
    Pages pages;
    std::size_t zone = 0;
  };
  Taken take(Pages pages, const Placement& where, Mark mark);
  // What take() gives at most at once above that mark, of the first zone that has any.
  Pages at_hand(const Placement& where, Mark mark) const;
  // One block of that order.
  std::optional<std::size_t> take_block(int order, Mark mark);
  void give(std::size_t index, Pages pages);
  void give_scattered(std::size_t index, Pages pages);
  void drain_pcp();
  bool is_balanced(int node) const;  // Some zone of it is above its high mark.
  // Whether a zone would pass the mark with that many more free pages in it.
  bool could_serve(const Placement& where, Pages reclaimable, int order) const;
  std::vector<std::int64_t> blocks(const SimZone& zone) const;  // Free ones by order.

 private:
  void set_up_zones(const KernelProfile& profile, const HostSpec& host, int disks);
  void set_up_levels(const KernelProfile& profile, Pages modules);
  void fill(const KernelProfile& profile, int disks);
  void set_levels(const std::vector<ManagedZone>& zones);
  std::vector<ZoneLevels> levels_of(const std::vector<ManagedZone>& zones) const;
  std::vector<ManagedZone> managed_zones() const;
  Pages level_of(const SimZone& zone, Mark mark) const;

  KernelVersion version_;
  std::vector<SimZone> zones_;
  std::size_t node_count_ = 1;
  SimSwap swap_;
  KiB min_free_, admin_reserve_, user_reserve_;
  int scale_factor_ = 10;
  Pages totalreserve_;
};

}  // namespace oomkit::sim
