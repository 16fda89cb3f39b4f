// The memory of a report as JSON: the cgroup, the host's zones, where every byte was.
#include <algorithm>
#include <array>
#include <string>

#include "kernel/totalpages.h"
#include "render/json_report.h"

namespace oomkit {
namespace {

std::optional<Bytes> bytes_of(const std::optional<KiB>& kib) {
  return kib ? std::optional(to_bytes(*kib)) : std::nullopt;
}
std::optional<Bytes> bytes_of(const std::optional<Pages>& pages,
                              const std::optional<PageSize>& size) {
  return pages && size ? std::optional(to_bytes(*pages, *size)) : std::nullopt;
}

// Fields named by a word of the kernel and "_bytes", with one buffer for their names.
class ByteFields {
 public:
  explicit ByteFields(JsonWriter& json) : json_(json) {}
  void field(std::string_view word, const std::optional<Bytes>& amount) {
    name_.assign(word);
    name_ += "_bytes";
    json_.field(name_, amount);
  }

 private:
  JsonWriter& json_;
  std::string name_;
};

// "usage_bytes" and "limit_bytes" of the counter that limits memory, "swap_..." of the
// others.
void write_counter(JsonWriter& json, std::string_view prefix,
                   const std::optional<MemcgCounter>& counter) {
  std::string name(prefix);
  const auto field = [&](std::string_view what, const auto& content) {
    name.resize(prefix.size());
    name += what;
    json.plain_field(name, content);
  };
  field("usage_bytes", counter ? std::optional(to_bytes(counter->usage)) : std::nullopt);
  field("limit_bytes", counter ? bytes_of(counter->limit) : std::nullopt);
  field("failcnt", counter ? counter->failcnt : std::nullopt);
}

void write_stat(JsonWriter& json, const MemcgStat& stat) {
  json.begin_object();
  for (const auto& [name, value] : stat.entries())
    json.field(name, value);
  json.end_object();
}

// Whose pod it is: the owner of the limit says it, the victim's cgroup adds the container
// if it is of the same pod, and tells all of it if the limit is above the pods.
void write_kubernetes(JsonWriter& json, const Explanation& explanation) {
  CgroupIdentity shown = explanation.limit_owner.value_or(CgroupIdentity{});
  if (const auto& victim = explanation.victim_owner) {
    if (!shown.pod_uid || shown.pod_uid == victim->pod_uid) {
      const auto fill = [](auto& target, const auto& source) {
        if (!target) target = source;
      };
      fill(shown.pod_uid, victim->pod_uid);
      fill(shown.container_id, victim->container_id);
      fill(shown.runtime, victim->runtime);
      fill(shown.qos, victim->qos);
    }
  }
  json.plain_key("kubernetes");
  if (!shown.pod_uid) return json.null();
  json.begin_object();
  json.plain_field("pod_uid", shown.pod_uid);
  json.plain_field("container_id", shown.container_id);
  json.plain_field("qos", shown.qos);
  json.plain_field("runtime", shown.runtime);
  json.plain_field("pod_name", explanation.pod_name);
  json.end_object();
}

void write_zone(JsonWriter& json, const Zone& zone, const std::optional<PageSize>& page_size) {
  json.begin_object();
  json.plain_field("node", zone.node);
  json.plain_field("name", zone.name);
  constexpr std::array<std::string_view, 5> kAlways = {"free", "min", "low", "high", "managed"};
  ByteFields fields(json);
  for (const std::string_view name : kAlways)
    fields.field(name, bytes_of(zone.find(name)));
  for (const auto& [name, amount] : zone.amounts.entries()) {
    if (std::find(kAlways.begin(), kAlways.end(), name) == kAlways.end())
      fields.field(name, to_bytes(amount));
  }
  json.plain_field("all_unreclaimable", zone.all_unreclaimable);
  json.plain_key("lowmem_reserve_bytes");
  json.begin_array();
  for (const Pages pages : zone.lowmem_reserve)
    json.value(bytes_of(std::optional(pages), page_size));
  json.end_array();
  json.plain_key("free_blocks");
  json.begin_array();
  for (std::size_t order = 0; order < zone.free_blocks.size(); ++order) {
    const FreeBlocks& blocks = zone.free_blocks[order];
    json.begin_object();
    json.plain_field("order", static_cast<std::int64_t>(order));
    json.plain_field("count", blocks.count);
    json.plain_field("block_bytes", to_bytes(blocks.block_size));
    json.plain_field("migratetypes", blocks.migratetypes);
    json.end_object();
  }
  json.end_array();
  json.plain_field("line", zone.line);
  json.end_object();
}

void write_counters(JsonWriter& json, const HostMemory& memory,
                    const std::optional<PageSize>& size) {
  ByteFields fields(json);
  json.plain_key("counters");
  json.begin_object();
  for (const auto& [name, pages] : memory.counters.entries())
    fields.field(name, bytes_of(std::optional(pages), size));
  json.end_object();
  json.plain_key("nodes");
  json.begin_array();
  for (const Node& node : memory.nodes) {
    json.begin_object();
    json.plain_field("id", node.id);
    for (const auto& [name, amount] : node.amounts.entries())
      fields.field(name, to_bytes(amount));
    json.plain_field("all_unreclaimable", node.all_unreclaimable);
    json.end_object();
  }
  json.end_array();
}

void write_pools(JsonWriter& json, const HostMemory& memory) {
  json.plain_key("hugepages");
  json.begin_array();
  for (const HugepagePool& pool : memory.hugepages) {
    json.begin_object();
    json.plain_field("node", pool.node);
    json.plain_field("page_bytes", to_bytes(pool.page_size));
    json.plain_field("total", pool.total);
    json.plain_field("free", pool.free);
    json.plain_field("surplus", pool.surplus);
    json.end_object();
  }
  json.end_array();
  json.plain_key("unreclaimable_slab");
  json.begin_array();
  for (const SlabCache& cache : memory.unreclaimable_slab) {
    json.begin_object();
    json.plain_field("name", cache.name);
    json.plain_field("used_bytes", to_bytes(cache.used));
    json.plain_field("total_bytes", to_bytes(cache.total));
    json.end_object();
  }
  json.end_array();
}

std::string_view word_of(ZoneVerdict verdict) {
  constexpr std::array<std::string_view, 7> kWords = {
      "served", "not_allowed", "below_min", "reserved", "cma_or_atomic", "fragmented", "unknown"};
  return kWords[static_cast<std::size_t>(verdict)];
}

// The watermark test of each zone, in the words of kernel/watermark.h.
void write_zone_tests(JsonWriter& json, const Explanation& explanation) {
  const auto& zones = explanation.report.at.host_memory->zones;
  json.plain_key("zone_tests");
  json.begin_array();
  for (const ZoneTest& test : explanation.zones) {
    if (test.zone >= zones.size()) continue;
    json.begin_object();
    json.plain_field("node", zones[test.zone].node);
    json.plain_field("name", zones[test.zone].name);
    json.plain_field("verdict", word_of(test.verdict));
    json.plain_field("free_bytes", to_bytes(test.free));
    json.plain_field("min_bytes", to_bytes(test.min));
    json.plain_field("reserve_bytes", to_bytes(test.reserve));
    json.plain_field("unusable_cma_bytes", to_bytes(test.unusable_cma));
    json.plain_field("unusable_highatomic_bytes", to_bytes(test.unusable_highatomic));
    json.plain_field("boost_bytes", bytes_of(test.boost));
    json.plain_field("blocks_of_order", test.blocks_of_order);
    json.end_object();
  }
  json.end_array();
}

// Free memory by the counters, or where they are not in the log as the zones add up.
std::optional<Bytes> free_bytes(const HostMemory& memory, const std::optional<PageSize>& size) {
  if (const auto counted = bytes_of(memory.counters.find("free"), size)) return counted;
  std::optional<Bytes> sum;
  for (const Zone& zone : memory.zones) {
    const auto free = zone.find("free");
    if (!free) return std::nullopt;
    sum = sum.value_or(Bytes(0)) + to_bytes(*free);
  }
  return sum;
}

}  // namespace

void write_memcg(JsonWriter& json, const Explanation& explanation) {
  json.plain_key("memcg");
  if (!explanation.report.at.memcg) return json.null();
  const MemcgReport& memcg = *explanation.report.at.memcg;
  json.begin_object();
  json.plain_field("version", memcg.version);
  json.plain_field("oom_path", memcg.oom_path);
  json.plain_field("task_path", memcg.task_path);
  write_counter(json, "", memcg.memory);
  write_counter(json, "swap_", memcg.swap);
  write_counter(json, "memsw_", memcg.memsw);
  write_counter(json, "kmem_", memcg.kmem);
  json.plain_field("min_protection_bytes", bytes_of(memcg.min_protection));
  json.plain_field("low_protection_bytes", bytes_of(memcg.low_protection));
  json.plain_key("stat");
  write_stat(json, memcg.stat);
  json.plain_key("subtree");
  json.begin_array();
  for (const MemcgSubtreeStat& child : memcg.subtree) {
    json.begin_object();
    json.plain_field("path", child.path);
    json.plain_key("stat");
    write_stat(json, child.stat);
    json.end_object();
  }
  json.end_array();
  write_kubernetes(json, explanation);
  json.end_object();
}

void write_host_memory(JsonWriter& json, const Explanation& explanation) {
  json.plain_key("host_memory");
  if (!explanation.report.at.host_memory) return json.null();
  const HostMemory& memory = *explanation.report.at.host_memory;
  const std::optional<PageSize> size = explanation.report.at.page_size;
  json.begin_object();
  json.plain_field("total_bytes", bytes_of(memory.ram, size));
  json.plain_field("free_bytes", free_bytes(memory, size));
  json.plain_field("managed_bytes", bytes_of(host_managed(memory), size));
  json.plain_field("reserved_bytes", bytes_of(memory.reserved, size));
  json.plain_field("highmem_bytes", bytes_of(memory.highmem, size));
  json.plain_field("cma_reserved_bytes", bytes_of(memory.cma_reserved, size));
  json.plain_field("hwpoisoned_bytes", bytes_of(memory.hwpoisoned, size));
  json.plain_field("pagecache_bytes", bytes_of(memory.pagecache, size));
  json.plain_field("swapcache_bytes", bytes_of(memory.swapcache, size));
  json.plain_field("swap_total_bytes", bytes_of(memory.swap_total));
  json.plain_field("swap_free_bytes", bytes_of(memory.swap_free));
  json.plain_key("zones");
  json.begin_array();
  for (const Zone& zone : memory.zones)
    write_zone(json, zone, size);
  json.end_array();
  write_counters(json, memory, size);
  write_pools(json, memory);
  write_zone_tests(json, explanation);
  json.end_object();
}

void write_ledger(JsonWriter& json, const Explanation& explanation) {
  json.plain_key("ledger");
  if (!explanation.ledger) return json.null();
  const Ledger& ledger = *explanation.ledger;
  json.begin_object();
  json.plain_field("whole",
                   ledger.whole == Ledger::Whole::memcg_usage ? "memcg_usage" : "host_ram");
  json.plain_field("total_bytes", ledger.total);
  json.plain_field("limit_bytes", ledger.limit);
  json.plain_key("rows");
  json.begin_array();
  for (const LedgerRow& row : ledger.rows) {
    json.begin_object();
    json.plain_field("key", row.key);
    json.plain_field("label", row.label);
    json.plain_field("amount_bytes", row.amount);
    json.plain_field("in_no_process", row.in_no_process);
    json.plain_field("note", row.note);
    json.end_object();
  }
  json.end_array();
  json.plain_field("unaccounted_bytes", ledger.unaccounted);
  json.plain_field("approximate", ledger.approximate);
  json.end_object();
}

}  // namespace oomkit
