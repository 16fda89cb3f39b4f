// What the kernel promises: overcommit and the reserves that it keeps while it does.
#include <algorithm>

#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"
#include "kernel/overcommit.h"

namespace oomkit::doctor {
namespace {

// The percentage of RAM that could be promised if all but what the kernel itself holds and
// keeps were given to processes; nothing if a term is missing.
std::optional<std::int64_t> ratio_that_fits(const Facts& facts) {
  const auto ram = facts.ram();
  const auto slab = facts.meminfo("SUnreclaim");
  const auto tables = facts.meminfo("PageTables");
  const auto stacks = facts.meminfo("KernelStack");
  if (!ram || !slab || !tables || !stacks || !facts.snapshot().host_memory) return std::nullopt;
  Bytes kept;
  for (const Zone& zone : facts.snapshot().host_memory->zones)
    kept += to_bytes(zone.find("high").value_or(KiB(0)));
  const Bytes own = *slab + *tables + *stacks + kept;
  const Bytes base = *ram - facts.meminfo("Hugetlb").value_or(Bytes(0));
  if (base <= Bytes(0) || own >= base) return std::nullopt;
  return (base - own).count() / std::max<std::int64_t>(base.count() / 100, 1);
}

void judge_never(const Facts& facts, Bytes limit, Bytes committed, Diagnosis& check) {
  const Bytes reserve = to_bytes(KiB(facts.sysctl("vm.admin_reserve_kbytes").value_or(0)));
  const Bytes left = limit - reserve - committed;
  check.value = text_of({"mode 2 (never): ", size_text(committed), " promised of ",
                         size_text(limit), ", ", size_text(std::max(left, Bytes(0))), " left"});
  check.numbers.add("left_bytes", left.count());
  check.why =
      "fork() and malloc() fail with ENOMEM when the limit is reached, however much "
      "memory is free; processes then end by their own fault handling, not by a kill.";
  const bool near = left < limit / 10;
  const auto ram = facts.ram();
  const bool by_kbytes = facts.sysctl("vm.overcommit_kbytes").value_or(0) > 0;
  const auto ratio = facts.sysctl("vm.overcommit_ratio");
  const auto fits = ratio_that_fits(facts);
  const bool too_small = ram && limit < *ram * 3 / 4;
  if (near) check.status = left < limit / 50 ? CheckStatus::critical : CheckStatus::warning;
  if (too_small) {
    check.status = std::max(check.status, CheckStatus::warning);
    check.why += text_of({" The limit is below RAM: ", size_text(*ram - limit),
                          " of it can hold nothing but file cache."});
  }
  if ((near || too_small) && ratio && fits && *fits > *ratio && !by_kbytes)
    check.fix = set_sysctl("vm.overcommit_ratio", *fits);
}

}  // namespace

std::optional<Diagnosis> check_overcommit(const Facts& facts) {
  const auto mode = facts.sysctl("vm.overcommit_memory");
  const auto limit = facts.meminfo("CommitLimit");
  const auto committed = facts.meminfo("Committed_AS");
  const auto ram = facts.ram();
  if (!mode || !limit || !committed || !ram) {
    return not_known(
        "vm.overcommit_memory, CommitLimit or Committed_AS cannot be read: what the "
        "kernel promises to processes.");
  }
  Diagnosis check;
  check.numbers.add("overcommit_memory", *mode);
  check.numbers.add("commit_limit_bytes", limit->count());
  check.numbers.add("committed_bytes", committed->count());
  if (*mode == 2) {
    judge_never(facts, *limit, *committed, check);
    return check;
  }
  const Bytes all = *ram + facts.meminfo("SwapTotal").value_or(Bytes(0));
  const std::string promised = text_of(
      {size_text(*committed), " promised on ", size_text(all),
       facts.meminfo("SwapTotal").value_or(Bytes(0)) > Bytes(0) ? " RAM and swap" : " RAM"});
  if (*mode == 1) {
    check.value = "mode 1 (always): " + promised;
    if (facts.runs("redis-server") || facts.runs("valkey-server")) {
      check.value += "; redis asks for this mode";
      return check;
    }
    check.status = CheckStatus::notice;
    check.why =
        "Every request is granted, also one that can never be kept: malloc() does not "
        "fail, and the OOM killer is the only brake. Programs that fork with a large "
        "heap ask for this; none that is known to do so runs here.";
    check.fix = set_sysctl("vm.overcommit_memory", 0);
    return check;
  }
  check.value = "mode 0 (guess): " + promised;
  check.why = facts.since({5, 2, 0})
                  ? "A single request beyond RAM and swap is refused, everything else is "
                    "promised. CommitLimit is printed and not obeyed."
                  : "A single request beyond what is free or can be dropped is refused, "
                    "everything else is promised. CommitLimit is printed and not obeyed.";
  if (*committed > all) {
    check.why += text_of({" ", size_text(*committed - all),
                          " more is promised than there is: were all of it touched, somebody "
                          "would have to die."});
  }
  return check;
}

std::optional<Diagnosis> check_reserves(const Facts& facts) {
  if (!facts.since({3, 10, 0})) return std::nullopt;
  const auto admin = facts.sysctl("vm.admin_reserve_kbytes");
  const auto user = facts.sysctl("vm.user_reserve_kbytes");
  const auto mode = facts.sysctl("vm.overcommit_memory");
  if (!admin || !user || !mode) {
    return not_known(
        "vm.admin_reserve_kbytes or vm.user_reserve_kbytes cannot be read: what is "
        "kept for somebody who comes to help.");
  }
  Diagnosis check;
  check.numbers.add("admin_reserve_kbytes", *admin);
  check.numbers.add("user_reserve_kbytes", *user);
  const std::string sizes = text_of({size_text(to_bytes(KiB(*admin))), " for root, ",
                                     size_text(to_bytes(KiB(*user))), " for a user"});
  check.value = sizes;
  if (*mode != 2) {
    check.value += " (only mode 2 looks at them)";
    check.absent = true;
    return check;
  }
  // Documentation/admin-guide/sysctl/vm.rst: sshd, a shell and top need about that much
  // address space where nothing is overcommitted.
  constexpr std::int64_t kLoginKib = std::int64_t{128} << 10;
  if (*admin >= kLoginKib) return check;
  check.status = CheckStatus::notice;
  check.why =
      "With mode 2, address space counts: a login shell, sshd and top take about 128 MiB "
      "of it. Root cannot log in to help when only less is kept.";
  check.fix = set_sysctl("vm.admin_reserve_kbytes", kLoginKib);
  return check;
}

}  // namespace oomkit::doctor
