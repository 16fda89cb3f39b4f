// A snapshot of a host as a start of the model, and what is asked of it: what if this grew?
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "model/snapshot.h"
#include "scenario/scenario.h"
#include "sim/found_host.h"

namespace oomkit {

struct FoundStart {
  Scenario scenario;  // Its first processes and its cgroups are those of `host`.
  FoundHost host;
  std::string kernel;  // The one of the model's that is nearest: "6.1".
};

// Refuses a snapshot without zones, or with pages that are not of 4 KiB.
Result<FoundStart> start_from(const Snapshot& snapshot);

// "web grow 2G at 50M/s", "web grow 2G": at full speed.
struct AskedGrowth {
  std::string name;
  Bytes size;
  std::optional<Bytes> rate;  // A second.
};
Result<AskedGrowth> parse_growth(std::string_view text);

// How long it takes at its rate; at full speed by the model's costs, roughly.
std::chrono::milliseconds growing_time(const AskedGrowth& growth);

// The last steps of the process of that name, of `found` the one that holds most; or of a new
// process that does nothing else.
void add_growth(const AskedGrowth& growth, Scenario& scenario, const FoundHost* found);

}  // namespace oomkit
