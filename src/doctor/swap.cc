// Swap: whether there is any, in which order it is used, and what compressed swap gains.
#include <algorithm>

#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"

namespace oomkit::doctor {
namespace {

bool is_zram(const SwapDevice& device) {
  const std::string_view name = std::string_view(device.name).substr(device.name.rfind('/') + 1);
  return name.substr(0, 4) == "zram";
}

const std::vector<SwapDevice>* devices_of(const Facts& facts) {
  const auto& host = facts.snapshot().host_state;
  return host && host->swaps ? &*host->swaps : nullptr;
}

// A quarter of RAM in whole GiB, from 1 to 8: room for what is idle, not for what works.
Bytes swap_to_add(Bytes ram) {
  constexpr Bytes kGiB(std::int64_t{1} << 30);
  return std::clamp(Bytes(ram.count() / 4 / kGiB.count() * kGiB.count()), kGiB, kGiB * 8);
}

std::vector<std::string> make_swap(Bytes size) {
  const std::string amount = unit_size(size);
  return {"fallocate -l " + amount + " /swapfile && chmod 600 /swapfile",
          "mkswap /swapfile && swapon /swapfile",
          "echo '/swapfile none swap defaults 0 0' >>/etc/fstab   # to keep it"};
}

Diagnosis no_swap(const Facts& facts, Bytes ram) {
  Diagnosis check;
  check.value = "none";
  if (facts.runs("kubelet")) {
    check.value += ": as the kubelet wants it by default";
    return check;
  }
  check.status = CheckStatus::notice;
  const auto anonymous = facts.meminfo("AnonPages");
  check.why = text_of({anonymous ? size_text(*anonymous) : std::string("All"),
                       " of anonymous memory can go nowhere, also what is never used again. In a "
                       "shortage only file cache gives way, programs are read from disk over and "
                       "over, and then somebody dies."});
  check.fix = make_swap(swap_to_add(ram));
  return check;
}

// The device that fills first although a faster one is there; nothing if the order is right.
const SwapDevice* slow_before_zram(const std::vector<SwapDevice>& devices) {
  std::optional<std::int64_t> zram;
  for (const SwapDevice& device : devices) {
    if (is_zram(device)) zram = std::max(zram.value_or(device.priority), device.priority);
  }
  for (const SwapDevice& device : devices) {
    if (zram && !is_zram(device) && device.priority >= *zram) return &device;
  }
  return nullptr;
}

void judge_use(Bytes total, Bytes free, Diagnosis& check) {
  if (free >= total / 10) return;
  check.status = CheckStatus::warning;
  check.why = text_of({size_text(total - free), " of ", size_text(total),
                       " is in use. When the rest is gone, anonymous memory can go nowhere and "
                       "the kernel kills soon."});
  check.fix = {"oom top   # SWAP says whose it is"};
}

}  // namespace

std::optional<Diagnosis> check_swap(const Facts& facts) {
  const auto total = facts.meminfo("SwapTotal");
  const auto free = facts.meminfo("SwapFree");
  const auto ram = facts.ram();
  if (!total || !free || !ram) {
    return not_known("SwapTotal or SwapFree cannot be read: whether there is swap.");
  }
  if (*total == Bytes(0)) return no_swap(facts, *ram);
  Diagnosis check;
  check.value = text_of({size_text(*total - *free), " of ", size_text(*total), " used"});
  check.numbers.add("swap_total_bytes", total->count());
  check.numbers.add("swap_free_bytes", free->count());
  const std::vector<SwapDevice>* const devices = devices_of(facts);
  if (devices == nullptr) {
    judge_use(*total, *free, check);
    return check;
  }
  check.value += " on " + count_text(static_cast<std::int64_t>(devices->size()), "device");
  if (const SwapDevice* const slow = slow_before_zram(*devices)) {
    check.status = CheckStatus::warning;
    check.why = text_of({slow->name, " (priority ", std::to_string(slow->priority),
                         ") is used before zram is: what is swapped first goes to the slow one, "
                         "and the fast one stays empty."});
    for (const SwapDevice& device : *devices) {
      const auto name = shell_word(device.name);
      if (!is_zram(device) || !name) continue;
      const std::int64_t priority = std::clamp<std::int64_t>(slow->priority, 90, 32757) + 10;
      check.fix.push_back(
          text_of({"swapoff ", *name, " && swapon -p ", std::to_string(priority), " ", *name}));
    }
    return check;
  }
  judge_use(*total, *free, check);
  return check;
}

std::optional<Diagnosis> check_zram(const Facts& facts) {
  if (!facts.snapshot().host_state) return not_known("The host's block devices were not read.");
  const auto& zram = facts.snapshot().host_state->zram;
  if (zram.empty()) return std::nullopt;
  Bytes disksize, original, memory;
  for (const ZramDevice& device : zram) {
    if (!device.disksize || !device.original || !device.memory)
      return not_known("mm_stat of " + device.name + " cannot be read: what zram costs and gains.");
    disksize += *device.disksize;
    original += *device.original;
    memory += *device.memory;
  }
  Diagnosis check;
  check.numbers.add("disksize_bytes", disksize.count());
  check.numbers.add("original_bytes", original.count());
  check.numbers.add("memory_bytes", memory.count());
  check.value = text_of({size_text(original), " of ", size_text(disksize), " stored in ",
                         size_text(memory), " of RAM"});
  constexpr Bytes kEnoughToTell(std::int64_t{64} << 20);
  if (original < kEnoughToTell || memory <= Bytes(0)) return check;
  const auto ram = facts.ram();
  // What it would cost when full, at the ratio seen so far.
  const double full = static_cast<double>(disksize.count()) *
                      (static_cast<double>(memory.count()) / static_cast<double>(original.count()));
  if (memory * 5 >= original * 4) {
    check.status = CheckStatus::warning;
    check.why = text_of({"What is stored does not compress: ", size_text(memory),
                         " of RAM is "
                         "spent to keep ",
                         size_text(original), ". Swap on a disk would free it."});
    check.fix = make_swap(ceil_mib(original));
  } else if (ram && full > 0.9 * static_cast<double>(ram->count())) {
    check.status = CheckStatus::warning;
    check.why = "At the ratio seen so far, full zram would take " +
                size_text(Bytes(static_cast<std::int64_t>(std::min(full, 9e18)))) + " of " +
                size_text(*ram) + " RAM: it runs out of memory before it is full.";
    check.fix = {"# halve its size: zram-size in /etc/systemd/zram-generator.conf, or disksize"};
  }
  return check;
}

std::optional<Diagnosis> check_swappiness(const Facts& facts) {
  const auto value = facts.sysctl("vm.swappiness");
  const auto total = facts.meminfo("SwapTotal");
  if (!value || !total) return not_known("vm.swappiness or SwapTotal cannot be read.");
  Diagnosis check;
  check.numbers.add("swappiness", *value);
  check.value = std::to_string(*value);
  if (*total == Bytes(0)) {
    check.value += " (no swap: without effect)";
    return check;
  }
  const std::vector<SwapDevice>* const devices = devices_of(facts);
  const bool only_zram = devices != nullptr && !devices->empty() &&
                         std::all_of(devices->begin(), devices->end(), is_zram);
  if (*value == 0) {
    check.status = CheckStatus::notice;
    check.why =
        "Anonymous memory is swapped only when file cache is almost gone: swap that is "
        "there does not help until it is late, and in a cgroup it never does.";
    check.fix = set_sysctl("vm.swappiness", only_zram ? 100 : 60);
  } else if (only_zram && *value < 100) {
    check.status = CheckStatus::notice;
    check.why =
        "All swap is zram, which is faster to read back than any file: below 100 the "
        "kernel spares it and drops file cache first.";
    check.fix = set_sysctl("vm.swappiness", facts.version() && facts.since({5, 8, 0}) ? 150 : 100);
  } else if (!only_zram && devices != nullptr && *value > 100) {
    check.status = CheckStatus::notice;
    check.why =
        "Above 100 the kernel takes swapping for cheaper than reading files again, which "
        "is true of zram; swap here is on a disk as well.";
    check.fix = set_sysctl("vm.swappiness", 60);
  }
  return check;
}

}  // namespace oomkit::doctor
