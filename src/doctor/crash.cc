// What is left to look at afterwards: cores of processes, and of the kernel.
#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"

namespace oomkit::doctor {

std::optional<Diagnosis> check_cores(const Facts& facts) {
  const auto& host = facts.snapshot().host_state;
  if (!host || !host->core_pattern) {
    return not_known("/proc/sys/kernel/core_pattern cannot be read: where cores go.");
  }
  const std::string& pattern = *host->core_pattern;
  Diagnosis check;
  if (pattern.empty()) {
    check.status = CheckStatus::notice;
    check.value = "core_pattern is empty: no core is ever kept";
    check.why = "A program that gives up when malloc() fails leaves nothing to see what it held.";
    check.fix = {"sysctl -w kernel.core_pattern=core"};
    return check;
  }
  if (pattern.front() == '|') {
    // A limit of 0 does not keep a core from a pipe.
    check.value = "go to " + pattern.substr(1, pattern.find(' ') - 1);
    return check;
  }
  const auto& limit = host->core_limit_init ? host->core_limit_init : host->core_limit;
  const std::string whose = host->core_limit_init ? "RLIMIT_CORE of init" : "RLIMIT_CORE here";
  if (!limit) {
    return not_known(
        "Max core file size of /proc/1/limits cannot be read: whether processes may "
        "leave cores.");
  }
  if (limit->size) check.numbers.add("core_limit_bytes", limit->size->count());
  if (limit->size != Bytes(0)) {
    check.value = text_of(
        {"\"", pattern, "\", ", whose, " ", limit->size ? size_text(*limit->size) : "unlimited"});
    return check;
  }
  check.value = text_of({"none: \"", pattern, "\", but ", whose, " is 0"});
  // The kernel's kill leaves no core in any case; a failed malloc() that ends in abort() would.
  if (facts.sysctl("vm.overcommit_memory") != 2) return check;
  check.status = CheckStatus::notice;
  check.why =
      "With overcommit mode 2 it is malloc() that fails, and programs end themselves: "
      "their core would say who held the memory.";
  if (facts.systemd_is_init()) {
    check.fix = {"mkdir -p /etc/systemd/system.conf.d",
                 "printf '[Manager]\\nDefaultLimitCORE=infinity\\n' "
                 ">/etc/systemd/system.conf.d/60-cores.conf",
                 "systemctl daemon-reexec   # for services that start afterwards"};
  }
  return check;
}

std::optional<Diagnosis> check_kdump(const Facts& facts) {
  const auto& host = facts.snapshot().host_state;
  const bool reserved_by_option = facts.boot_option("crashkernel").has_value();
  if (!host || (!host->crash_kernel_loaded && !facts.boot_options_known())) {
    return not_known(
        "/sys/kernel/kexec_crash_loaded and the kernel's command line cannot be "
        "read: whether a panic leaves a dump.");
  }
  Diagnosis check;
  if (host->crash_kernel_size)
    check.numbers.add("crash_kernel_bytes", host->crash_kernel_size->count());
  if (host->crash_kernel_loaded == true) {
    check.value = "a crash kernel is loaded";
    if (host->crash_kernel_size)
      check.value += ", " + size_text(*host->crash_kernel_size) + " set aside";
    return check;
  }
  const bool reserved = host->crash_kernel_size.value_or(Bytes(0)) > Bytes(0) ||
                        (reserved_by_option && !host->crash_kernel_size);
  if (reserved) {
    check.status = CheckStatus::warning;
    check.value = "memory is set aside for a crash kernel, and none is loaded";
    check.why = text_of(
        {host->crash_kernel_size ? size_text(*host->crash_kernel_size) : "What crashkernel= says",
         " of RAM is lost to everybody, and a panic leaves no dump all the same."});
    check.fix = {"systemctl enable --now kdump   # kdump-tools on Debian and Ubuntu"};
    return check;
  }
  check.value = "none";
  if (facts.sysctl("vm.panic_on_oom").value_or(0) == 0) {
    check.value += "; a shortage is not meant to panic here";
    return check;
  }
  check.status = CheckStatus::warning;
  check.why =
      "vm.panic_on_oom is on, and when the machine panics for it nothing is left that "
      "says why.";
  const Bytes ram = facts.ram().value_or(Bytes(0));
  constexpr Bytes kLarge(std::int64_t{64} << 30);
  check.fix = {text_of({"# put crashkernel=", ram > kLarge ? "512M" : "256M",
                        " on the kernel's command line, install kdump and reboot"})};
  return check;
}

}  // namespace oomkit::doctor
