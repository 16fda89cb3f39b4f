// The task table as JSON: the one part of the record that has to be fast.
//
// A log that is all reports is mostly task rows, and each becomes three times as long.
// A row is put together in a buffer of fixed size from literals and digits, about four
// times as fast as through the writer's calls for key and value.
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/digits.h"
#include "kernel/totalpages.h"
#include "render/json_report.h"

namespace oomkit {
namespace {

// Names that fit in the kernel's own 16 bytes are put into the row's buffer.
constexpr std::size_t kShortComm = 16;

// Holds every row: at most 20 numbers of at most 20 digits, their keys and a short name.
constexpr std::size_t kRowRoom = 1024;

// Each puts its text at `at` and gives the place behind it. A pointer that is handed on stays in a
// register; a member would be stored and loaded again with each byte, for a char may be anything.
inline char* put(char* at, std::string_view literal) {
  std::memcpy(at, literal.data(), literal.size());
  return at + literal.size();
}
template <class Number>
inline char* put_number(char* at, const Number& number) {
  return number ? write_number(at, *number) : put(at, "null");
}

struct RowContext {
  std::optional<PageSize> page_size;
  std::optional<Pages> host_totalpages;
  BadnessRule rule = BadnessRule::v5;
};

inline char* put_bytes(char* at, Known<Bytes> bytes) {
  return bytes ? write_number(at, bytes->count()) : put(at, "null");
}
inline char* put_pages(char* at, Known<Pages> pages, const RowContext& context) {
  // No pages are no bytes, whatever the size of a page.
  if (pages && pages->count() == 0) return put(at, "0");
  if (!pages || !context.page_size) return put(at, "null");
  return write_number(at, to_bytes(*pages, *context.page_size).count());
}

char* put_scores(char* at, const Badness* badness, const RowContext& context) {
  std::optional<std::int64_t> points;
  std::optional<std::int64_t> score;
  if (badness != nullptr) {
    const bool unkillable = badness->unkillable.has_value();
    if (!unkillable) points = badness->points;
    if (unkillable || context.host_totalpages || context.rule == BadnessRule::v1) {
      score = oom_score(badness->points, unkillable, context.rule,
                        context.host_totalpages.value_or(Pages(1)));
    }
  }
  at = put(at, ",\"points\":");
  at = put_number(at, points);
  at = put(at, ",\"score\":");
  return put_number(at, score);
}

char* put_memory(char* at, const Task& task, const RowContext& context) {
  at = put(at, ",\"total_vm_bytes\":");
  at = put_pages(at, task.total_vm, context);
  at = put(at, ",\"rss_bytes\":");
  at = put_pages(at, task.rss, context);
  at = put(at, ",\"rss_anon_bytes\":");
  at = put_pages(at, task.rss_anon, context);
  at = put(at, ",\"rss_file_bytes\":");
  at = put_pages(at, task.rss_file, context);
  at = put(at, ",\"rss_shmem_bytes\":");
  at = put_pages(at, task.rss_shmem, context);
  at = put(at, ",\"swap_bytes\":");
  at = put_pages(at, task.swapents, context);
  at = put(at, ",\"pgtables_bytes\":");
  Known<Bytes> pgtables = task.pgtables;
  if (!pgtables && context.page_size) pgtables = pgtables_bytes(task, *context.page_size);
  return put_bytes(at, pgtables);
}

void append_row(std::string& out, const Task& task, const Badness* badness,
                const RowContext& context) {
  char row[kRowRoom];
  char* at = put(row, "{\"pid\":");
  at = write_number(at, task.pid);
  at = put(at, ",\"tgid\":");
  at = put_number(at, task.tgid);
  at = put(at, ",\"uid\":");
  at = put_number(at, task.uid);
  at = put(at, ",\"comm\":");
  if (task.comm.size() <= kShortComm && is_plain_json(task.comm)) {
    *at++ = '"';
    at = put(at, task.comm);
    *at++ = '"';
  } else {
    out.append(row, static_cast<std::size_t>(at - row));
    append_json_string(out, task.comm);
    at = row;
  }
  at = put_memory(at, task, context);
  at = put(at, ",\"oom_score_adj\":");
  at = put_number(at, task.oom_score_adj);
  if (task.oom_adj) {
    at = put(at, ",\"oom_adj\":");
    at = write_number(at, *task.oom_adj);
  }
  at = put_scores(at, badness, context);
  at = put(at, ",\"line\":");
  at = write_number(at, static_cast<std::int64_t>(task.line));
  *at++ = '}';
  out.append(row, static_cast<std::size_t>(at - row));
}

}  // namespace

void write_tasks(JsonWriter& json, const Explanation& explanation, const Drain& drain) {
  const Snapshot& at = explanation.report.at;
  RowContext context;
  context.page_size = at.page_size;
  if (at.host_memory && at.page_size)
    context.host_totalpages = host_totalpages(*at.host_memory, *at.page_size);
  std::vector<const Badness*> badness(at.tasks.size(), nullptr);
  if (explanation.ranking) {
    context.rule = explanation.ranking->context.rule;
    for (const RankedTask& ranked : explanation.ranking->tasks) {
      if (ranked.index < badness.size()) badness[ranked.index] = &ranked.badness;
    }
  }
  json.plain_key("tasks");
  json.begin_array();
  constexpr std::size_t kDrainEvery = 64;  // Some 20 KB: what is drained is still at hand.
  for (std::size_t i = 0; i < at.tasks.size(); ++i) {
    append_row(json.begin_raw(), at.tasks[i], badness[i], context);
    if ((i + 1) % kDrainEvery == 0) drain();
  }
  json.end_array();
}

}  // namespace oomkit
