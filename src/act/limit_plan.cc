#include "act/limit_plan.h"

namespace oomkit {
namespace {

std::string text_of(Bytes bytes) {
  return std::to_string(bytes.count());
}

Result<std::vector<LimitWrite>> plan_v1(const CommandLimits& limits, const LimitSupport& support) {
  if (limits.high) {
    return fail(ErrorCode::unsupported,
                "--high: cgroup v1 has no memory.high; memory is controlled by version 1 here");
  }
  if (limits.oom_group) {
    return fail(ErrorCode::unsupported,
                "--oom-group: cgroup v1 has no memory.oom.group; memory is controlled by version "
                "1 here");
  }
  std::vector<LimitWrite> writes;
  if (limits.memory) writes.push_back({"memory.limit_in_bytes", text_of(*limits.memory)});
  if (!limits.swap || (!support.swap && !support.host_swap)) return writes;
  if (!support.swap) {
    return fail(ErrorCode::unsupported,
                "--swap: this kernel does not account swap to cgroups; boot it with swapaccount=1");
  }
  if (!limits.memory) {
    return fail(ErrorCode::usage,
                "--swap: cgroup v1 limits memory and swap together; give --memory as well");
  }
  writes.push_back({"memory.memsw.limit_in_bytes", text_of(*limits.memory + *limits.swap)});
  return writes;
}

Result<std::vector<LimitWrite>> plan_v2(const CommandLimits& limits, const LimitSupport& support) {
  std::vector<LimitWrite> writes;
  if (limits.memory) writes.push_back({"memory.max", text_of(*limits.memory)});
  if (limits.high) writes.push_back({"memory.high", text_of(*limits.high)});
  if (limits.swap && support.swap) {
    writes.push_back({"memory.swap.max", text_of(*limits.swap)});
  } else if (limits.swap && support.host_swap) {
    return fail(ErrorCode::unsupported,
                "--swap: this kernel has no memory.swap.max; boot it with swapaccount=1");
  }
  if (limits.oom_group && !support.oom_group) {
    return fail(ErrorCode::unsupported,
                "--oom-group: this kernel has no memory.oom.group, which came with 4.19");
  }
  if (limits.oom_group) writes.push_back({"memory.oom.group", "1"});
  return writes;
}

}  // namespace

Result<std::vector<LimitWrite>> plan_limits(const CommandLimits& limits,
                                            const LimitSupport& support) {
  return support.version == 1 ? plan_v1(limits, support) : plan_v2(limits, support);
}

}  // namespace oomkit
