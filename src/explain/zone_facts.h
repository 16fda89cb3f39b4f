// What the zone tests say together: the zones that the request might have used, those it
// might not, and whether the host was really short.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explain/context.h"

namespace oomkit {

struct ZoneFacts {
  Bytes free_total;         // Over all zones of the log.
  Bytes free_allowed;       // ... over those that the request might use.
  std::size_t allowed = 0;  // Zones that the request might use.
  std::size_t served = 0;   // Of them: those that would have served it, see passes_last_try().
  Bytes room;               // What these had above what the last try asks for.
  std::size_t fragmented = 0;
  bool tested = false;  // There were zones and a request to test them for.
};

ZoneFacts zone_facts(const Context& context);

// The nodes that the request was bound to by cpuset or memory policy; empty: not known.
std::vector<int> allowed_nodes(const Context& context);

// "Node 0 Normal", "HighMem".
std::string zone_name(const Zone& zone);

// The test for min is passed, and so is that for high: the kernel's last try before it kills
// asks for the high watermark, so a zone between the two did not help.
bool passes_last_try(const Context& context, const ZoneTest& test);

// Plenty was free on the zones that the request might use: the shortage was not that of RAM.
bool host_had_room(const Context& context);

// The nodes that the request is bound to have movable memory only, and it asked for other.
bool nodes_lack_kind(const Context& context);

Bytes zone_amount(const Zone& zone, std::string_view name);
void add_zone_lines(const Context& context, std::vector<std::uint64_t>& lines);

}  // namespace oomkit
