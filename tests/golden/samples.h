// Explanations built by hand, one for each kind of page: what the golden files show does
// not move when the analysis finds better words.
#pragma once

#include <string>
#include <vector>

#include "explain/explanation.h"
#include "explain/incident.h"
#include "model/damage.h"
#include "model/oom_report.h"
#include "render/renderer.h"

namespace oomkit {

// A container full of socket buffers, complete: ledger, facts, ranking, advice.
Explanation container_sample();
// A host without swap: zones, many like-named workers, protected tasks, a cut report.
Explanation host_sample();
// systemd-oomd's kill of a cgroup: hardly more than its victim.
Explanation daemon_sample();
// Names and paths that try to break every format.
Explanation hostile_sample();
// A report of which the log kept next to nothing.
Explanation fragment_sample();

Incident incident_sample();
Incident hostile_incident();
OtherEvent other_sample();
OtherEvent hostile_other();

// What those samples' hostile texts consist of; none may reach an output as it is.
const std::vector<std::string>& hostile_texts();

struct Document {
  std::vector<Explanation> reports;
  std::vector<Incident> incidents;
  std::vector<OtherEvent> others;
  std::vector<InputLine> inputs;
  DamageCounts damage;
};
std::string rendered(const Document& document, const RenderOptions& options);

}  // namespace oomkit
