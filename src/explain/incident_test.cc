#include "explain/incident.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMiBPages = 256;  // Of 4 KiB.
constexpr double kMiB = 1048576;

// One report of a memcg, built like a sentence: at(10).row(...).kills(...).
class Report {
 public:
  explicit Report(double at_s, const char* path = "/box") {
    OomReport& report = said_.report;
    report.constraint = Constraint::memcg;
    report.at.page_size = PageSize::k4K;
    report.at.uptime = std::chrono::duration_cast<HostTime>(std::chrono::duration<double>(at_s));
    report.at.memcg = MemcgReport{};
    report.at.memcg->oom_path = path;
    report.at.memcg->memory = MemcgCounter{KiB(1024000), KiB(1024000), 0, 0};
    report.verdict = Verdict::killed;
  }
  Report& row(std::int64_t pid, const char* comm, std::int64_t mib) {
    Task task;
    task.pid = pid;
    task.comm = comm;
    task.rss = Pages(mib * kMiBPages);
    task.swapents = Pages(0);
    said_.report.at.tasks.push_back(task);
    return *this;
  }
  Report& kills(std::int64_t pid, const char* comm) {
    Victim victim;
    victim.pid = pid;
    victim.comm = comm;
    victim.line = said_.report.at.tasks.size() + 1;
    said_.report.victims.push_back(victim);
    return *this;
  }
  Report& on(const char* host) {
    said_.report.at.host = host;
    return *this;
  }
  Report& of_host() {
    said_.report.constraint = Constraint::none;
    said_.report.at.memcg.reset();
    return *this;
  }
  Report& without_time() {
    said_.report.at.uptime.reset();
    return *this;
  }
  Report& elided() {
    said_.report.elided = true;
    return *this;
  }
  Report& unnamed_cgroup() {
    said_.report.at.memcg.reset();
    said_.report.message_prefixes = {"Memory cgroup out of memory"};
    return *this;
  }
  OomReport& raw() { return said_.report; }
  Explanation said() const {
    Explanation said = said_;
    said.processes = process_uses(said.report.at.tasks, said.report.at.page_size);
    return said;
  }

 private:
  Explanation said_;
};

std::vector<Incident> incidents_of(const std::vector<Report>& reports) {
  IncidentTracker tracker;
  for (std::size_t i = 0; i < reports.size(); ++i)
    tracker.add(i + 1, reports[i].said());
  tracker.finish();
  return tracker.take_closed();
}

const Finding* finding(const Incident& incident, FindingId id) {
  const auto found = std::find_if(incident.findings.begin(), incident.findings.end(),
                                  [&](const Finding& f) { return f.id == id; });
  return found == incident.findings.end() ? nullptr : &*found;
}

std::vector<std::string> culprit_names(const Incident& incident) {
  std::vector<std::string> names;
  for (const Culprit& culprit : incident.culprits)
    names.push_back(culprit.comm);
  return names;
}

// A database dies although it does not grow; a leak beside it does, and dies at last.
std::vector<Report> leak_beside_database() {
  return {Report(100).row(1001, "db", 500).row(1002, "leak", 400).kills(1001, "db"),
          Report(150).row(1002, "leak", 900).row(1003, "cron", 3).kills(1003, "cron"),
          Report(160).row(1002, "leak", 990).kills(1002, "leak")};
}

TEST(IncidentTest, TheOneThatGrowsIsBlamedNotTheOneThatDiedFirst) {
  const auto incidents = incidents_of(leak_beside_database());
  ASSERT_THAT(incidents, SizeIs(1));
  const Incident& incident = incidents.front();
  EXPECT_THAT(incident.reports, ElementsAre(1, 2, 3));
  EXPECT_THAT(incident.duration_s, testing::Optional(DoubleNear(60, 1e-6)));
  EXPECT_THAT(culprit_names(incident), ElementsAre("leak"));
  const Culprit& leak = incident.culprits.front();
  EXPECT_THAT(leak.growth_bytes_per_s, DoubleNear(590 * kMiB / 60, 1));
  EXPECT_THAT(leak.steps_bytes_per_s,
              ElementsAre(DoubleNear(10 * kMiB, 1), DoubleNear(9 * kMiB, 1)));
  EXPECT_TRUE(leak.killed);
  ASSERT_THAT(incident.victims, SizeIs(3));
  EXPECT_FALSE(incident.victims[0].culprit);
  EXPECT_FALSE(incident.victims[1].culprit);
  EXPECT_TRUE(incident.victims[2].culprit);
  EXPECT_EQ(incident.title,
            "3 kills in 60 s in cgroup /box: leak filled it, db and cron paid first");
}

TEST(IncidentTest, EachStepsRateIsTold) {
  const auto incidents = incidents_of(leak_beside_database());
  ASSERT_THAT(incidents, SizeIs(1));
  const Finding* growing = finding(incidents[0], FindingId::growing_culprit);
  ASSERT_NE(growing, nullptr);
  EXPECT_THAT(growing->title, HasSubstr("leak (pid 1002) grew by 9.8 MiB/s"));
  EXPECT_THAT(growing->detail, HasSubstr("10.0 then 9.0 MiB/s"));
  const Finding* innocent = finding(incidents[0], FindingId::victim_not_culprit);
  ASSERT_NE(innocent, nullptr);
  EXPECT_THAT(innocent->title, HasSubstr("db and cron died for what leak took"));
  // Its killer was the last kill: nothing goes on growing.
  EXPECT_EQ(finding(incidents[0], FindingId::time_to_next_kill), nullptr);
}

TEST(IncidentTest, ASurvivingCulpritTellsWhenTheNextKillComes) {
  auto reports = leak_beside_database();
  reports.pop_back();
  // cron's 3 MiB came back; the leak takes 10 MiB a second.
  const auto incidents = incidents_of(reports);
  ASSERT_THAT(incidents, SizeIs(1));
  const Finding* next = finding(incidents[0], FindingId::time_to_next_kill);
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->numbers[0].name, "seconds");
  EXPECT_THAT(std::get<double>(next->numbers[0].value), DoubleNear(0.3, 1e-6));
}

TEST(IncidentTest, TwoGrowTogetherTheSteepestFirst) {
  const auto incidents = incidents_of(
      {Report(0).row(10, "a", 100).row(20, "b", 100).row(30, "big", 700).kills(30, "big"),
       Report(10).row(10, "a", 300).row(20, "b", 600).kills(20, "b")});
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(culprit_names(incidents[0]), ElementsAre("b", "a"));
}

TEST(IncidentTest, SmallGrowthIsNobodysGuilt) {
  const auto incidents =
      incidents_of({Report(0).row(10, "a", 500).row(20, "b", 400).elided().kills(10, "a"),
                    Report(5).row(20, "b", 401).row(30, "c", 300).kills(20, "b")});
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0].culprits, IsEmpty());
  EXPECT_EQ(finding(incidents[0], FindingId::victim_not_culprit), nullptr);
}

TEST(IncidentTest, ANewProcessGrewFromNothingButOnlyIfTheTableBeforeWasWhole) {
  const auto first = Report(0).row(10, "old", 900).kills(10, "old");
  const auto second = Report(20).row(55, "new", 800).kills(55, "new");
  const auto whole = incidents_of({first, second});
  ASSERT_THAT(whole, SizeIs(1));
  ASSERT_THAT(culprit_names(whole[0]), ElementsAre("new"));
  EXPECT_TRUE(whole[0].culprits[0].at_least);
  EXPECT_THAT(whole[0].culprits[0].growth_bytes_per_s, DoubleNear(40 * kMiB, 1));
  EXPECT_THAT(finding(whole[0], FindingId::growing_culprit)->title,
              HasSubstr("at least 40.0 MiB/s"));

  const auto holes = incidents_of({Report(first).elided(), second});
  ASSERT_THAT(holes, SizeIs(1));
  EXPECT_THAT(holes[0].culprits, IsEmpty());
}

TEST(IncidentTest, ARestartedVictimIsNotBlamedForItsOldSize) {
  // db comes back to its 600 MiB each time; beside it the leak adds 90 MiB.
  const auto incidents =
      incidents_of({Report(0).row(10, "db", 600).row(20, "leak", 300).kills(10, "db"),
                    Report(30).row(11, "db", 600).row(20, "leak", 390).kills(11, "db"),
                    Report(60).row(12, "db", 510).row(20, "leak", 480).kills(12, "db")});
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(culprit_names(incidents[0]), ElementsAre("leak"));
  EXPECT_FALSE(incidents[0].victims[2].culprit);
  EXPECT_THAT(incidents[0].title, HasSubstr("leak filled it, db paid first"));
}

TEST(IncidentTest, ARestartedVictimThatOutgrowsItsOldSizeIs) {
  const auto incidents =
      incidents_of({Report(0).row(10, "db", 400).row(20, "idle", 300).kills(10, "db"),
                    Report(30).row(11, "db", 700).row(20, "idle", 310).kills(11, "db")});
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(culprit_names(incidents[0]), ElementsAre("db"));
}

TEST(IncidentTest, ARestartLoopIsNamedWithItsPeriod) {
  std::vector<Report> reports;
  reports.reserve(4);
  for (int i = 0; i < 4; ++i) {
    reports.push_back(Report(7200.0 * i).row(100 + i, "worker", 950 + i).kills(100 + i, "worker"));
  }
  const auto incidents = incidents_of(reports);
  ASSERT_THAT(incidents, SizeIs(1)) << "two hours apart, but the same story each time";
  EXPECT_EQ(incidents[0].title,
            "4 kills in 6.0 h in cgroup /box: worker is started again and dies again every 2.0 h");
  const Finding* repeated = finding(incidents[0], FindingId::repeated_kills);
  ASSERT_NE(repeated, nullptr);
  EXPECT_THAT(repeated->detail, HasSubstr("worker came back 3 times"));
  EXPECT_TRUE(incidents[0].victims[2].culprit);
}

TEST(IncidentTest, ASwarmIsBlamedAsOne) {
  Report first = Report(0).row(10, "db", 500).kills(10, "db");
  Report second(10);
  for (int i = 0; i < 150; ++i) {
    first.row(1000 + i, "spawn", 1);
    second.row(1000 + i, "spawn", 4);
  }
  second.kills(1000, "spawn");
  const auto incidents = incidents_of({first, second});
  ASSERT_THAT(incidents, SizeIs(1));
  ASSERT_THAT(culprit_names(incidents[0]), ElementsAre("spawn"));
  EXPECT_EQ(incidents[0].culprits[0].processes, 150U);
  EXPECT_THAT(incidents[0].culprits[0].growth_bytes_per_s, DoubleNear(45 * kMiB, 1));
  EXPECT_THAT(incidents[0].title, HasSubstr("150 processes named spawn filled it, db paid first"));
}

TEST(IncidentTest, OtherHostsScopesAndTimesAreOtherStories) {
  const Report base = Report(0).row(1, "a", 100).kills(1, "a");
  EXPECT_THAT(incidents_of({base, Report(base).on("other")}), IsEmpty());
  EXPECT_THAT(incidents_of({base, Report(10, "/elsewhere").row(2, "b", 9).kills(2, "b")}),
              IsEmpty());
  EXPECT_THAT(incidents_of({base, Report(10).of_host().row(2, "b", 9).kills(2, "b")}), IsEmpty());
  EXPECT_THAT(incidents_of({base, Report(3600).row(2, "b", 9).kills(2, "b")}), IsEmpty());
  // Uptime that falls is another boot.
  EXPECT_THAT(incidents_of({Report(500).row(1, "a", 100).kills(1, "a"), base}), IsEmpty());
  EXPECT_THAT(incidents_of({base, Report(60).row(2, "b", 9).kills(2, "b")}), SizeIs(1));
}

TEST(IncidentTest, ARestartedContainerStaysInTheStoryOfItsPod) {
  const std::string pod = "/kubepods/burstable/pod11111111-2222-3333-4444-555555555555/";
  const std::string a = pod + std::string(64, 'a');
  const std::string b = pod + std::string(64, 'b');
  const auto incidents = incidents_of({Report(0, a.c_str()).row(1, "app", 900).kills(1, "app"),
                                       Report(90, b.c_str()).row(2, "app", 900).kills(2, "app")});
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_EQ(incidents[0].scope, pod.substr(0, pod.size() - 1));
  EXPECT_THAT(incidents[0].title, HasSubstr("in pod 11111111-2222-3333-4444-555555555555"));
}

TEST(IncidentTest, WithoutAClockOnlyTheSameProcessesJoin) {
  const auto first = Report(0).row(1, "a", 100).row(2, "b", 50).without_time().kills(1, "a");
  const auto same = Report(0).row(2, "b", 150).row(3, "c", 1).without_time().kills(2, "b");
  const auto other = Report(0).row(7, "x", 100).row(8, "y", 1).without_time().kills(7, "x");
  const auto joined = incidents_of({first, same});
  ASSERT_THAT(joined, SizeIs(1));
  EXPECT_FALSE(joined[0].duration_s);
  EXPECT_THAT(joined[0].culprits, IsEmpty()) << "growth without time has no rate";
  EXPECT_THAT(incidents_of({first, other}), IsEmpty());
}

TEST(IncidentTest, ABareKillLineBelongsWhereItsVictimWasSeen) {
  const auto incidents = incidents_of({Report(0).row(1, "a", 500).row(2, "b", 400).kills(1, "a"),
                                       Report(0, "/other").row(9, "z", 5).kills(9, "z"),
                                       Report(2).unnamed_cgroup().kills(2, "b")});
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0].reports, ElementsAre(1, 3));
  EXPECT_EQ(incidents[0].scope, "/box");
}

TEST(IncidentTest, KillsInACgroupWithoutANameAreToldByTheVictimsName) {
  std::vector<Report> reports;
  reports.reserve(4);
  for (int i = 0; i < 3; ++i)
    reports.push_back(Report(60.0 * i).unnamed_cgroup().kills(50 + i, "java"));
  const auto incidents = incidents_of(reports);
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0].title, HasSubstr("java is started again and dies again every 60 s"));
}

TEST(IncidentTest, ADeathThatADaemonTellsOfTooIsOneDeath) {
  Report kernel = Report(10).of_host().row(1, "a", 100).kills(1, "a");
  Report daemon = Report(11).of_host().kills(1, "a");
  daemon.raw().killer = Killer::kubelet;
  daemon.raw().constraint = Constraint::unknown;
  Report later = Report(20).of_host().row(2, "b", 50).kills(2, "b");
  const auto incidents = incidents_of({kernel, daemon, later});
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0].reports, ElementsAre(1, 2, 3));
  EXPECT_THAT(incidents[0].victims, SizeIs(2));
  EXPECT_THAT(incidents[0].title, HasSubstr("2 kills in 10 s"));
}

TEST(IncidentTest, TheTimelineHasThePointsOfTheLargest) {
  const auto incidents = incidents_of(leak_beside_database());
  ASSERT_THAT(incidents, SizeIs(1));
  const auto& tracks = incidents[0].tracks;
  ASSERT_FALSE(tracks.empty());
  EXPECT_EQ(tracks[0].comm, "leak");
  EXPECT_EQ(tracks[0].killed_in, 3U);
  ASSERT_THAT(tracks[0].points, SizeIs(3));
  EXPECT_THAT(tracks[0].points[1].at_s, DoubleNear(50, 1e-6));
  EXPECT_EQ(tracks[0].points[1].use, Bytes(900 << 20));
}

TEST(IncidentTest, MemoryIsBoundedHoweverManyScopesAndReports) {
  IncidentTracker tracker;
  std::size_t index = 0;
  for (int round = 0; round < 3; ++round) {
    for (int scope = 0; scope < 400; ++scope) {
      const std::string path = "/scope" + std::to_string(scope);
      Report report(round, path.c_str());
      for (int pid = 0; pid < 20; ++pid)
        report.row(pid, "p", pid + round);
      tracker.add(++index, report.said());
    }
  }
  tracker.finish();
  EXPECT_THAT(tracker.take_closed(), IsEmpty()) << "each was put out before its second report";

  Report crowded(0);
  Report later(10);
  for (int pid = 0; pid < 20000; ++pid) {
    crowded.row(pid, "p", 1);
    later.row(pid, "p", pid == 19999 ? 900 : 1);
  }
  tracker.add(1, crowded.said());
  tracker.add(2, later.said());
  tracker.finish();
  const auto incidents = tracker.take_closed();
  ASSERT_THAT(incidents, SizeIs(1));
}

TEST(IncidentTest, ALongIncidentKeepsAThinnedTimeline) {
  IncidentTracker tracker;
  for (int i = 0; i < 1000; ++i) {
    tracker.add(
        static_cast<std::size_t>(i) + 1,
        Report(10.0 * i).row(5, "leak", 100 + i).row(1000 + i, "x", 1).kills(1000 + i, "x").said());
  }
  tracker.finish();
  const auto incidents = tracker.take_closed();
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0].reports, SizeIs(1000));
  ASSERT_FALSE(incidents[0].tracks.empty());
  EXPECT_LE(incidents[0].tracks[0].points.size(), IncidentTracker::kTrackPointsMax);
  EXPECT_EQ(incidents[0].tracks[0].points.front().report, 1U);
  EXPECT_EQ(incidents[0].tracks[0].points.back().report, 1000U);
}

TEST(IncidentTest, HostileNumbersDoNotOverflow) {
  std::vector<Report> reports;
  for (const std::int64_t pages : {INT64_MAX, INT64_MIN, INT64_MAX}) {
    Report report(static_cast<double>(reports.size()) * 3);
    report.row(INT64_MIN, "x", 1).row(INT64_MAX, "y", 1).kills(INT64_MAX, "y");
    for (Task& task : report.raw().at.tasks) {
      task.rss = Pages(pages);
      task.swapents = Pages(pages);
    }
    report.raw().at.memcg->memory = MemcgCounter{KiB(INT64_MIN), KiB(INT64_MAX), 0, 0};
    reports.push_back(report);
  }
  reports.back().raw().at.uptime = HostTime(INT64_MAX);
  EXPECT_LE(incidents_of(reports).size(), 1U);
}

// A cgroup whose only task is exempt: the kernel reports some hundred times a second.
Report nobody_at(double at_s, std::int64_t pid = 777) {
  Report report(at_s);
  report.row(pid, "app", 900);
  report.raw().verdict = Verdict::no_killable;
  Trigger trigger;
  trigger.comm = "app";
  trigger.pid = pid;
  report.raw().trigger = trigger;
  return report;
}

TEST(IncidentOfNobody, ReportsThatSayTheSameAreOneStoryWithItsRate) {
  IncidentTracker tracker;
  std::size_t news = 0;
  for (std::size_t i = 0; i < 3000; ++i) {
    const Report report = nobody_at(1000 + static_cast<double>(i) * 0.00125);
    if (tracker.add(i + 1, report.said()) == IncidentTracker::Added::news) ++news;
  }
  tracker.finish();
  EXPECT_EQ(news, 1U);
  const auto incidents = tracker.take_closed();
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0].reports, SizeIs(3000));
  EXPECT_THAT(incidents[0].title, HasSubstr("Nobody to kill 3,000 times in 4 s (800 a second)"));
  ASSERT_THAT(incidents[0].findings, SizeIs(1));
  EXPECT_THAT(incidents[0].findings[0].detail, HasSubstr("app (pid 777) asked again"));
  EXPECT_THAT(incidents[0].findings[0].detail, HasSubstr("2,999 reports"));
}

TEST(IncidentOfNobody, PiecesOfSuchReportsSayNoMore) {
  IncidentTracker tracker;
  EXPECT_EQ(tracker.add(1, nobody_at(1).said()), IncidentTracker::Added::news);
  Report head = Report(2);
  head.raw().verdict = Verdict::unknown;
  head.raw().at.memcg.reset();  // Its end is lost, and with it whose limit it was.
  head.raw().constraint = Constraint::unknown;
  head.raw().trigger = nobody_at(2).raw().trigger;
  EXPECT_EQ(tracker.add(2, head.said()), IncidentTracker::Added::repeats);
  Report tail = Report(3);
  tail.raw().verdict = Verdict::no_killable;
  EXPECT_EQ(tracker.add(3, tail.said()), IncidentTracker::Added::repeats);
  Report other = nobody_at(4);
  other.raw().trigger->comm = "another";
  EXPECT_EQ(tracker.add(4, other.said()), IncidentTracker::Added::news);
  tracker.finish();
  const auto incidents = tracker.take_closed();
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0].findings[0].detail, HasSubstr("2 reports that say no more"));
}

TEST(IncidentOfNobody, AnotherAskerAnotherProcessOrADeathIsNews) {
  IncidentTracker tracker;
  EXPECT_EQ(tracker.add(1, nobody_at(1).said()), IncidentTracker::Added::news);
  EXPECT_EQ(tracker.add(2, nobody_at(2).said()), IncidentTracker::Added::repeats);
  EXPECT_EQ(tracker.add(3, nobody_at(3, 778).said()), IncidentTracker::Added::news);
  Report killed = Report(4).row(778, "app", 900);
  EXPECT_EQ(tracker.add(4, killed.kills(778, "app").said()), IncidentTracker::Added::news);
  EXPECT_EQ(tracker.add(5, nobody_at(5).said()), IncidentTracker::Added::news);
  EXPECT_EQ(tracker.add(6, nobody_at(500).said()), IncidentTracker::Added::news);
}

}  // namespace
}  // namespace oomkit
