#include "explain/name_sums.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "explain/amounts.h"

namespace oomkit {
namespace {

// The kernel's names have at most 15 bytes. Up to 16 are two words, the first eight bytes and the
// last, which may overlap: with the length they are the name, and are compared as numbers.
struct NameKey {
  static constexpr std::size_t kMax = 16;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::size_t size = 0;

  friend bool operator==(const NameKey&, const NameKey&) = default;
  std::size_t hash() const {
    const std::uint64_t mixed = (first ^ size) * 0x9e3779b97f4a7c15U ^ last * 0xd6e8feb86659fd93U;
    return static_cast<std::size_t>(mixed ^ mixed >> 32U);
  }
};

template <class Word>
std::uint64_t word_of(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

NameKey name_key(std::string_view comm) {
  const char* const begin = comm.data();
  const std::size_t size = comm.size();
  if (size >= 8) {
    return {word_of<std::uint64_t>(begin), word_of<std::uint64_t>(begin + size - 8), size};
  }
  if (size >= 4) {
    return {word_of<std::uint32_t>(begin), word_of<std::uint32_t>(begin + size - 4), size};
  }
  if (size == 0) return {};
  const auto byte = [&](std::size_t at) { return word_of<std::uint8_t>(begin + at); };
  return {byte(0) | byte(size / 2) << 8, byte(size - 1), size};
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
  std::vector<NameKey> keys;
  sums.reserve(uses.size());
  keys.reserve(uses.size());
  std::size_t steps_left = 8 * uses.size();  // Names that nobody chose take less than one each.
  for (const NamedUse& use : uses) {
    if (use.comm.size() > NameKey::kMax) return sums_of_names_plain(uses);
    const NameKey key = name_key(use.comm);
    std::size_t at = key.hash() & mask;
    while (places[at] != kFree && keys[places[at]] != key) {
      if (steps_left-- == 0) return sums_of_names_plain(uses);
      at = (at + 1) & mask;
    }
    if (places[at] == kFree) {
      places[at] = static_cast<std::uint32_t>(sums.size());
      sums.push_back({{use.comm, {}, {}}, 0});
      keys.push_back(key);
    }
    sums[places[at]].add(use);
  }
  return sums;
}

}  // namespace oomkit
