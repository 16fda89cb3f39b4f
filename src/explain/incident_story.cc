#include "explain/incident_story.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "core/size_text.h"
#include "explain/catalogue.h"
#include "explain/words.h"

namespace oomkit {
namespace {

constexpr std::size_t kNamesInTitle = 3;
constexpr std::size_t kCulpritsTold = 5;
constexpr std::size_t kStepsTold = 8;

std::string tenths(double number) {
  std::array<char, 48> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number,
                                          std::chars_format::fixed, 1);
  return error == std::errc() ? std::string(digits.data(), end) : "-";
}

double mebibytes(double bytes) {
  return bytes / (1 << 20);
}

std::string rate_text(double bytes_per_s) {
  constexpr double kSmall = 100 * 1024;
  if (bytes_per_s < kSmall) return tenths(bytes_per_s / 1024) + " KiB/s";
  return tenths(mebibytes(bytes_per_s)) + " MiB/s";
}

// "39.7 then 43.0 MiB/s".
std::string steps_text(const std::vector<double>& steps) {
  std::string text;
  const std::size_t told = std::min(steps.size(), kStepsTold);
  for (std::size_t i = steps.size() - told; i < steps.size(); ++i)
    text += (text.empty() ? "" : " then ") + tenths(mebibytes(steps[i]));
  return text + " MiB/s";
}

std::string duration_text(double seconds) {
  const std::int64_t whole = std::llround(std::min(seconds, 1e12));
  if (whole < 300) return std::to_string(whole) + " s";
  if (whole < 7200) return std::to_string((whole + 30) / 60) + " min";
  return tenths(static_cast<double>(whole) / 3600) + " h";
}

std::string culprit_text(const Culprit& culprit) {
  if (culprit.processes > 1) {
    return grouped(static_cast<std::int64_t>(culprit.processes)) + " processes named " +
           culprit.comm;
  }
  return culprit.comm;
}

// The names, each once, the rest counted.
std::string names_text(const std::vector<std::string>& names) {
  std::vector<std::string> told;
  std::size_t others = 0;
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) continue;
    if (told.size() < kNamesInTitle) {
      told.push_back(name);
    } else {
      ++others;
    }
  }
  if (others != 0) told.push_back(count_text(static_cast<std::int64_t>(others), "other"));
  return list_text(told);
}

std::string culprits_text(const std::vector<Culprit>& culprits) {
  std::vector<std::string> names;
  names.reserve(culprits.size());
  for (const Culprit& culprit : culprits)
    names.push_back(culprit_text(culprit));
  return names_text(names);
}

std::vector<std::string> innocent_names(const Incident& incident) {
  std::vector<std::string> names;
  for (const IncidentVictim& victim : incident.victims) {
    if (victim.culprit || victim.comm.empty()) continue;
    // A sibling of the same name as the culprit: "a filled it, a paid" would tell nothing.
    const bool namesake =
        std::any_of(incident.culprits.begin(), incident.culprits.end(),
                    [&](const Culprit& culprit) { return culprit.comm == victim.comm; });
    if (!namesake) names.push_back(victim.comm);
  }
  return names;
}

// A program that dies, is started again and dies again at about the same size.
struct Loop {
  std::string comm;
  std::size_t deaths = 0;
  std::optional<double> period_s;
  std::optional<Bytes> size;  // The largest.
};

std::optional<Loop> loop_of(const std::vector<const IncidentVictim*>& deaths) {
  constexpr std::size_t kDeathsMin = 3;
  std::set<std::int64_t> pids;
  std::optional<Bytes> smallest;
  std::optional<Bytes> largest;
  for (const IncidentVictim* death : deaths) {
    if (!death->pid) return std::nullopt;
    pids.insert(*death->pid);
    if (!death->size) continue;
    smallest = smallest ? std::min(*smallest, *death->size) : *death->size;
    largest = largest ? std::max(*largest, *death->size) : *death->size;
  }
  if (pids.size() < kDeathsMin || pids.size() != deaths.size()) return std::nullopt;
  // All but a quarter of the size is the same each time.
  if (smallest && largest && *smallest < *largest - *largest / 4) return std::nullopt;
  Loop loop{deaths.front()->comm, deaths.size(), std::nullopt, largest};
  const auto first = deaths.front()->at_s;
  const auto last = deaths.back()->at_s;
  // Deaths seconds apart are workers that die side by side, not one that comes back.
  constexpr double kPeriodMin = 5;
  if (!first || !last) return loop;
  loop.period_s = (*last - *first) / static_cast<double>(deaths.size() - 1);
  return *loop.period_s >= kPeriodMin ? std::optional(loop) : std::nullopt;
}

std::optional<Loop> restart_loop(const Incident& incident) {
  std::map<std::string_view, std::vector<const IncidentVictim*>> by_name;
  for (const IncidentVictim& victim : incident.victims)
    by_name[victim.comm].push_back(&victim);
  std::optional<Loop> longest;
  for (const auto& [comm, deaths] : by_name) {
    auto loop = loop_of(deaths);
    if (loop && (!longest || loop->deaths > longest->deaths)) longest = std::move(loop);
  }
  return longest;
}

// A program that comes back and dies is guilty itself unless another one grew meanwhile.
bool guilty(const Loop& loop, const Incident& incident) {
  if (incident.culprits.empty()) return true;
  return std::any_of(incident.culprits.begin(), incident.culprits.end(),
                     [&](const Culprit& culprit) { return culprit.comm == loop.comm; });
}

// "Nobody to kill 3,000 times in 4 s (746 a second)".
std::string count_of_nobody(const Incident& incident) {
  const auto reports = static_cast<std::int64_t>(incident.reports.size());
  std::string text = "Nobody to kill " + count_text(reports, "time");
  const double seconds = incident.duration_s.value_or(0);
  if (seconds < 1) return text;
  text += " in " + duration_text(seconds);
  const double per_second = static_cast<double>(reports - 1) / seconds;
  return per_second < 1
             ? text
             : text + " (" + grouped(std::llround(std::min(per_second, 1e12))) + " a second)";
}

// "3 kills in 146 s"; "2 OOM reports (1 kill known) in 8 min" where victims are missing.
std::string count_of(const Incident& incident, const IncidentFacts& facts) {
  const auto kills = static_cast<std::int64_t>(facts.kills);
  const auto reports = static_cast<std::int64_t>(incident.reports.size());
  if (facts.nobody == incident.reports.size()) return count_of_nobody(incident);
  std::string text = count_text(kills, "kill");
  if (kills < 2) text = count_text(reports, "OOM report") + " (" + text + " known)";
  if (incident.duration_s && *incident.duration_s >= 1) {
    text += " in " + duration_text(*incident.duration_s);
  }
  return text;
}

std::string title_of(const Incident& incident, const IncidentFacts& facts,
                     const std::optional<Loop>& loop) {
  std::string title = count_of(incident, facts);
  title += " " + facts.place;
  if (loop && loop->deaths == facts.kills && guilty(*loop, incident)) {
    title += ": " + loop->comm + " is started again and dies again";
    if (loop->period_s) title += " every " + duration_text(*loop->period_s);
    return title;
  }
  if (incident.culprits.empty()) return title;
  title += ": " + culprits_text(incident.culprits) + " filled it";
  const std::vector<std::string> innocent = innocent_names(incident);
  if (innocent.empty()) return title;
  const bool first = !incident.victims.empty() && !incident.victims.front().culprit;
  return title + ", " + names_text(innocent) + (first ? " paid first" : " paid too");
}

// The kernel gives up, the task faults on the same page and asks again.
std::string nobody_text(const IncidentFacts& facts) {
  std::string text = "Every task that the kernel looked at is exempt, so it gave up each time";
  text += facts.asker.empty() ? ", and the request was made again."
                              : ", and " + facts.asker + " asked again.";
  return text;
}

std::string repeats_text(const IncidentFacts& facts) {
  if (facts.repeats == 0) return "";
  return " " + count_text(static_cast<std::int64_t>(facts.repeats), "report") +
         (facts.repeats == 1 ? " that says no more is not shown here."
                             : " that say no more are not shown here.");
}

Finding repeated_kills(const Incident& incident, const IncidentFacts& facts,
                       const std::optional<Loop>& loop) {
  std::vector<std::string> deaths;
  constexpr std::size_t kDeathsTold = 6;
  for (std::size_t i = 0; i < std::min(incident.victims.size(), kDeathsTold); ++i) {
    const IncidentVictim& victim = incident.victims[i];
    std::string text = process_text(victim.comm, victim.pid);
    if (victim.size) text += " with " + size_text(*victim.size);
    deaths.push_back(std::move(text));
  }
  if (facts.kills > deaths.size()) {
    const std::size_t more = facts.kills - deaths.size();
    deaths.push_back(count_text(static_cast<std::int64_t>(more), "more kill"));
  }
  std::string detail = "Killed one after the other: " + list_text(deaths) + ".";
  if (facts.kills == 0) detail = "Nobody could be killed, or the log does not say who was.";
  const bool nobody = facts.nobody == incident.reports.size();
  if (nobody) detail = nobody_text(facts);
  if (facts.kills == 1) detail = "The log names one victim: " + deaths.front() + ".";
  detail += repeats_text(facts);
  if (loop) {
    detail += " " + loop->comm + " came back " + std::to_string(loop->deaths - 1) +
              " times as a new process";
    if (loop->period_s) detail += ", every " + duration_text(*loop->period_s) + " on average,";
    if (loop->size) detail += " and died each time at about " + size_text(*loop->size);
    detail += guilty(*loop, incident) ? ": starting it again does not help, it needs more than "
                                        "the limit allows or leaks."
                                      : ": it comes back to the size it had, another one grows.";
  }
  Finding finding = say(FindingId::repeated_kills, Severity::warning, count_of(incident, facts),
                        std::move(detail));
  finding.numbers.push_back(count_number("kills", static_cast<std::int64_t>(facts.kills)));
  if (incident.duration_s) finding.numbers.push_back({"duration_s", *incident.duration_s});
  if (loop && loop->period_s) finding.numbers.push_back({"period_s", *loop->period_s});
  finding.lines = facts.lines;
  if (!nobody) return finding;
  const auto reports = static_cast<std::int64_t>(incident.reports.size());
  finding.numbers.push_back(count_number("reports", reports));
  if (incident.duration_s && *incident.duration_s > 0) {
    finding.numbers.push_back(
        {"reports_per_s", static_cast<double>(reports - 1) / *incident.duration_s});
  }
  finding.advice.emplace_back(
      "It goes on until one of its tasks may be killed (choom -n 0 -p PID), the limit is raised, "
      "or something is freed.");
  return finding;
}

Finding growing_culprit(const Culprit& culprit, const IncidentFacts& facts) {
  const bool swarm = culprit.processes > 1;
  const std::string who = swarm ? culprit_text(culprit) : process_text(culprit.comm, culprit.pid);
  std::string title = who + (culprit.at_least ? " grew by at least " : " grew by ") +
                      rate_text(culprit.growth_bytes_per_s);
  std::string detail;
  if (culprit.at_least) {
    detail = "It was not there at the kill before and held " + size_text(culprit.last) +
             " at the next one: it grew at least so fast.";
  } else {
    detail = "From " + size_text(culprit.first) + " to " + size_text(culprit.last);
    if (culprit.steps_bytes_per_s.size() > 1) {
      detail += ", between the kills by " + steps_text(culprit.steps_bytes_per_s);
    }
    detail += culprit.killed ? ", until it was killed." : "; it was not killed.";
  }
  Finding finding =
      say(FindingId::growing_culprit, Severity::critical, std::move(title), std::move(detail));
  finding.numbers = {bytes_number("first_bytes", culprit.first),
                     bytes_number("last_bytes", culprit.last),
                     {"growth_bytes_per_s", culprit.growth_bytes_per_s}};
  if (swarm) {
    finding.numbers.push_back(
        count_number("processes", static_cast<std::int64_t>(culprit.processes)));
  }
  finding.numbers.push_back({"share_of_all_growth_percent", facts.culprits_share * 100});
  finding.lines = facts.lines;
  if (!culprit.killed) {
    finding.advice.push_back("Stop or limit " + culprit.comm +
                             ": it is alive and was growing at the last kill.");
  }
  return finding;
}

std::optional<Finding> victim_not_culprit(const Incident& incident, const IncidentFacts& facts) {
  const std::vector<std::string> innocent = innocent_names(incident);
  if (innocent.empty() || incident.culprits.empty()) return std::nullopt;
  Bytes size(0);
  for (const IncidentVictim& victim : incident.victims) {
    if (!victim.culprit) size += victim.size.value_or(Bytes(0));
  }
  Finding finding =
      say(FindingId::victim_not_culprit, Severity::warning,
          names_text(innocent) + " died for what " + culprits_text(incident.culprits) + " took",
          "The kernel takes the largest that its scores allow, not the one that "
          "grows. Between the kills " +
              percent_number(facts.culprits_share * 100) + " of all growth was that of " +
              culprits_text(incident.culprits) + ".");
  finding.numbers = {bytes_number("victims_bytes", size),
                     {"culprits_share_percent", facts.culprits_share * 100}};
  finding.lines = facts.lines;
  finding.advice.push_back("Give " + culprits_text(incident.culprits) +
                           " a limit of its own, so that it is the one to die.");
  return finding;
}

// From the last report: what its victim gave back, divided by how fast the rest grows.
std::optional<Finding> time_to_next_kill(const IncidentFacts& facts) {
  if (!facts.last_killed || !facts.returned || facts.survivors.bytes_per_s <= 0) {
    return std::nullopt;
  }
  Bytes room = *facts.returned;
  std::string sum = size_text(*facts.returned) + " that the last victim gave back";
  if (facts.limit && facts.usage && *facts.limit > *facts.usage) {
    room += *facts.limit - *facts.usage;
    sum += " and " + size_text(*facts.limit - *facts.usage) + " left below the limit";
  }
  if (room <= Bytes(0)) return std::nullopt;
  const double seconds = static_cast<double>(room.count()) / facts.survivors.bytes_per_s;
  Finding finding =
      say(FindingId::time_to_next_kill, Severity::critical,
          "The next kill comes about " + duration_text(seconds) + " after the last one",
          names_text(facts.survivors.names) + " lived on and grew by " +
              rate_text(facts.survivors.bytes_per_s) + ": " + sum + " last that long.");
  finding.numbers = {{"seconds", seconds},
                     bytes_number("room_bytes", room),
                     {"growth_bytes_per_s", facts.survivors.bytes_per_s}};
  finding.lines = facts.lines;
  return finding;
}

void mark_culprits(Incident& incident, const std::optional<Loop>& loop) {
  for (IncidentVictim& victim : incident.victims) {
    const auto is_it = [&](const Culprit& culprit) {
      if (culprit.comm != victim.comm) return false;
      return culprit.processes > 1 || (victim.pid && culprit.pid == *victim.pid);
    };
    victim.culprit = std::any_of(incident.culprits.begin(), incident.culprits.end(), is_it) ||
                     (loop && loop->comm == victim.comm && guilty(*loop, incident));
  }
}

}  // namespace

void tell(Incident& incident, const IncidentFacts& facts) {
  const auto loop = restart_loop(incident);
  mark_culprits(incident, loop);
  incident.title = title_of(incident, facts, loop);
  if (auto next = time_to_next_kill(facts)) incident.findings.push_back(*std::move(next));
  for (std::size_t i = 0; i < std::min(incident.culprits.size(), kCulpritsTold); ++i)
    incident.findings.push_back(growing_culprit(incident.culprits[i], facts));
  if (auto innocent = victim_not_culprit(incident, facts)) {
    incident.findings.push_back(*std::move(innocent));
  }
  incident.findings.push_back(repeated_kills(incident, facts, loop));
}

}  // namespace oomkit
