#include "explain/name_sums.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "explain/amounts.h"

namespace oomkit {
namespace {

std::uint64_t word_of(const char* at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

// The kernel's names have at most 15 bytes: two words that may overlap.
std::uint64_t hash_of(std::string_view comm) {
  constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  std::uint64_t hash = comm.size();
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 29U;
  };
  if (comm.size() < kWord) {
    mix(word_of(comm.data(), comm.size()));
    return hash;
  }
  for (std::size_t at = 0; at + kWord < comm.size(); at += kWord)
    mix(word_of(comm.data() + at, kWord));
  mix(word_of(comm.data() + comm.size() - kWord, kWord));
  return hash;
}

}  // namespace

void NamedSum::add(const NamedUse& other) {
  use.rss = plus(use.rss, other.rss);
  use.swap = plus(use.swap, other.swap);
  ++count;
}

std::vector<NamedSum> sums_of_names_plain(std::vector<NamedUse> uses) {
  std::sort(uses.begin(), uses.end(),
            [](const NamedUse& a, const NamedUse& b) { return a.comm < b.comm; });
  std::vector<NamedSum> sums;
  for (const NamedUse& use : uses) {
    if (sums.empty() || sums.back().use.comm != use.comm) sums.push_back({{use.comm, {}, {}}, 0});
    sums.back().add(use);
  }
  return sums;
}

std::vector<NamedSum> sums_of_names(const std::vector<NamedUse>& uses) {
  constexpr std::uint32_t kFree = UINT32_MAX;
  const std::size_t mask = std::bit_ceil(2 * uses.size() + 1) - 1;
  std::vector<std::uint32_t> places(mask + 1, kFree);
  std::vector<NamedSum> sums;
  std::size_t steps_left = 8 * uses.size();  // Names that nobody chose take less than one each.
  for (const NamedUse& use : uses) {
    std::size_t at = static_cast<std::size_t>(hash_of(use.comm)) & mask;
    while (places[at] != kFree && sums[places[at]].use.comm != use.comm) {
      if (steps_left-- == 0) return sums_of_names_plain(uses);
      at = (at + 1) & mask;
    }
    if (places[at] == kFree) {
      places[at] = static_cast<std::uint32_t>(sums.size());
      sums.push_back({{use.comm, {}, {}}, 0});
    }
    sums[places[at]].add(use);
  }
  return sums;
}

}  // namespace oomkit
