#include "kernel/totalpages.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "kernel/judged_version.h"
#include "kernel/watermark.h"

namespace oomkit {
namespace {

// Twice this cannot overflow, and no machine has a thousandth of it.
constexpr std::int64_t kSanePagesMax = std::numeric_limits<std::int64_t>::max() / 4;

bool sane(Pages pages) {
  return pages.count() >= 0 && pages.count() <= kSanePagesMax;
}

Pages swap_pages(KiB amount, PageSize page_size) {
  return floor_pages(to_bytes(amount), page_size);
}

// The swap that a memcg may use on top of its memory, as far as its own lines tell;
// the host's total swap, which bounds it, is not in such a report.
struct SwapPart {
  std::optional<Pages> at_most;  // Absent: no limit of its own.
};

SwapPart swap_part(const MemcgReport& memcg, Pages limit, PageSize page_size) {
  SwapPart part;
  if (memcg.memsw && memcg.memsw->limit) {
    const Pages both = swap_pages(*memcg.memsw->limit, page_size);
    part.at_most = std::max(both - limit, Pages(0));
  } else if (memcg.swap && memcg.swap->limit) {
    part.at_most = swap_pages(*memcg.swap->limit, page_size);
  }
  return part;
}

// Swap is there for sure when something is in it.
bool uses_swap(const Snapshot& at) {
  if (at.memcg) {
    if (at.memcg->swap && at.memcg->swap->usage > KiB(0)) return true;
    if (at.memcg->stat.find("swap").value_or(0) > 0) return true;
  }
  return std::any_of(at.tasks.begin(), at.tasks.end(),
                     [](const Task& task) { return task.swapents && *task.swapents > Pages(0); });
}

std::optional<TotalPages> memcg_totalpages(const OomReport& report) {
  const Snapshot& at = report.at;
  if (!at.memcg || !at.memcg->memory || !at.memcg->memory->limit || !at.page_size) {
    return std::nullopt;
  }
  const Pages limit = swap_pages(*at.memcg->memory->limit, *at.page_size);
  if (!sane(limit)) return std::nullopt;
  const SwapPart swap = swap_part(*at.memcg, limit, *at.page_size);

  TotalPages total{std::max(limit, Pages(1)), false};
  if (swap.at_most && *swap.at_most == Pages(0)) {
    total.exact = true;
  } else if (swap.at_most && uses_swap(at) && sane(*swap.at_most)) {
    // Nearest to the truth that can be said: there is swap, and the group's share of it
    // is bounded. A host with less swap than that share makes it smaller.
    total.pages += *swap.at_most;
  }
  return total;
}

// Swap + the memory present on the allowed nodes. `present` is printed zone by zone, but
// not for zones above the request's (6.1 on), so the sum is a lower bound.
std::optional<TotalPages> node_totalpages(const OomReport& report,
                                          const std::optional<std::string>& mask) {
  if (!report.at.host_memory || !report.at.page_size || !mask) return std::nullopt;
  const auto nodes = parse_node_list(*mask);
  if (!nodes) return std::nullopt;
  const HostMemory& memory = *report.at.host_memory;
  TotalPages total{Pages(0), false};
  for (const Zone& zone : memory.zones) {
    const auto present = zone.find("present");
    const bool allowed = zone.node && std::binary_search(nodes->begin(), nodes->end(), *zone.node);
    if (!present || !allowed) continue;
    const Pages pages = swap_pages(*present, *report.at.page_size);
    if (!sane(pages) || !sane(total.pages)) return std::nullopt;
    total.pages += pages;
  }
  if (total.pages == Pages(0)) return std::nullopt;
  if (memory.swap_total) {
    const Pages swap = swap_pages(*memory.swap_total, *report.at.page_size);
    if (!sane(swap) || !sane(total.pages)) return std::nullopt;
    total.pages += swap;
  }
  return total;
}

std::optional<TotalPages> global_totalpages(const OomReport& report) {
  if (!report.at.host_memory) return std::nullopt;
  const HostMemory& memory = *report.at.host_memory;
  const auto managed = host_managed(memory);
  if (!managed) return std::nullopt;
  if (!memory.swap_total) return TotalPages{std::max(*managed, Pages(1)), false};
  if (!report.at.page_size) return std::nullopt;
  const Pages swap = swap_pages(*memory.swap_total, *report.at.page_size);
  if (!sane(swap)) return std::nullopt;
  TotalPages total{std::max(*managed + swap, Pages(1)), true};
  // 3.19 took the CMA pages off "reserved" although they had never been in it.
  const auto judged = judged_version(report);
  const bool cma_miscounted = judged && judged->version.major == 3 && judged->version.minor == 19;
  if (cma_miscounted && memory.cma_reserved && *memory.cma_reserved > Pages(0)) total.exact = false;
  return total;
}

}  // namespace

std::optional<Pages> host_managed(const HostMemory& memory) {
  if (!memory.ram || !memory.reserved || !sane(*memory.ram) || !sane(*memory.reserved)) {
    return std::nullopt;
  }
  if (*memory.reserved > *memory.ram) return std::nullopt;
  return *memory.ram - *memory.reserved;
}

std::optional<Pages> host_totalpages(const HostMemory& memory, PageSize page_size) {
  const auto managed = host_managed(memory);
  if (!managed || !memory.swap_total) return std::nullopt;
  const Pages swap = swap_pages(*memory.swap_total, page_size);
  if (!sane(swap)) return std::nullopt;
  return *managed + swap;
}

std::optional<TotalPages> totalpages_of(const OomReport& report) {
  const auto doubtful = [](std::optional<TotalPages> total) {
    if (total) total->exact = false;
    return total;
  };
  switch (report.constraint) {
    case Constraint::memcg:
      return memcg_totalpages(report);
    case Constraint::none:
      return global_totalpages(report);
    case Constraint::cpuset:
      return node_totalpages(
          report, report.selection ? report.selection->mems_allowed : std::optional<std::string>());
    case Constraint::memory_policy: {
      std::optional<std::string> mask;
      if (report.selection) mask = report.selection->nodemask;
      if (!mask && report.trigger) mask = report.trigger->nodemask;
      return node_totalpages(report, mask);
    }
    case Constraint::unknown:
      break;
  }
  // The kernel prints the host's memory for a global shortage only, a memcg's counters
  // for a memcg's only.
  if (auto memcg = memcg_totalpages(report)) return doubtful(memcg);
  return doubtful(global_totalpages(report));
}

std::optional<TotalPagesRange> totalpages_of_score(Pages own, int oom_score_adj,
                                                   std::int64_t score) {
  if (!sane(own) || own.count() > kSanePagesMax / 1000 || score > kSanePagesMax)
    return std::nullopt;
  const std::int64_t of_own = score - oom_score_adj;
  // adj * (totalpages / 1000) loses up to 999 pages an adj, less than one of the score.
  const std::int64_t slack = oom_score_adj == 0 ? 0 : 1;
  if (of_own - slack <= 0 || own <= Pages(0)) return std::nullopt;
  const std::int64_t per_mille = own.count() * 1000;
  return TotalPagesRange{Pages(per_mille / (of_own + 1 + slack) + 1),
                         Pages(per_mille / (of_own - slack))};
}

}  // namespace oomkit
