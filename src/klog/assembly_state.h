// The parts that the assembly is made of: sources, reports being put together, and the
// queue in which those wait for the lines that come late.
//
// A report goes through phases, and a line of an earlier phase than the report is in
// cannot be its own: that is how a lost trigger line shows. Lines that only an OOM report
// has (a task table, memcg counters, a kill line) prove one; a memory dump alone may be
// anybody's and is kept as `tentative` until such a line follows it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "klog/assembly.h"
#include "klog/evidence.h"
#include "klog/lines_daemons.h"
#include "klog/lines_tasks.h"
#include "klog/lines_verdict.h"
#include "klog/repair.h"

namespace oomkit {

enum class Phase : std::uint8_t { head, memory, tasks, chosen, done };

struct OpenReport {
  OomReport report;
  ReportSigns signs;
  Phase phase = Phase::head;
  std::uint64_t last_at = 0;  // Count of records when its last line came.

  std::string release_near;  // Of a CPU line shortly before: the same kernel.
  bool cpu_seen = false;
  bool trace_begun = false;
  bool mem_info_seen = false;
  bool blank_seen = false;      // A blank line since its last line.
  bool stat_lines = false;      // Lines of "name value" are statistics of its memcg.
  bool slab_lines = false;      // Lines of "name KB KB" are caches.
  bool table_inferred = false;  // Rows without a header.
  bool row_was_kept = false;
  bool choice_line = false;     // "Kill process ..." has been read.
  bool and_children = false;    // 2.6.18: more kill lines belong to it.
  bool group = false;           // memory.oom.group: likewise.
  bool awaits_cgroup = false;   // oomd: the line with the cgroup comes after the victims'.
  std::size_t zone = SIZE_MAX;  // Index of the zone whose line was the last.
  TaskColumns columns;

  bool has_verdict() const { return report.verdict != Verdict::unknown; }
};

// A block that is no OOM report and whose lines must not leak into one.
struct OtherBlock {
  OtherEvent event;
  std::uint64_t lines_alike = 1;
  std::uint64_t last_at = 0;
  bool mem_info_seen = false;
};

// What a daemon has said before its kill line.
struct DaemonNotes {
  Victim victim;
  std::string reason;
  std::uint64_t line = 0;
  std::uint64_t last_at = 0;
};

struct Source {
  std::string host;
  std::string caller;
  LineJoiner joiner;
  OpenReport* open = nullptr;             // In the queue.
  std::unique_ptr<OpenReport> tentative;  // No line proves it yet.
  std::unique_ptr<OtherBlock> other;
  OpenReport* daemon = nullptr;  // In the queue.
  DaemonNotes daemon_notes;
  std::string release;  // Of the last CPU line.
  std::uint64_t release_at = 0;
  std::string hung_task;
  std::uint64_t hung_at = 0;
  std::uint64_t hung_line = 0;
  bool gap = false;  // Lines were left out: order alone joins nothing any more.
  std::uint64_t used_at = 0;
};

struct Assembly::State final : LogicalLineSink {
  State(std::string input_name, ReportSink& report_sink)
      : input(std::move(input_name)), sink(&report_sink) {}

  // assembly.cc: records, sources, the queue.
  void take_record(const LogRecord& record);
  void begin_rows(const LogRecord& record);
  void take_next_row(const LogRecord& record, const PlainRow& before);
  bool look_for_ready();
  void skip();
  void end(bool last_line_cut);
  bool idle() const;
  Source& source_of(const LogRecord& record);
  void drop_source_if_many();
  void on_line(const LogicalLine& line) override;
  void dispatch(const LogicalLine& line);
  void emit_ready(bool all);
  void emit_front();
  OpenReport& start(const LogicalLine& line);
  OpenReport& confirm_tentative();
  OpenReport* part_of(Phase part, const LogicalLine& line, bool proof);
  OpenReport& make_tentative(const LogicalLine& line);
  void begin_report(OpenReport& report, const LogicalLine& line) const;
  void touch(OpenReport& report, std::uint64_t last_line, std::optional<HostTime> uptime);
  void touch(OpenReport& report, const LogicalLine& line) {
    touch(report, line.last_line, line.uptime);
  }
  void note_overflows(OpenReport& report, const LineNotes& notes);
  bool is_near(const OpenReport& report, std::uint64_t records) const {
    return count - report.last_at <= records;
  }

  // assembly_head.cc
  void on_trigger(const LogicalLine& line);
  void on_cpuset(const LogicalLine& line);
  void on_cpu(const LogicalLine& line);
  void on_hardware(const LogicalLine& line);
  void on_trace(const LogicalLine& line);
  void on_registers(const LogicalLine& line);
  OpenReport* head_report(const LogicalLine& line);

  // assembly_memory.cc
  void on_mem_info(const LogicalLine& line);
  void on_memory_line(const LogicalLine& line);
  void on_memcg_line(const LogicalLine& line);
  void on_stat_pair(const LogicalLine& line);
  void on_task_header(const LogicalLine& line);
  void on_task_row(const LogicalLine& line);
  OpenReport* open_table() const;
  const TaskColumns* columns_for_more() const;
  Task& next_row();
  bool keep_row(std::uint64_t line, std::optional<HostTime> uptime);
  void end_rows();
  void read_row(OpenReport& report, const PlainRow& row);
  void judge_row(OpenReport& report, RowResult result, const LineNotes& notes);
  void keep_last_row(OpenReport& report);
  bool infer_columns(OpenReport& report, const LogicalLine& line);

  // assembly_verdict.cc
  void on_oom_kill(const LogicalLine& line);
  void on_choice(const LogicalLine& line);
  void on_killed(const LogicalLine& line);
  void on_shares_memory(const LogicalLine& line);
  void on_exiting(const LogicalLine& line);
  void on_group(const LogicalLine& line);
  void on_reaper(const LogicalLine& line);
  void on_no_killable(const LogicalLine& line);
  void on_panic(const LogicalLine& line);
  void on_request_ignored(const LogicalLine& line);
  void on_elision(const LogicalLine& line);
  OpenReport* for_verdict(const LogicalLine& line, std::optional<std::int64_t> pid);
  OpenReport& verdict_alone(const LogicalLine& line);
  OpenReport* reaper_report(std::int64_t pid);

  // assembly_other.cc
  void on_failure(const LogicalLine& line);
  void on_slub(const LogicalLine& line);
  void on_daemon(const LogicalLine& line);
  void on_daemon_kill(const DaemonLine& said, const LogicalLine& line);
  OpenReport& start_daemon_report(const DaemonLine& said, const LogicalLine& line);
  bool takes_other(const LogicalLine& line);
  void close_other(Source& source);
  void begin_other(OtherEvent event, const LogicalLine& line);

  std::string input;
  ReportSink* sink;
  DamageCounts damage;

  std::vector<std::unique_ptr<Source>> sources;
  Source* current = nullptr;  // Of the record at hand; then of the last one.
  std::deque<std::unique_ptr<OpenReport>> queue;
  // A lone line of the reaper: a report only if the whole input has no other.
  std::unique_ptr<OpenReport> lone_reaper;
  std::vector<std::int64_t> recent_victims;  // Of reports that have been handed over.

  std::uint64_t count = 0;        // Records so far.
  std::uint64_t relevant_at = 0;  // When a line last was of interest.
  std::uint64_t reports = 0;
  std::uint64_t rows_held = 0;
  OpenReport* filling = nullptr;  // Has rows at its end, from `filled` on, that are not kept yet.
  std::size_t filled = 0;
  std::size_t rows_before = 0;   // Of the last report that had a table.
  std::uint64_t suppressed = 0;  // "N callbacks suppressed" since the last trigger.
  std::uint64_t sysrq_at = 0;    // When somebody asked for an OOM kill by hand; 0: never.
  std::string sysrq_host;
};

}  // namespace oomkit
