// Two processes in a cgroup of 64 MB: the second one's memory does not fit, and the first, the
// larger, dies. For tests of what a command says about it.
#pragma once

namespace oomkit {

inline constexpr const char* kTwo = R"(schema = 1
name = "two"
[host]
memory = "256M"
[[cgroup]]
path = "/box"
set = { "memory.max" = "64M" }
[[process]]
name = "large"
cgroup = "/box"
steps = [{ alloc = "40M" }, { mark = "ready" }]
[[process]]
name = "asker"
cgroup = "/box"
after = "ready"
steps = [{ alloc = "32M" }]
[end]
after = "2s"
[expect]
victims = ["large"]
)";

}  // namespace oomkit
