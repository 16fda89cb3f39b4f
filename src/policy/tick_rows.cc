#include "policy/tick_rows.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace oomkit {
namespace {

// What is known of the parts; nothing if the main one is not.
Bytes or_none(Known<Bytes> part) {
  return part.value_or(Bytes(0));
}

constexpr std::array<std::string_view, 2> kUnitEndings = {".service", ".scope"};

}  // namespace

Known<Bytes> use_of(const TickCgroup& cgroup) {
  const Bytes swapped = std::max(or_none(cgroup.swap) - or_none(cgroup.swapcached), Bytes(0));
  const Known<Bytes> lists = cgroup.active_anon + cgroup.inactive_anon;
  if (!lists) {
    return cgroup.anon    ? Known<Bytes>(*cgroup.anon + or_none(cgroup.shmem) + swapped)
           : cgroup.usage ? Known<Bytes>(*cgroup.usage + swapped)
                          : Known<Bytes>();
  }
  return *lists + or_none(cgroup.unevictable) + or_none(cgroup.slab_unreclaimable) +
         or_none(cgroup.kernel_stack) + or_none(cgroup.pagetables) + or_none(cgroup.sock) + swapped;
}

Known<Bytes> use_of(const TickProcess& process) {
  const Known<Bytes> resident = process.rss_anon ? process.rss_anon : process.rss;
  if (!resident) return {};
  const Bytes shared = process.rss_anon ? or_none(process.rss_shmem) : Bytes(0);
  return *resident + shared + or_none(process.swap) + or_none(process.pagetables);
}

Known<Bytes> use_of(const TickHost& host) {
  if (!host.anon) return {};
  const Known<Bytes> swapped = host.swap_total - host.swap_free;
  const Bytes in_swap = std::max(or_none(swapped) - or_none(host.swap_cached), Bytes(0));
  return *host.anon + or_none(host.shmem) + or_none(host.slab_unreclaimable) + in_swap;
}

std::string_view unit_of(std::string_view cgroup_path) {
  while (!cgroup_path.empty()) {
    const std::size_t slash = cgroup_path.rfind('/');
    const std::string_view name =
        cgroup_path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    for (const std::string_view ending : kUnitEndings) {
      if (name.size() > ending.size() && name.ends_with(ending)) return name;
    }
    if (slash == std::string_view::npos) break;
    cgroup_path = cgroup_path.substr(0, slash);
  }
  return {};
}

bool is_within(std::span<const TickCgroup> cgroups, std::uint32_t row, std::uint32_t root) {
  while (row < cgroups.size() && row != root) {
    const std::uint32_t parent = cgroups[row].parent;
    // Parents stand before their children: whoever says otherwise is not followed.
    if (parent >= row) return false;
    row = parent;
  }
  return row == root;
}

bool glob_fits(std::string_view glob, std::string_view path) {
  // One star to come back to is enough: what an earlier one took stays as short as it was. Two
  // kinds of stars need one place each, for a single one may not take a slash.
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t g = 0;
  std::size_t p = 0;
  std::size_t star = kNone;
  std::size_t star_path = 0;
  std::size_t any = kNone;
  std::size_t any_path = 0;
  while (true) {
    if (g < glob.size() && glob[g] == '*') {
      const bool double_star = glob.substr(g, 2) == "**";
      g += double_star ? 2 : 1;
      (double_star ? any : star) = g;
      (double_star ? any_path : star_path) = p;
      if (double_star) star = kNone;
      continue;
    }
    if (p == path.size() && g == glob.size()) return true;
    const bool fits = g < glob.size() && p < path.size() &&
                      (glob[g] == path[p] || (glob[g] == '?' && path[p] != '/'));
    if (fits) {
      ++g;
      ++p;
    } else if (star != kNone && star_path < path.size() && path[star_path] != '/') {
      g = star;
      p = ++star_path;
    } else if (any != kNone && any_path < path.size()) {
      g = any;
      p = ++any_path;
      star = kNone;
    } else {
      return false;
    }
  }
}

bool is_limited(const TickCgroup& cgroup, const TickHost& host) {
  const Bytes limit = std::min(cgroup.high.value_or(kUnlimited), cgroup.max.value_or(kUnlimited));
  return limit != kUnlimited && limit < host.mem_total.value_or(kUnlimited);
}

}  // namespace oomkit
