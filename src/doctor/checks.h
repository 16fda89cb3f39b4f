// The checks, one function each, by family of what they look at. doctor/catalogue.cc lists
// them, and what each says is in its file.
#pragma once

#include <optional>

#include "doctor/check.h"
#include "doctor/facts.h"

namespace oomkit::doctor {

// now.cc: how it stands at this moment.
std::optional<Check> check_headroom(const Facts& facts);
std::optional<Check> check_pressure(const Facts& facts);
std::optional<Check> check_past_kills(const Facts& facts);

// promises.cc: what the kernel promises.
std::optional<Check> check_overcommit(const Facts& facts);
std::optional<Check> check_reserves(const Facts& facts);

// swap.cc
std::optional<Check> check_swap(const Facts& facts);
std::optional<Check> check_zram(const Facts& facts);
std::optional<Check> check_swappiness(const Facts& facts);

// levels.cc: where the kernel begins to reclaim.
std::optional<Check> check_min_free(const Facts& facts);
std::optional<Check> check_watermarks(const Facts& facts);

// verdicts.cc: what the kernel does when nothing is left.
std::optional<Check> check_panic_on_oom(const Facts& facts);
std::optional<Check> check_allocating_task(const Facts& facts);
std::optional<Check> check_dump_tasks(const Facts& facts);

// victims.cc: whom it can choose.
std::optional<Check> check_killable(const Facts& facts);
std::optional<Check> check_important(const Facts& facts);

// cgroups.cc
std::optional<Check> check_cgroup_version(const Facts& facts);
std::optional<Check> check_delegation(const Facts& facts);
std::optional<Check> check_oom_disabled(const Facts& facts);

// limits.cc: limits of memory cgroups.
std::optional<Check> check_memcg_full(const Facts& facts);
std::optional<Check> check_memcg_above_host(const Facts& facts);
std::optional<Check> check_memcg_high(const Facts& facts);
std::optional<Check> check_memcg_group(const Facts& facts);
std::optional<Check> check_memcg_swap(const Facts& facts);

// crash.cc: what is left behind to look at.
std::optional<Check> check_cores(const Facts& facts);
std::optional<Check> check_kdump(const Facts& facts);

// killers.cc: who else kills.
std::optional<Check> check_killers(const Facts& facts);

// A check that cannot be made, and what for.
Check not_known(std::string why);

}  // namespace oomkit::doctor
