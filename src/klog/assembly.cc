#include "klog/assembly.h"

#include <algorithm>
#include <utility>

#include "klog/assembly_state.h"
#include "klog/line_text.h"
#include "klog/lines_other.h"
#include "klog/stamp.h"

namespace oomkit {
namespace {

// Bounds, so that no input costs more memory than this, however it is made.
constexpr std::size_t kSourcesMax = 64;
constexpr std::size_t kReportsHeldMax = 64;
constexpr std::uint64_t kRowsHeldMax = 131072;
constexpr std::uint64_t kRowsHeldQuietly = 16384;
constexpr std::size_t kRecentVictims = 256;

// How many records a report waits for lines that come late: the reaper's and a group's
// after the verdict, the verdict itself if other messages stand before it.
constexpr std::uint64_t kLingerDone = 256;
constexpr std::uint64_t kLingerOpen = 4096;
constexpr std::uint64_t kIdleAfter = 200;
constexpr std::uint64_t kTentativeMax = 64;

}  // namespace

Assembly::Assembly(std::string input_name, ReportSink& sink)
    : state_(std::make_unique<State>(std::move(input_name), sink)) {}

Assembly::~Assembly() = default;

void Assembly::on_record(const LogRecord& record) {
  state_->take_record(record);
}
void Assembly::on_row(const LogRecord& record, const PlainRow* before) {
  if (before == nullptr) {
    state_->begin_rows(record);
  } else {
    state_->take_next_row(record, *before);
  }
}
void Assembly::hold_row(const LogRecord& frame, const PlainRow& last) {
  LogRecord record = frame;
  record.text = last.text;
  record.line = last.line;
  record.uptime = last.uptime;
  state_->current->joiner.hold_row(record);
}
const TaskColumns* Assembly::open_columns() const {
  return state_->columns_for_more();
}
Task& Assembly::next_row() {
  return state_->next_row();
}
bool Assembly::keep_row(std::uint64_t line, std::optional<HostTime> uptime) {
  return state_->keep_row(line, uptime);
}
void Assembly::end_rows() {
  state_->end_rows();
}
bool Assembly::in_report() const {
  return state_->relevant_at != 0 && state_->count - state_->relevant_at < kIdleAfter / 2;
}
bool Assembly::in_table() const {
  return in_report() && state_->current->joiner.holds_row();
}
void Assembly::skipped() {
  state_->skip();
}
void Assembly::finish(bool last_line_cut) {
  state_->end(last_line_cut);
}
bool Assembly::idle() const {
  return state_->idle();
}
const DamageCounts& Assembly::damage() const {
  return state_->damage;
}

void Assembly::State::take_record(const LogRecord& record) {
  ++count;
  current = &source_of(record);
  current->used_at = count;
  if (record.lost_before) {
    damage.add(Damage::lines_lost);
    if (current->open != nullptr && !current->open->has_verdict()) {
      ++current->open->report.lines_lost;
    }
  }
  current->joiner.add(record, *this);
  look_for_ready();
}

void Assembly::State::begin_rows(const LogRecord& record) {
  ++count;
  current = &source_of(record);
  current->used_at = count;
  current->joiner.begin_rows(*this);
  look_for_ready();
}

// The source is the last row's, for the frame is the same.
void Assembly::State::take_next_row(const LogRecord& record, const PlainRow& before) {
  ++count;
  current->used_at = count;
  if (OpenReport* const table = open_table()) {
    read_row(*table, before);
  } else {
    on_line(current->joiner.row_line(record, before));
  }
  look_for_ready();
}

// Whether it had to look.
bool Assembly::State::look_for_ready() {
  // Nothing is so urgent that each record would have to look.
  constexpr std::uint64_t kLookEvery = 16;
  if (count % kLookEvery != 0 && queue.size() <= kReportsHeldMax) return false;
  emit_ready(false);
  return true;
}

// The source of a record. What names no host or no caller, a wrapped line's second half
// or a line of another frame, is the last source's.
Source& Assembly::State::source_of(const LogRecord& record) {
  if (current != nullptr) {
    const bool host_fits = record.host.empty() || record.host == current->host;
    const bool caller_fits = record.caller.empty() || record.caller == current->caller;
    if (host_fits && caller_fits) return *current;
    const bool host_open = host_fits || current->host.empty();
    if (host_open && (caller_fits || current->caller.empty())) {
      // Until now the log had not said where its lines are from.
      if (!record.host.empty()) current->host = record.host;
      if (!record.caller.empty()) current->caller = record.caller;
      return *current;
    }
  }
  const std::string_view host =
      record.host.empty() && current != nullptr ? std::string_view(current->host) : record.host;
  for (const auto& source : sources) {
    if (source->host == host && (record.caller.empty() || source->caller == record.caller)) {
      return *source;
    }
  }
  const std::string host_name(host);
  drop_source_if_many();
  sources.push_back(std::make_unique<Source>());
  sources.back()->host = host_name;
  sources.back()->caller = record.caller;
  return *sources.back();
}

// The source that was silent longest makes room; its report stays in the queue.
void Assembly::State::drop_source_if_many() {
  if (sources.size() < kSourcesMax) return;
  const auto oldest =
      std::min_element(sources.begin(), sources.end(),
                       [](const auto& a, const auto& b) { return a->used_at < b->used_at; });
  Source* const before = current;
  current = oldest->get();
  current->joiner.flush(*this);
  close_other(*current);
  sources.erase(oldest);
  current = before;
}

void Assembly::State::on_line(const LogicalLine& line) {
  const std::uint64_t rejoined = current->joiner.take_rejoined();
  if (rejoined > 0) damage.add(Damage::wrapped_rejoined, rejoined);
  if (line.blank_before && current->open != nullptr) current->open->blank_seen = true;
  dispatch(line);
}

// One line a kind of line: shorter in pieces would be harder to find one's way in.
// NOLINTNEXTLINE(readability-function-size)
void Assembly::State::dispatch(const LogicalLine& line) {
  switch (line.kind) {
    case LineKind::frame:
    case LineKind::trace_begin:
      return on_trace(line);
    case LineKind::task_row:
      return on_task_row(line);
    case LineKind::stat_pair:
      return on_stat_pair(line);
    case LineKind::register_dump:
      return on_registers(line);
    case LineKind::trigger:
      return on_trigger(line);
    case LineKind::cpuset:
      return on_cpuset(line);
    case LineKind::cpu:
      return on_cpu(line);
    case LineKind::hardware:
    case LineKind::workqueue:
      return on_hardware(line);
    case LineKind::mem_info:
      return on_mem_info(line);
    case LineKind::per_cpu:
    case LineKind::counters:
    case LineKind::node:
    case LineKind::zone:
    case LineKind::node_prefix:
    case LineKind::lowmem_reserve:
    case LineKind::free_list:
    case LineKind::hugepages:
    case LineKind::page_total:
    case LineKind::swap_total:
    case LineKind::slab_begin:
    case LineKind::slab_row:
    case LineKind::allocations_begin:
      return on_memory_line(line);
    case LineKind::memcg_task_in:
    case LineKind::memcg_counter:
    case LineKind::memcg_stat_begin:
    case LineKind::memcg_protection:
      return on_memcg_line(line);
    case LineKind::task_title:
    case LineKind::task_header:
      return on_task_header(line);
    case LineKind::oom_kill:
      return on_oom_kill(line);
    case LineKind::kill_choice:
      return on_choice(line);
    case LineKind::killed:
      return on_killed(line);
    case LineKind::shares_memory:
      return on_shares_memory(line);
    case LineKind::already_exiting:
      return on_exiting(line);
    case LineKind::group_begin:
      return on_group(line);
    case LineKind::reaped:
    case LineKind::unable_to_reap:
      return on_reaper(line);
    case LineKind::no_killable:
      return on_no_killable(line);
    case LineKind::panic:
      return on_panic(line);
    case LineKind::request_ignored:
      return on_request_ignored(line);
    case LineKind::elision:
      return on_elision(line);
    case LineKind::sysrq:
      sysrq_at = count;
      sysrq_host = current->host;
      relevant_at = count;
      return;
    case LineKind::suppressed:
      suppressed += read_suppressed(line.text);
      return;
    case LineKind::lines_lost: {
      const std::uint64_t lost = read_lines_lost(line.text);
      damage.add(Damage::lines_lost, lost);
      if (current->open != nullptr && !current->open->has_verdict()) {
        current->open->report.lines_lost += lost;
      }
      return;
    }
    case LineKind::page_failure:
    case LineKind::vmalloc_failure:
    case LineKind::overcommit:
      return on_failure(line);
    case LineKind::slub_failure:
    case LineKind::slub_detail:
      return on_slub(line);
    case LineKind::hung_task:
      current->hung_task = read_hung_task(trim(line.text));
      current->hung_at = count;
      current->hung_line = line.line;
      return;
    case LineKind::daemon:
    case LineKind::unknown:
      return on_daemon(line);
    case LineKind::blank:
    case LineKind::mm_pinned:
      return;
  }
}

void Assembly::State::begin_report(OpenReport& report, const LogicalLine& line) const {
  OomReport& made = report.report;
  made.input = input;
  made.first_line = line.line;
  made.last_line = line.last_line;
  made.at.uptime = line.uptime;
  if (!line.stamp.empty()) made.at.time = parse_stamp(line.stamp);
  if (!current->host.empty()) made.at.host = current->host;
  report.last_at = count;
}

OpenReport& Assembly::State::start(const LogicalLine& line) {
  queue.push_back(std::make_unique<OpenReport>());
  OpenReport& report = *queue.back();
  begin_report(report, line);
  current->tentative.reset();
  current->open = &report;
  current->gap = false;
  ++reports;
  lone_reaper.reset();
  touch(report, line);
  return report;
}

OpenReport& Assembly::State::make_tentative(const LogicalLine& line) {
  current->tentative = std::make_unique<OpenReport>();
  begin_report(*current->tentative, line);
  current->gap = false;
  return *current->tentative;
}

// A line that only an OOM report has: what was collected on trial is one.
OpenReport& Assembly::State::confirm_tentative() {
  queue.push_back(std::move(current->tentative));
  OpenReport& report = *queue.back();
  report.report.begins_cut = true;
  rows_held += report.report.at.tasks.size();
  current->open = &report;
  ++reports;
  lone_reaper.reset();
  return report;
}

void Assembly::State::touch(OpenReport& report, std::uint64_t last_line,
                            std::optional<HostTime> uptime) {
  report.report.last_line = std::max(report.report.last_line, last_line);
  if (!report.report.at.uptime) report.report.at.uptime = uptime;
  if (!report.report.at.host && !current->host.empty()) report.report.at.host = current->host;
  report.last_at = count;
  relevant_at = count;
}

void Assembly::State::note_overflows(OpenReport& report, const LineNotes& notes) {
  if (notes.overflows == 0) return;
  damage.add(Damage::number_overflow, notes.overflows);
  ++report.report.damaged_lines;
}

// The report that a line of this part belongs to. `proof`: only OOM reports have such
// lines. Nothing for a line that belongs to none.
OpenReport* Assembly::State::part_of(Phase part, const LogicalLine& line, bool proof) {
  OpenReport* report = current->open;
  const bool fits =
      report != nullptr && !current->gap && report->phase <= part && report->phase != Phase::done;
  if (!fits) {
    OpenReport* trial = current->tentative.get();
    if (trial == nullptr || trial->phase > part || !is_near(*trial, kTentativeMax) ||
        current->gap) {
      trial = &make_tentative(line);
    }
    report = proof ? &confirm_tentative() : trial;
  }
  report->phase = std::max(report->phase, part);
  touch(*report, line);
  return report;
}

void Assembly::State::emit_ready(bool all) {
  while (!queue.empty()) {
    const OpenReport& front = *queue.front();
    const bool decided = front.has_verdict() || front.report.selection;
    const bool waited = count - front.last_at > (decided ? kLingerDone : kLingerOpen);
    const std::uint64_t rows_max = decided ? kRowsHeldQuietly : kRowsHeldMax;
    const bool crowded =
        queue.size() > kReportsHeldMax || (queue.size() > 1 && rows_held >= rows_max);
    if (!all && !waited && !crowded) return;
    emit_front();
  }
}

void Assembly::State::emit_front() {
  const std::unique_ptr<OpenReport> front = std::move(queue.front());
  queue.pop_front();
  for (const auto& source : sources) {
    if (source->open == front.get()) source->open = nullptr;
    if (source->daemon == front.get()) source->daemon = nullptr;
  }
  if (front.get() == filling) end_rows();
  OomReport& report = front->report;
  rows_held -= std::min<std::uint64_t>(rows_held, report.at.tasks.size());
  if (!report.at.tasks.empty()) rows_before = report.at.tasks.size();
  if (!report.at.kernel_release && !front->release_near.empty()) {
    report.at.kernel_release = std::move(front->release_near);
  }
  conclude(report, front->signs);
  if (report.begins_cut) damage.add(Damage::report_without_begin);
  if (report.ends_cut) damage.add(Damage::report_without_end);
  for (const Victim& victim : report.victims) {
    if (victim.pid) recent_victims.push_back(*victim.pid);
  }
  if (recent_victims.size() > 2 * kRecentVictims) {
    recent_victims.erase(recent_victims.begin(),
                         recent_victims.end() - static_cast<std::ptrdiff_t>(kRecentVictims));
  }
  sink->on_report(std::move(report));
}

void Assembly::State::skip() {
  for (const auto& source : sources) {
    current = source.get();
    source->joiner.flush(*this);
    close_other(*source);
    source->tentative.reset();
    source->gap = true;
    source->release.clear();
    source->daemon = nullptr;
    source->daemon_notes = DaemonNotes();
  }
}

void Assembly::State::end(bool last_line_cut) {
  Source* const last = current;
  for (const auto& source : sources) {
    current = source.get();
    source->joiner.flush(*this, last_line_cut && current == last);
    close_other(*source);
    source->tentative.reset();
  }
  if (lone_reaper && reports == 0) queue.push_back(std::move(lone_reaper));
  lone_reaper.reset();
  emit_ready(true);
  sources.clear();
  current = nullptr;
}

bool Assembly::State::idle() const {
  return relevant_at == 0 || count - relevant_at > kIdleAfter;
}

}  // namespace oomkit
