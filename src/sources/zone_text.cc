#include "sources/zone_text.h"

#include <cstdint>
#include <string>

#include "core/lines.h"

namespace oomkit {
namespace {

constexpr std::size_t kZonesMax = 8192;        // 1024 nodes, a few zones each.
constexpr std::size_t kReservesMax = 16;       // One for each kind of zone.
constexpr std::size_t kZoneCountersMax = 128;  // Counters of one zone.
constexpr std::size_t kOrdersMax = 32;

KiB kib_of(Pages pages, PageSize page_size) {
  return floor_kib(to_bytes(pages, page_size));
}

// "Node 0, zone   Normal" and what follows the name.
struct ZoneHead {
  int node = 0;
  std::string_view name;
  std::string_view rest;
};
std::optional<ZoneHead> parse_zone_head(std::string_view line) {
  Cursor cursor(line);
  if (!cursor.take("Node ")) return std::nullopt;
  const auto node = cursor.take_integer<int>();
  if (!node || *node < 0 || !cursor.take(", zone ")) return std::nullopt;
  ZoneHead head{*node, {}, cursor.rest()};
  head.name = take_word(head.rest);
  if (head.name.empty()) return std::nullopt;
  return head;
}

std::optional<std::vector<Pages>> parse_protection(std::string_view list) {
  std::vector<Pages> pages;
  Cursor cursor(list);
  if (!cursor.take("(")) return std::nullopt;
  do {
    cursor.skip_spaces();
    const auto number = cursor.take_integer<std::int64_t>();
    if (!number || *number < 0 || pages.size() >= kReservesMax) return std::nullopt;
    pages.emplace_back(*number);
  } while (cursor.take(","));
  if (!cursor.take(")")) return std::nullopt;
  return pages;
}

// Reads the lines below a zone's head. The levels are indented by eight blanks after
// "pages free"; what comes from "pagesets" on belongs to processors, not to the zone.
class ZoneReader {
 public:
  bool begin(const ZoneHead& head, ZoneInfo& info) {
    if (info.zones.size() >= kZonesMax) return false;
    info.zones.push_back({head.node, std::string(head.name), {}, {}});
    part_ = Part::zone;
    return true;
  }

  bool take(std::string_view line, ZoneInfo& info) {
    ZoneText& zone = info.zones.back();
    std::string_view words = trim(line);
    if (words == "per-node stats") {
      info.nodes.push_back({zone.node, {}});
      part_ = Part::node;
      return true;
    }
    if (words == "pagesets") part_ = Part::processors;
    if (part_ == Part::processors) return true;
    std::string_view name = take_word(words);
    if (name == "pages") {
      part_ = Part::zone;
      name = take_word(words);
    }
    if (name == "protection:") {
      const auto reserve = parse_protection(trim(words));
      if (reserve) zone.lowmem_reserve = *reserve;
      return reserve.has_value();
    }
    const auto value = whole_number<std::int64_t>(take_word(words));
    if (!value) return true;  // Lines of words, and those with a colon: none of them a level.
    auto& pages = part_ == Part::node ? info.nodes.back().pages : zone.pages;
    if (pages.entries().size() >= kZoneCountersMax) return false;
    // Up to 4.7 "scanned 0" and the like come here, too: any name is welcome, the first counts.
    if (!pages.find(name)) pages.add(name, Pages(*value));
    return true;
  }

 private:
  enum class Part { zone, node, processors };
  Part part_ = Part::zone;
};

bool is_empty(const ZoneText& zone) {
  return zone.pages.find("present").value_or(Pages(0)) <= Pages(0);
}

}  // namespace

std::optional<ZoneInfo> parse_zoneinfo(std::string_view text) {
  ZoneInfo info;
  ZoneReader reader;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (const auto head = parse_zone_head(line)) {
      if (!reader.begin(*head, info)) return std::nullopt;
    } else if (info.zones.empty() || !reader.take(line, info)) {
      return std::nullopt;
    }
  }
  if (info.zones.empty()) return std::nullopt;
  return info;
}

std::optional<PageSize> page_size_of(const ZoneInfo& info, KiB mem_total) {
  Pages managed;
  for (const ZoneText& zone : info.zones)
    managed += zone.pages.find("managed").value_or(Pages(0));
  if (managed <= Pages(0)) return std::nullopt;
  for (const PageSize size : {PageSize::k4K, PageSize::k8K, PageSize::k16K, PageSize::k64K}) {
    const std::int64_t expected = to_bytes(managed, size).count() / 1024;
    // Memory that is being added or taken away may be counted in one and not yet in the other.
    const std::int64_t slack = expected / 8;
    if (mem_total.count() >= expected - slack && mem_total.count() - slack <= expected) return size;
  }
  return std::nullopt;
}

Pages low_of_empty_zones(const ZoneInfo& info) {
  Pages low;
  for (const ZoneText& zone : info.zones) {
    if (is_empty(zone)) low += zone.pages.find("low").value_or(Pages(0));
  }
  return low;
}

void put_zones(const ZoneInfo& info, PageSize page_size, HostMemory& memory) {
  for (const ZoneText& text : info.zones) {
    if (is_empty(text)) continue;
    Zone zone;
    zone.node = text.node;
    zone.name = text.name;
    for (const std::string_view name :
         {"free", "boost", "min", "low", "high", "promo", "spanned", "present", "managed"}) {
      if (const auto pages = text.pages.find(name))
        zone.amounts.add(name, kib_of(*pages, page_size));
    }
    if (const auto cma = text.pages.find("nr_free_cma")) {
      zone.amounts.add("free_cma", kib_of(*cma, page_size));
    }
    for (const auto& [name, pages] : text.pages.entries()) {
      if (name.compare(0, 8, "nr_zone_") == 0) {
        zone.amounts.add(std::string_view(name).substr(8), kib_of(pages, page_size));
      }
    }
    zone.lowmem_reserve = text.lowmem_reserve;
    memory.zones.push_back(std::move(zone));
  }
  for (const NodeText& text : info.nodes) {
    Node node;
    node.id = text.node;
    for (const auto& [name, pages] : text.pages.entries()) {
      if (name.compare(0, 3, "nr_") != 0) continue;
      const std::string_view word = std::string_view(name).substr(3);
      // Counted in kB by the kernel itself.
      const bool in_kib = word == "kernel_stack" || word == "shadow_call_stack";
      node.amounts.add(word, in_kib ? KiB(pages.count()) : kib_of(pages, page_size));
    }
    memory.nodes.push_back(std::move(node));
  }
}

bool parse_buddyinfo(std::string_view text, PageSize page_size, HostMemory& memory) {
  bool sound = true;
  while (!text.empty()) {
    const auto head = parse_zone_head(take_line(text));
    if (!head) {
      sound = false;
      continue;
    }
    std::vector<FreeBlocks> blocks;
    KiB total;
    std::string_view rest = head->rest;
    for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
      const auto count = whole_number<std::int64_t>(word);
      if (!count || *count < 0 || blocks.size() >= kOrdersMax) return false;
      const KiB size(bytes_of(page_size).count() / 1024 * (std::int64_t{1} << blocks.size()));
      blocks.push_back({*count, size, ""});
      total += size * *count;
    }
    for (Zone& zone : memory.zones) {
      if (zone.node != head->node || zone.name != head->name) continue;
      zone.free_blocks = std::move(blocks);
      zone.free_blocks_total = total;
      break;
    }
  }
  return sound;
}

}  // namespace oomkit
