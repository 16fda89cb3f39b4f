// What an incident tells, in words: its title and its findings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explain/incident.h"
#include "explain/incident_growth.h"

namespace oomkit {

// What the tracker knows of an incident beyond the Incident itself.
struct IncidentFacts {
  std::string place;  // "in pod cabf8137-...", "on host web-17"
  Growth::Survivors survivors;
  double culprits_share = 0;
  std::size_t kills = 0;  // All victims, also those beyond what is kept.
  // Of the last report:
  std::optional<Bytes> limit, usage;
  std::optional<Bytes> returned;  // What its victim held.
  bool last_killed = false;
  // Reports in which the kernel found nobody to kill, and those of them that only repeat.
  std::size_t nobody = 0;
  std::size_t repeats = 0;
  std::string asker;  // Who asked for memory in the first of them: "app (pid 777)"; or "".
  std::vector<std::uint64_t> lines;  // Of the kills.
};

// Fills the title, the findings and which victims were culprits.
void tell(Incident& incident, const IncidentFacts& facts);

}  // namespace oomkit
