// Commands that mend what a check found, for a root shell: what they say is what to do on
// this host, so whatever comes from it is quoted, and where it cannot be, nothing is advised.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/facts.h"

namespace oomkit {

// "mariadb.service", "'a b.service'"; nothing for text that cannot be typed.
std::optional<std::string> shell_word(std::string_view text);

// Now, and after the next boot.
std::vector<std::string> set_sysctl(std::string_view name, std::int64_t value);

// "10G", "1280M": whole, the larger unit where it is exact, as unit files take it.
std::string unit_size(Bytes bytes);
// The next whole MiB.
Bytes ceil_mib(Bytes bytes);

struct MemcgSetting {
  std::string_view property;  // Of a unit: "MemoryMax". "" if units have none for it.
  std::string_view file_v2;   // "memory.max"; "" if that version has no such file ...
  std::string_view file_v1;   // ... and "memory.limit_in_bytes".
};
// For a unit of systemd by its manager, for anything else in its cgroup. Where a container
// engine or the kubelet made the cgroup the change belongs in what it was made from, and a
// comment says so.
std::vector<std::string> set_memcg(const Facts& facts, const MemcgNode& memcg,
                                   const MemcgSetting& setting, Bytes value);

// The unit that a process or a memcg belongs to, where it is one of the system's manager.
std::optional<std::string> system_unit_of(const MemcgNode& memcg);

}  // namespace oomkit
