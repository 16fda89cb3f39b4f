// What can be said of a tick's rows by themselves.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/tick.h"

namespace oomkit {

// What a cgroup makes use of, of its own doing: its page cache is not in it, its swap is. By the
// sizes of the LRU lists: `anon` counts mapped pages alone, so that a thrashing cgroup seems to
// shrink by its pages in flight and to grow back.
Known<Bytes> use_of(const TickCgroup& cgroup);
// RssAnon, RssShmem, swap and page tables; rss where its parts are not known.
Known<Bytes> use_of(const TickProcess& process);
// Of the host as a whole, for hosts without cgroups.
Known<Bytes> use_of(const TickHost& host);

// "db.service" of "/system.slice/db.service/worker": the innermost service or scope.
std::string_view unit_of(std::string_view cgroup_path);

// That `row` is `root` or below it.
bool is_within(std::span<const TickCgroup> cgroups, std::uint32_t row, std::uint32_t root);

// * stands for anything within a name, ** for anything at all, ? for one character.
bool glob_fits(std::string_view glob, std::string_view path);

// It has a limit of its own, below what the machine has.
bool is_limited(const TickCgroup& cgroup, const TickHost& host);

}  // namespace oomkit
