// Who grew between the kills: the processes of one incident, followed from table to table.
//
// A kill is no proof of guilt: the kernel takes the largest, and what filled the memory
// may be another that grows on. Growth tells, so each table is compared with the one
// before it, and a process is a culprit when it made a good part of all growth of some
// step. Three traps are seen to:
//  - A process that the earlier table does not have is born since, and grew from nothing:
//    a lower bound of its rate. Only if the earlier table was complete.
//  - A victim that is restarted grows fast to the size it had: nothing new. It counts
//    only beyond that size, unless nobody else grew, for then it is the leak itself.
//  - A swarm of like-named processes (a fork bomb) grows together, none of it visibly.
//
// Of a process that never mattered only a hundred bytes are kept; points for a chart only
// of the largest. A log may be one report after the other, so a row costs nanoseconds:
// rows stay sorted by pid and are merged, names are compared as two numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "explain/incident.h"
#include "explain/process_use.h"

namespace oomkit {

class Growth {
 public:
  // Room for a table, for all incidents together: what one puts down the next takes up while the
  // processor still has it at hand.
  struct Room;
  // One report's table; `at_s` since the incident's first report, if the log has times.
  // `complete`: no row is missing.
  void observe(std::size_t report, std::optional<double> at_s, std::vector<ProcessUse> table,
               bool complete, Room& room);
  // The process died in that report, which has been observed.
  void died(std::size_t report, std::int64_t pid, const CommKey& comm, std::optional<Bytes> size);

  // Whether the latest table has that process.
  bool shows(std::int64_t pid, const CommKey& comm) const;
  // Processes of the latest table that `table` has too.
  std::size_t common_with(const std::vector<ProcessUse>& table) const;
  std::optional<Bytes> use_of(std::int64_t pid) const;  // In the latest table.

  std::vector<Culprit> culprits() const;  // Steepest first, at most kCulpritsMax.
  std::vector<IncidentTrack> tracks() const;
  // Growth a second over the last step of all culprits that live, and how many they are.
  struct Survivors {
    double bytes_per_s = 0;
    std::vector<std::string> names;
  };
  Survivors survivors() const;
  // The part of all growth that the culprits made.
  double culprits_share() const;

  std::size_t size() const { return rows_.size() + gone_.size(); }

 private:
  static constexpr std::size_t kCulpritsMax = 16;
  static constexpr std::size_t kGoneMax = 64;
  static constexpr std::size_t kPointedMax = 32;  // Rows that keep points.
  static constexpr std::size_t kNamesMax = 1024;
  static constexpr double kCulpritShare = 0.2;

  // Of the few that matter.
  struct History {
    std::optional<std::size_t> killed_in;
    std::vector<IncidentPoint> points;
  };
  struct Row {
    std::int64_t pid = 0;
    CommKey comm;
    Bytes first, before, last;  // Use: at first, in the table before, in the latest one.
    double first_at = 0, last_at = 0;
    double grown = 0;  // All growth that counted, in bytes.
    double last_rate = 0;
    double born_rate = -1;  // Of its first step, if it came between two reports.
    double share = 0;       // Largest part of a step's growth that it made.
    std::uint32_t seen = 0;
    std::unique_ptr<History> history;

    bool born() const { return born_rate >= 0; }
    bool killed() const { return history && history->killed_in; }
    bool pointed() const { return history && !history->points.empty(); }
    History& remembered() {
      if (!history) history = std::make_unique<History>();
      return *history;
    }
  };
  struct Swarm {
    double share = 0;
    double grown = 0;
    double seconds = 0;
    std::size_t processes = 0;
    std::int64_t largest = 0;
    Bytes first, last;
    std::vector<double> steps;
  };
  struct Delta {
    std::size_t row = 0;
    double grown = 0;
    double counted = 0;  // Without a restarted victim's way back to its old size.
  };
  struct Step {
    std::vector<Delta> deltas;  // Of those that grew.
    double seconds = 0;
    double in_use = 0;  // By all.
  };

  struct NameSum {
    double counted = 0, largest_counted = 0;
    std::size_t processes = 0;
    std::int64_t largest = 0;
    Bytes before, last;
  };

  Step merge(const std::vector<ProcessUse>& table, std::optional<double> at_s);
  void judge(Step& step);
  void judge_swarms(const Step& step, double total);
  void judge_name(const CommKey& comm, const NameSum& sum, double seconds, double total);
  void add_points(std::size_t report, double at_s);
  void thin_pointed();
  void bury(Row&& row);
  const Row* find(std::int64_t pid) const;
  bool in_swarm(const Row& row) const;
  static Culprit culprit_of(const Row& row);
  Culprit culprit_of(const CommKey& comm, const Swarm& swarm) const;

  std::vector<Row> rows_;  // The latest table, by pid ...
  std::vector<Row> next_;  // ... and, in observe(), the one that takes its place.
  std::vector<Row> gone_;  // Dead or vanished ones that matter.
  std::map<CommKey, Swarm> swarms_;
  std::map<CommKey, Bytes> size_at_death_;  // By name, of the victims so far.
  std::size_t last_report_ = 0;
  std::optional<double> last_at_;
  bool observed_ = false;
  bool last_complete_ = false;
  double total_grown_ = 0;
};

struct Growth::Room {
  std::vector<Row> rows;
};

}  // namespace oomkit
