#include "klog/lines_memory.h"

#include <array>
#include <bit>
#include <cstring>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace oomkit {
namespace {

// Numbers of zones, of nodes and of the keys of one line are bounded: what a kernel can
// print is far below, and a made-up log shall not cost quadratic time.
constexpr std::size_t kZonesMax = 8192;
constexpr std::size_t kKeysMax = 96;
constexpr std::size_t kKeysUsual = 32;
constexpr std::size_t kListMax = 64;

// Bytes of a key: words, "isolated(anon)", "mapped-file" of 2.6.18.
constexpr std::array<bool, 256> kKeyBytes = [] {
  std::array<bool, 256> bytes{};
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    bytes[static_cast<std::size_t>(c)] = is_word(byte) || byte == '(' || byte == ')' || byte == '-';
  }
  return bytes;
}();
inline bool is_key(char c) {
  return kKeyBytes[static_cast<unsigned char>(c)];
}

// Behind the bytes of the key at `at`. A zone's line is thirty keys, so sixteen bytes at a time.
inline std::size_t end_of_key(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  const auto in = [](__m128i bytes, char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  for (; text.size() - at >= sizeof(__m128i); at += sizeof(__m128i)) {
    __m128i bytes;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    const __m128i letters = in(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i others = _mm_or_si128(in(bytes, '0', '9'), in(bytes, '(', ')'));
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const auto key = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(letters, _mm_or_si128(others, marks))));
    if (key != 0xffffU) return at + static_cast<unsigned>(std::countr_one(key));
  }
#endif
  while (at < text.size() && is_key(text[at]))
    ++at;
  return at;
}

// Which names a line has had, roughly: what the mask does not know is new for certain,
// and needs no search.
class SeenNames {
 public:
  bool is_new(std::string_view name) {
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    const std::uint64_t bit = std::uint64_t{1}
                              << ((name.size() * 31 + first * 7UL + last * 13UL) % 64);
    const bool fresh = (mask_ & bit) == 0;
    mask_ |= bit;
    return fresh;
  }

 private:
  std::uint64_t mask_ = 0;
};

// "key:123kB", "key: 123kB", "key:123": one token and what stands behind its number.
struct Token {
  std::string_view key;
  std::optional<std::int64_t> number;
  bool in_kib = false;
  bool touches_end = false;
};

// The next token with a number, from `at` on; nothing at the end of the text.
std::optional<Token> next_token(std::string_view text, std::size_t& at, LineNotes& notes) {
  while (at < text.size()) {
    if (!is_key(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    at = end_of_key(text, at);
    Token token{text.substr(begin, at - begin), {}, false, false};
    if (at == text.size() || text[at] != ':') continue;
    ++at;
    // Up to 6.7: "shmem_thp: 0kB".
    if (at + 1 < text.size() && text[at] == ' ' && is_digit(text[at + 1])) ++at;
    token.number = take_number(text, at, notes);
    token.touches_end = at == text.size();
    if (at + 1 < text.size() && (text[at] == 'k' || text[at] == 'K') && text[at + 1] == 'B') {
      token.in_kib = true;
      at += 2;
    }
    return token;
  }
  return std::nullopt;
}

// "all_unreclaimable? yes"
std::optional<bool> read_unreclaimable(std::string_view text) {
  constexpr std::string_view kQuestion = "all_unreclaimable?";
  // It ends the line, but for the few words that 7.x has behind it.
  constexpr std::size_t kTail = 160;
  if (text.size() > kTail) text.remove_prefix(text.size() - kTail);
  const std::size_t mark = text.rfind('?');
  if (mark == std::string_view::npos || !text.substr(0, mark + 1).ends_with(kQuestion)) {
    return std::nullopt;
  }
  const std::string_view answer = trim_left(text.substr(mark + 1));
  if (answer.starts_with("yes")) return true;
  if (answer.starts_with("no")) return false;
  return std::nullopt;
}

// "Node 0 " before a zone, a node or a pool.
std::optional<int> take_node(std::string_view text, std::size_t& at, LineNotes& notes) {
  skip_blanks(text, at);
  if (!text.substr(at).starts_with("Node ")) return std::nullopt;
  at += 5;
  skip_blanks(text, at);
  const auto node = as_int(take_number(text, at, notes));
  skip_blanks(text, at);
  return node;
}

std::string_view take_word(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  while (at < text.size() && is_word(text[at]))
    ++at;
  return text.substr(begin, at - begin);
}

Zone* zone_at(HostMemory& memory, std::optional<int> node, std::string_view name) {
  // Free lists come in the order of the zones, so a search from the front ends soon on
  // hosts as they are.
  for (Zone& zone : memory.zones) {
    if (zone.node == node && zone.name == name) return &zone;
  }
  if (memory.zones.size() >= kZonesMax) return nullptr;
  Zone zone;
  zone.node = node;
  zone.name = std::string(name);
  memory.zones.push_back(std::move(zone));
  return &memory.zones.back();
}

template <class Owner>
int read_amounts(std::string_view text, Owner& owner, LineNotes& notes) {
  int taken = 0;
  std::size_t at = 0;
  SeenNames seen;
  owner.amounts.reserve(kKeysUsual);
  while (const auto token = next_token(text, at, notes)) {
    if (!token->number || taken >= static_cast<int>(kKeysMax)) continue;
    if (token->in_kib) {
      const KiB amount(*token->number);
      seen.is_new(token->key) ? owner.amounts.add(token->key, amount)
                              : owner.amounts.set(token->key, amount);
    } else if (token->key == "pages_scanned" && !token->touches_end) {
      owner.pages_scanned = *token->number;
    } else {
      continue;
    }
    ++taken;
  }
  if (const auto answer = read_unreclaimable(text)) owner.all_unreclaimable = *answer;
  return taken;
}

// "(UEM)" behind a count.
std::string_view take_migratetypes(std::string_view text, std::size_t& at) {
  std::size_t i = at;
  skip_blanks(text, i);
  if (i >= text.size() || text[i] != '(') return {};
  const std::size_t close = text.find(')', i);
  if (close == std::string_view::npos) return {};
  at = close + 1;
  return text.substr(i + 1, close - i - 1);
}

}  // namespace

int read_counters(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes) {
  int taken = 0;
  std::size_t at = 0;
  std::string key;
  while (const auto token = next_token(text, at, notes)) {
    if (!token->number || token->in_kib || memory.counters.entries().size() >= kKeysMax) continue;
    if (token->touches_end && notes.cut) continue;
    // Up to 2.6.30 the first word of the block is a capitalised one.
    key.assign(token->key);
    key[0] = lower(key[0]);
    if (memory.counters.find(key)) continue;
    if (memory.counters.empty()) memory.counters.reserve(kKeysUsual);
    memory.counters.add(key, Pages(*token->number));
    ++taken;
  }
  if (taken > 0 && memory.counters_line == 0) memory.counters_line = line;
  return taken;
}

int read_node(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes) {
  std::size_t at = 0;
  const auto id = take_node(text, at, notes);
  if (!id) return 0;
  for (const Node& known : memory.nodes) {
    if (known.id == *id) return 0;
  }
  if (memory.nodes.size() >= kZonesMax) return 0;
  Node node;
  node.id = *id;
  node.line = line;
  const int taken = read_amounts(text.substr(at), node, notes);
  if (taken > 0) memory.nodes.push_back(std::move(node));
  return taken;
}

int read_zone(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes) {
  std::size_t at = 0;
  const auto node = take_node(text, at, notes);
  const std::string_view name = take_word(text, at);
  if (name.empty()) return 0;
  Zone* zone = zone_at(memory, node, name);
  if (zone == nullptr || zone->line != 0) return 0;
  zone->line = line;
  return read_amounts(text.substr(at), *zone, notes);
}

int read_lowmem_reserve(std::string_view text, Zone& zone, LineNotes& notes) {
  if (!zone.lowmem_reserve.empty()) return 0;
  std::size_t at = text.find(':');
  if (at == std::string_view::npos) return 0;
  ++at;
  constexpr std::size_t kZonesUsual = 5;
  zone.lowmem_reserve.reserve(kZonesUsual);
  while (zone.lowmem_reserve.size() < kListMax) {
    skip_blanks(text, at);
    const auto pages = take_ended_number(text, at, notes);
    if (!pages) break;
    zone.lowmem_reserve.emplace_back(*pages);
  }
  return static_cast<int>(zone.lowmem_reserve.size());
}

int read_free_list(std::string_view text, std::uint64_t line, HostMemory& memory,
                   LineNotes& notes) {
  std::size_t at = 0;
  const auto node = take_node(text, at, notes);
  const std::string_view name = take_word(text, at);
  if (name.empty() || at >= text.size() || text[at] != ':') return 0;
  ++at;
  Zone* zone = zone_at(memory, node, name);
  if (zone == nullptr || !zone->free_blocks.empty()) return 0;
  constexpr std::size_t kOrdersUsual = 11;
  zone->free_blocks.reserve(kOrdersUsual);
  while (zone->free_blocks.size() < kListMax) {
    skip_blanks(text, at);
    const auto count = take_number(text, at, notes);
    if (!count || at >= text.size() || text[at] != '*') break;
    ++at;
    const auto size = take_kib(text, at, notes);
    if (!size) break;
    const std::string_view types = take_migratetypes(text, at);
    zone->free_blocks.push_back({*count, *size, std::string(types)});
  }
  if (zone->free_blocks.empty()) return 0;
  zone->free_blocks_line = line;
  skip_blanks(text, at);
  if (at < text.size() && text[at] == '=') {
    ++at;
    skip_blanks(text, at);
    zone->free_blocks_total = take_kib(text, at, notes);
  }
  return static_cast<int>(zone->free_blocks.size());
}

int read_hugepages(std::string_view text, std::uint64_t line, HostMemory& memory,
                   LineNotes& notes) {
  std::size_t at = 0;
  HugepagePool pool;
  pool.node = take_node(text, at, notes);
  pool.line = line;
  const auto value_of = [&](std::string_view key) -> std::optional<std::int64_t> {
    const std::size_t found = text.find(key);
    if (found == std::string_view::npos) return std::nullopt;
    std::size_t i = found + key.size();
    const auto number = take_number(text, i, notes);
    return i < text.size() ? number : std::nullopt;
  };
  const auto total = value_of("hugepages_total=");
  const auto free = value_of("hugepages_free=");
  const auto surplus = value_of("hugepages_surp=");
  const std::size_t size_at = text.find("hugepages_size=");
  if (!total || !free || !surplus || size_at == std::string_view::npos) return 0;
  std::size_t i = size_at + 15;
  const auto size = take_kib(text, i, notes);
  if (!size || memory.hugepages.size() >= kZonesMax) return 0;
  pool.total = *total;
  pool.free = *free;
  pool.surplus = *surplus;
  pool.page_size = *size;
  memory.hugepages.push_back(pool);
  return 1;
}

int read_page_total(std::string_view text, std::uint64_t line, HostMemory& memory,
                    LineNotes& notes) {
  text = trim(text);
  std::size_t at = 0;
  const auto number = take_number(text, at, notes);
  if (!number) return 0;
  const std::string_view words = trim_left(text.substr(at));
  const Pages pages(*number);
  const auto take = [&](std::optional<Pages>& target) {
    if (target) return 0;
    target = pages;
    return 1;
  };
  if (words == "total pagecache pages") return take(memory.pagecache);
  if (words == "pages in swap cache" || words == "pages swap cached") return take(memory.swapcache);
  if (words == "pages RAM" || words == "pages of RAM") {
    if (memory.ram_line == 0) memory.ram_line = line;
    return take(memory.ram);
  }
  if (words == "pages HighMem/MovableOnly" || words == "pages HighMem" ||
      words == "pages of HIGHMEM") {
    return take(memory.highmem);
  }
  if (words == "pages reserved" || words == "reserved pages") return take(memory.reserved);
  if (words == "pages cma reserved") return take(memory.cma_reserved);
  if (words == "pages hwpoisoned") return take(memory.hwpoisoned);
  return 0;
}

int read_swap_total(std::string_view text, std::uint64_t line, HostMemory& memory,
                    LineNotes& notes) {
  text = trim(text);
  const bool free = text.starts_with("Free swap");
  const bool total = text.starts_with("Total swap");
  if (!free && !total) return 0;
  std::size_t at = text.find_first_of("=:");
  if (at == std::string_view::npos) return 0;
  ++at;
  skip_blanks(text, at);
  const auto amount = take_kib(text, at, notes);
  std::optional<KiB>& target = free ? memory.swap_free : memory.swap_total;
  if (!amount || target) return 0;
  target = *amount;
  if (memory.swap_line == 0) memory.swap_line = line;
  return 1;
}

int read_slab_row(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes) {
  constexpr std::size_t kCachesMax = 4096;
  text = trim(text);
  const std::size_t second = text.rfind(' ');
  if (second == std::string_view::npos) return 0;
  const std::string_view before = trim_right(text.substr(0, second));
  const std::size_t first = before.rfind(' ');
  if (first == std::string_view::npos) return 0;
  std::size_t at = second + 1;
  const auto total = take_kib(text, at, notes);
  at = first + 1;
  const auto used = take_kib(before, at, notes);
  if (!total || !used || memory.unreclaimable_slab.size() >= kCachesMax) return 0;
  memory.unreclaimable_slab.push_back(
      {std::string(trim(before.substr(0, first))), *used, *total, line});
  return 1;
}

}  // namespace oomkit
