#include "explain/incident.h"

#include <algorithm>
#include <list>
#include <string_view>
#include <utility>

#include "explain/amounts.h"
#include "explain/context.h"
#include "explain/incident_growth.h"
#include "explain/incident_story.h"
#include "explain/words.h"
#include "kernel/cgroup_identity.h"

namespace oomkit {
namespace {

// Kills further apart are one story only if the story itself says so.
constexpr double kGapMax = 15 * 60;
constexpr double kStoryGapMax = 24 * 3600;
constexpr std::size_t kVictimsMax = 4096;
constexpr std::size_t kReportsMax = 65536;
constexpr std::size_t kLinesMax = 32;
// What all open incidents may hold together, in rows of about 200 bytes.
constexpr std::size_t kWeightMax = 100000;
constexpr std::string_view kUnnamedScope = "(unnamed cgroup)";

struct Moment {
  std::optional<HostTime> uptime;
  std::optional<WallTime> time;
};

// Nothing if the two do not share a clock.
std::optional<double> seconds_between(const Moment& a, const Moment& b) {
  if (a.uptime && b.uptime) {
    const double seconds = std::chrono::duration<double>(*b.uptime).count() -
                           std::chrono::duration<double>(*a.uptime).count();
    // An uptime that fell is a new boot; the calendar, if there is one, tells how far on.
    if (seconds >= 0 || !a.time || !b.time) return seconds;
  }
  if (!a.time || !b.time || a.time->year_known != b.time->year_known) return std::nullopt;
  return std::chrono::duration<double>(b.time->since_epoch).count() -
         std::chrono::duration<double>(a.time->since_epoch).count();
}

// What an incident wants to know of one report.
struct Facts {
  std::size_t index = 0;
  const Explanation* said = nullptr;
  std::string host_key;
  std::string key;  // Host and scope; empty: the report does not name its scope.
  std::string scope;
  Moment when;
  std::vector<ProcessUse> table;
  bool table_complete = false;
  std::vector<IncidentVictim> victims;
  std::vector<std::uint64_t> lines;

  const OomReport& report() const { return said->report; }
};

IncidentVictim victim_of(std::optional<std::int64_t> pid, std::string_view comm,
                         const OomReport& report, std::size_t index) {
  IncidentVictim victim;
  victim.pid = pid;
  victim.comm = comm.substr(0, 64);
  victim.report = index;
  if (!pid) return victim;
  if (const auto row = find_row(report.at.tasks, *pid)) {
    victim.size = use_bytes(report.at.tasks[*row], page_size_of(report));
  }
  return victim;
}

void read_victims(Facts& facts) {
  constexpr std::size_t kVictimsOfReport = 64;
  const OomReport& report = facts.report();
  for (const Victim& dead : report.victims) {
    if (facts.victims.size() >= kVictimsOfReport) break;
    IncidentVictim victim = victim_of(dead.pid, dead.comm.value_or(""), report, facts.index);
    if (!victim.size && dead.anon_rss) {
      victim.size = to_bytes(*dead.anon_rss + dead.file_rss.value_or(KiB(0)) +
                             dead.shmem_rss.value_or(KiB(0)));
    }
    if (!victim.size && dead.rss) victim.size = to_bytes(*dead.rss);
    facts.victims.push_back(std::move(victim));
    facts.lines.push_back(dead.line != 0 ? dead.line : dead.reap_line);
  }
  const bool nobody = report.verdict == Verdict::panic || report.verdict == Verdict::no_killable;
  if (!facts.victims.empty() || nobody || !report.selection || !report.selection->pid) return;
  // The kill line is lost, the line that names the choice is there.
  facts.victims.push_back(
      victim_of(report.selection->pid, report.selection->comm.value_or(""), report, facts.index));
  facts.lines.push_back(report.selection->line);
}

// The cgroup whose limit was met; of a container its pod, for a restarted container has
// another id and so another path.
void read_scope(Facts& facts) {
  const OomReport& report = facts.report();
  const Snapshot& at = report.at;
  facts.host_key = at.host ? "host " + *at.host : "input " + report.input;
  // A userspace killer watches the host as a whole.
  if (report.killer != Killer::kernel) {
    facts.key = facts.host_key + '\n';
    return;
  }
  switch (scope_of(report)) {
    case Scope::host:
      facts.key = facts.host_key + '\n';
      return;
    case Scope::unknown:
      return;
    case Scope::memcg:
      break;
  }
  if (at.memcg && at.memcg->oom_path) {
    facts.scope = *at.memcg->oom_path;
  } else if (at.memcg && !at.memcg->stat_path.empty()) {
    facts.scope = at.memcg->stat_path;
  } else {
    return;
  }
  constexpr std::size_t kPathMax = 4096;
  facts.scope.resize(std::min(facts.scope.size(), kPathMax));
  const CgroupIdentity identity = identify_cgroup(facts.scope, std::nullopt);
  facts.key = facts.host_key + '\n' + identity.pod_uid.value_or(facts.scope);
}

Facts facts_of(std::size_t index, const Explanation& explanation) {
  Facts facts;
  facts.index = index;
  facts.said = &explanation;
  const OomReport& report = explanation.report;
  facts.when = {report.at.uptime, report.at.time};
  read_scope(facts);
  facts.table = explanation.processes;
  facts.table_complete = !report.elided && !report.begins_cut && report.lines_lost == 0 &&
                         report.damaged_lines == 0 && report.tasks_dropped == 0;
  read_victims(facts);
  return facts;
}

// What two paths have in common, whole segments only.
std::string common_path(const std::string& a, const std::string& b) {
  if (a == b) return a;
  std::size_t end = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i) {
    if (a[i] == '/') end = i;
  }
  return a.substr(0, std::max<std::size_t>(end, 1));
}

bool found_nobody(const OomReport& report) {
  return report.killer == Killer::kernel && report.verdict == Verdict::no_killable;
}

// Nobody to kill, or whoever it was is not in the log.
bool names_no_victim(const OomReport& report) {
  return report.killer == Killer::kernel && report.victims.empty() &&
         (report.verdict == Verdict::no_killable || report.verdict == Verdict::unknown);
}

CommKey asker_of(const OomReport& report) {
  return report.trigger ? CommKey(report.trigger->comm) : CommKey();
}

bool alike(std::optional<Bytes> a, std::optional<Bytes> b) {
  if (!a || !b) return false;
  return std::min(*a, *b) >= std::max(*a, *b) - std::max(*a, *b) / 4;
}

}  // namespace

struct IncidentTracker::State {
  struct Open {
    std::string key, host_key;
    Incident incident;
    Growth growth;
    IncidentFacts facts;
    Moment first, last;
    bool last_without_victim = false;  // The last report names none ...
    CommKey last_asker;                // ... for whom asked.
    bool timed = true;                 // All reports share a clock.

    bool continues(const Facts& next) const;
    bool same_story(const Facts& next) const;
    bool knows(const IncidentVictim& victim) const;
    bool repeats(const Facts& next) const;
    Added add(Facts&& next, Growth::Room& shared);
    Incident close();
    std::size_t weight() const {
      return growth.size() + incident.victims.size() + incident.reports.size() / 16;
    }
  };

  std::list<Open> open;    // Longest untouched first.
  std::size_t weight = 0;  // Of all open ones.
  Growth::Room room;
  std::vector<Incident> closed;
  std::uint64_t dropped = 0;

  std::list<Open>::iterator find(const Facts& facts);
  void close(std::list<Open>::iterator which);
  void make_room();
};

bool IncidentTracker::State::Open::same_story(const Facts& next) const {
  const auto died_before = [&](const IncidentVictim& victim) {
    return std::any_of(incident.victims.begin(), incident.victims.end(),
                       [&](const IncidentVictim& earlier) {
                         return earlier.comm == victim.comm && alike(earlier.size, victim.size);
                       });
  };
  if (std::any_of(next.victims.begin(), next.victims.end(), died_before)) return true;
  // Somebody of the last table is there still and has grown on, by more than chance.
  constexpr Bytes kGrown(64 << 20);
  return std::any_of(next.table.begin(), next.table.end(), [&](const ProcessUse& process) {
    const auto before = growth.use_of(process.pid);
    return before && growth.shows(process.pid, process.comm) &&
           process.use() >= *before + std::max(kGrown, *before / 4);
  });
}

bool IncidentTracker::State::Open::knows(const IncidentVictim& victim) const {
  constexpr std::ptrdiff_t kRecent = 64;
  const auto begin = incident.victims.end() -
                     std::min(kRecent, static_cast<std::ptrdiff_t>(incident.victims.size()));
  return victim.pid && std::any_of(begin, incident.victims.end(), [&](const auto& earlier) {
           return earlier.pid == victim.pid && earlier.comm == victim.comm;
         });
}

bool IncidentTracker::State::Open::continues(const Facts& next) const {
  if (incident.reports.size() >= kReportsMax || incident.victims.size() >= kVictimsMax) {
    return false;
  }
  const auto seconds = seconds_between(last, next.when);
  if (!seconds) {
    // No clock: only if the tables show the same processes.
    return !next.table.empty() && growth.common_with(next.table) * 2 >= next.table.size();
  }
  // Lines of two CPUs, or of a daemon and the kernel, may stand a little out of order.
  constexpr double kOutOfOrder = -2;
  if (*seconds < kOutOfOrder) return false;
  return *seconds <= kGapMax || (*seconds <= kStoryGapMax && same_story(next));
}

// Again no victim, for the same asker and amid the same processes. Where such reports come by
// the hundred, the kernel's buffer overflows and many are mere pieces: a piece without an
// asker says nothing new either.
bool IncidentTracker::State::Open::repeats(const Facts& next) const {
  constexpr double kApartMax = 60;
  if (!last_without_victim || !names_no_victim(next.report())) return false;
  const CommKey asker = asker_of(next.report());
  if (asker != CommKey() && last_asker != CommKey() && asker != last_asker) return false;
  const auto seconds = seconds_between(last, next.when);
  return seconds && *seconds <= kApartMax && growth.common_with(next.table) == next.table.size();
}

IncidentTracker::Added IncidentTracker::State::Open::add(Facts&& next, Growth::Room& shared) {
  const Added added = repeats(next) ? Added::repeats : Added::news;
  last_without_victim = names_no_victim(next.report());
  if (next.report().trigger || !last_without_victim) last_asker = asker_of(next.report());
  if (added == Added::repeats) ++facts.repeats;
  if (found_nobody(next.report())) ++facts.nobody;
  if (last_without_victim && facts.asker.empty() && next.report().trigger) {
    const Trigger& trigger = *next.report().trigger;
    facts.asker = process_text(trigger.comm, trigger.pid);
  }
  if (incident.reports.empty()) {
    first = next.when;
    incident.scope = next.scope;
    incident.host = next.report().at.host;
  } else if (!next.scope.empty()) {
    incident.scope = common_path(incident.scope, next.scope);
  }
  last = next.when;
  incident.reports.push_back(next.index);
  std::optional<double> at_s;
  if (const auto seconds = seconds_between(first, next.when)) at_s = std::max(*seconds, 0.0);
  timed = timed && at_s;
  if (at_s) incident.duration_s = std::max(incident.duration_s.value_or(0), *at_s);

  facts.limit.reset();
  facts.usage.reset();
  if (next.report().at.memcg && next.report().at.memcg->memory) {
    const MemcgCounter& memory = *next.report().at.memcg->memory;
    if (memory.limit) facts.limit = to_bytes(*memory.limit);
    facts.usage = to_bytes(memory.usage);
  }
  growth.observe(next.index, at_s, std::move(next.table), next.table_complete, shared);

  // The kernel and a daemon may both tell of one death.
  next.victims.erase(std::remove_if(next.victims.begin(), next.victims.end(),
                                    [&](const IncidentVictim& victim) { return knows(victim); }),
                     next.victims.end());
  facts.kills += next.victims.size();
  facts.last_killed = !next.victims.empty();
  facts.returned.reset();
  for (IncidentVictim& victim : next.victims) {
    if (victim.pid) growth.died(next.index, *victim.pid, CommKey(victim.comm), victim.size);
    if (victim.size) facts.returned = facts.returned.value_or(Bytes(0)) + *victim.size;
    victim.at_s = at_s;
    incident.victims.push_back(std::move(victim));
  }
  for (const std::uint64_t line : next.lines) {
    if (line != 0 && facts.lines.size() < kLinesMax) facts.lines.push_back(line);
  }
  return added;
}

Incident IncidentTracker::State::Open::close() {
  if (!timed) incident.duration_s.reset();
  incident.culprits = growth.culprits();
  incident.tracks = growth.tracks();
  facts.survivors = growth.survivors();
  facts.culprits_share = growth.culprits_share();
  if (incident.scope == kUnnamedScope) {
    facts.place = "in a cgroup that the log does not name";
  } else if (!incident.scope.empty()) {
    const CgroupIdentity identity = identify_cgroup(incident.scope, std::nullopt);
    facts.place = "in " + owner_text(identity, incident.scope);
  } else {
    facts.place = incident.host ? "on host " + *incident.host : "on the host";
  }
  std::sort(facts.lines.begin(), facts.lines.end());
  facts.lines.erase(std::unique(facts.lines.begin(), facts.lines.end()), facts.lines.end());
  tell(incident, facts);
  return std::move(incident);
}

std::list<IncidentTracker::State::Open>::iterator IncidentTracker::State::find(const Facts& facts) {
  if (!facts.key.empty()) {
    return std::find_if(open.begin(), open.end(),
                        [&](const Open& candidate) { return candidate.key == facts.key; });
  }
  // The scope is not named, but the victim may have been seen in exactly one.
  auto found = open.end();
  for (auto candidate = open.begin(); candidate != open.end(); ++candidate) {
    if (candidate->host_key != facts.host_key) continue;
    const bool shown = std::any_of(facts.victims.begin(), facts.victims.end(), [&](const auto& v) {
      return v.pid && candidate->growth.shows(*v.pid, CommKey(v.comm));
    });
    if (!shown) continue;
    if (found != open.end()) return open.end();
    found = candidate;
  }
  if (found != open.end() || !facts.victims.empty()) return found;
  // A piece of a report like those before it, the latest of which stands last.
  for (auto candidate = open.end(); candidate != open.begin();) {
    --candidate;
    if (candidate->host_key == facts.host_key && candidate->repeats(facts)) return candidate;
  }
  return found;
}

void IncidentTracker::State::close(std::list<Open>::iterator which) {
  weight -= which->weight();
  if (which->incident.reports.size() > 1) closed.push_back(which->close());
  open.erase(which);
}

void IncidentTracker::State::make_room() {
  while (open.size() > 1 && (open.size() > kOpenIncidentsMax || weight > kWeightMax)) {
    // A single report that waits for company is no story yet.
    if (open.front().incident.reports.size() > 1) ++dropped;
    close(open.begin());
  }
}

IncidentTracker::IncidentTracker() : state_(std::make_unique<State>()) {}
IncidentTracker::~IncidentTracker() = default;

IncidentTracker::Added IncidentTracker::add(std::size_t index, const Explanation& explanation) {
  Facts facts = facts_of(index, explanation);
  auto place = state_->find(facts);
  if (facts.key.empty() && place == state_->open.end()) {
    // A kill in some cgroup: those of one name are the most that can be told together.
    if (scope_of(explanation.report) != Scope::memcg || facts.victims.empty()) {
      return Added::news;
    }
    facts.scope = kUnnamedScope;
    facts.key = facts.host_key + "\n\n" + facts.victims.front().comm;
    place = state_->find(facts);
  }
  if (place != state_->open.end() && !place->continues(facts)) {
    state_->close(place);
    place = state_->open.end();
  }
  if (place == state_->open.end()) {
    place = state_->open.emplace(state_->open.end());
    place->key = facts.key;
    place->host_key = facts.host_key;
  } else {
    state_->open.splice(state_->open.end(), state_->open, place);
  }
  state_->weight -= place->weight();
  const Added added = place->add(std::move(facts), state_->room);
  state_->weight += place->weight();
  state_->make_room();
  return added;
}

void IncidentTracker::finish() {
  while (!state_->open.empty())
    state_->close(state_->open.begin());
}

std::vector<Incident> IncidentTracker::take_closed() {
  std::vector<Incident> closed = std::exchange(state_->closed, {});
  std::stable_sort(closed.begin(), closed.end(), [](const Incident& a, const Incident& b) {
    return a.reports.front() < b.reports.front();
  });
  return closed;
}

std::uint64_t IncidentTracker::dropped() const {
  return state_->dropped;
}

}  // namespace oomkit
