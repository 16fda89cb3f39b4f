// Several kills that are one story: same host, same scope, close in time.
//
// Reports come in the order of the log, one at a time, and are not kept: an open
// incident holds of each process what its growth needs, no more. Memory is bounded by
// kOpenIncidentsMax and kTracksMax.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "explain/explanation.h"
#include "explain/finding.h"

namespace oomkit {

struct Culprit {
  std::string comm;
  std::int64_t pid = 0;
  double growth_bytes_per_s = 0;
  Bytes first, last;     // Use in the first and last report that show it.
  std::size_t seen = 0;  // In how many reports.
  bool killed = false;
  std::vector<double> steps_bytes_per_s;  // Growth between each two reports that show it.
  // Born between two reports: it grew at least so fast, from nothing.
  bool at_least = false;
  // More than 1: that many processes of this name grew together; pid is the largest of them.
  std::size_t processes = 1;
};

// The memory of one process over an incident, for a chart: one point for each report
// that shows it.
struct IncidentPoint {
  std::size_t report = 0;  // 1-based index.
  double at_s = 0;         // Since the incident's first report.
  Bytes use;
};

struct IncidentTrack {
  std::string comm;
  std::int64_t pid = 0;
  std::optional<std::size_t> killed_in;  // The report that shows its death.
  std::vector<IncidentPoint> points;     // In order of time, at most kTrackPointsMax.
};

struct IncidentVictim {
  std::string comm;
  std::optional<std::int64_t> pid;
  std::size_t report = 0;      // 1-based index.
  std::optional<double> at_s;  // Since the incident's first report.
  std::optional<Bytes> size;
  bool culprit = false;
};

struct Incident {
  std::vector<std::size_t> reports;  // 1-based, over all inputs.
  std::string title;  // "3 kills in 146 s in pod cabf8137-...: rpm and python2.7 filled it, java
                      // paid first"
  std::string scope;  // Cgroup path, or "" for the host.
  std::optional<std::string> host;
  std::optional<double> duration_s;
  std::vector<Culprit> culprits;        // Steepest first.
  std::vector<IncidentVictim> victims;  // In order of time.
  std::vector<Finding> findings;
  std::vector<IncidentTrack> tracks;  // The largest processes, at most kTracksShown.
};

class IncidentTracker {
 public:
  static constexpr std::size_t kTracksShown = 8;
  static constexpr std::size_t kTrackPointsMax = 200;
  static constexpr std::size_t kOpenIncidentsMax = 256;
  static constexpr std::size_t kTracksMax =
      4096;  // Processes followed in one incident: the largest.

  IncidentTracker();
  ~IncidentTracker();
  IncidentTracker(const IncidentTracker&) = delete;
  IncidentTracker& operator=(const IncidentTracker&) = delete;

  // `index` is the report's 1-based number over all inputs. May close incidents.
  enum class Added {
    news,
    // No victim, as in the report before of the same incident: the kernel found nobody to
    // kill and asks again at once, some hundred times a second. The incident tells how many
    // such reports there were, so people need not be shown them.
    repeats,
  };
  Added add(std::size_t index, const Explanation& explanation);
  void finish();

  // Closed since the last call, those of one report left out, in the order they began.
  std::vector<Incident> take_closed();
  // Closed before their time, because more were open than fit: their story may go on in
  // another incident.
  std::uint64_t dropped() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oomkit
