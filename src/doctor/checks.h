// The checks, one function each, by family of what they look at. doctor/catalogue.cc lists
// them, and what each says is in its file.
#pragma once

#include <optional>

#include "doctor/diagnosis.h"
#include "doctor/facts.h"

namespace oomkit::doctor {

// now.cc: how it stands at this moment.
std::optional<Diagnosis> check_headroom(const Facts& facts);
std::optional<Diagnosis> check_pressure(const Facts& facts);
std::optional<Diagnosis> check_past_kills(const Facts& facts);

// promises.cc: what the kernel promises.
std::optional<Diagnosis> check_overcommit(const Facts& facts);
std::optional<Diagnosis> check_reserves(const Facts& facts);

// swap.cc
std::optional<Diagnosis> check_swap(const Facts& facts);
std::optional<Diagnosis> check_zram(const Facts& facts);
std::optional<Diagnosis> check_swappiness(const Facts& facts);

// levels.cc: where the kernel begins to reclaim.
std::optional<Diagnosis> check_min_free(const Facts& facts);
std::optional<Diagnosis> check_watermarks(const Facts& facts);

// verdicts.cc: what the kernel does when nothing is left.
std::optional<Diagnosis> check_panic_on_oom(const Facts& facts);
std::optional<Diagnosis> check_allocating_task(const Facts& facts);
std::optional<Diagnosis> check_dump_tasks(const Facts& facts);

// victims.cc: whom it can choose.
std::optional<Diagnosis> check_killable(const Facts& facts);
std::optional<Diagnosis> check_important(const Facts& facts);

// cgroups.cc
std::optional<Diagnosis> check_cgroup_version(const Facts& facts);
std::optional<Diagnosis> check_delegation(const Facts& facts);
std::optional<Diagnosis> check_oom_disabled(const Facts& facts);

// limits.cc: limits of memory cgroups.
std::optional<Diagnosis> check_memcg_full(const Facts& facts);
std::optional<Diagnosis> check_memcg_above_host(const Facts& facts);
std::optional<Diagnosis> check_memcg_high(const Facts& facts);
std::optional<Diagnosis> check_memcg_group(const Facts& facts);
std::optional<Diagnosis> check_memcg_swap(const Facts& facts);

// crash.cc: what is left behind to look at.
std::optional<Diagnosis> check_cores(const Facts& facts);
std::optional<Diagnosis> check_kdump(const Facts& facts);

// killers.cc: who else kills.
std::optional<Diagnosis> check_killers(const Facts& facts);

// A check that cannot be made, and what for.
Diagnosis not_known(std::string why);

}  // namespace oomkit::doctor
