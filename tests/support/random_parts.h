// The parts of random_report(), by noun.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/random.h"
#include "model/oom_report.h"

namespace oomkit::test {

// A process's name: up to 15 bytes, any but '\0' and '\n' if `nasty`.
std::string random_comm(Random& random, bool nasty);
std::string random_cgroup(Random& random, bool nasty);
std::string random_release(Random& random, const KernelVersion& version);

// Mostly small, sometimes far beyond what a machine has.
std::int64_t random_amount(Random& random);

HostMemory random_memory(Random& random, PageSize page_size);
MemcgReport random_memcg(Random& random, const std::string& path, bool nasty);
std::vector<Task> random_tasks(Random& random, std::size_t count, bool nasty);

}  // namespace oomkit::test
