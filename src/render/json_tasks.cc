// The task table as JSON: the one part of the record that has to be fast.
//
// A log that is all reports is mostly task rows, and each becomes three times as long.
// A row is put together in a buffer of fixed size from literals and digits, about four
// times as fast as through the writer's calls for key and value.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "kernel/totalpages.h"
#include "render/digits.h"
#include "render/json_report.h"

namespace oomkit {
namespace {

// Names that fit in the kernel's own 16 bytes are put into the row's buffer.
constexpr std::size_t kShortComm = 16;

// Holds every row: at most 20 numbers of at most 20 digits, their keys and a short name.
class RowText {
 public:
  void literal(std::string_view text) {
    std::memcpy(buffer_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void number(std::int64_t number) {
    char* const begin = buffer_.data() + size_;
    size_ += static_cast<std::size_t>(write_number(begin, number) - begin);
  }
  template <class Integer>
  void number_or_null(const std::optional<Integer>& maybe) {
    if (maybe) {
      number(*maybe);
    } else {
      literal("null");
    }
  }
  void bytes_or_null(const std::optional<Bytes>& maybe) {
    if (maybe) {
      number(maybe->count());
    } else {
      literal("null");
    }
  }
  std::string_view take() {
    const std::string_view text(buffer_.data(), size_);
    size_ = 0;
    return text;
  }

 private:
  std::array<char, 1024> buffer_;
  std::size_t size_ = 0;
};

struct RowContext {
  std::optional<PageSize> page_size;
  std::optional<Pages> host_totalpages;
  BadnessRule rule = BadnessRule::v5;

  std::optional<Bytes> bytes(const std::optional<Pages>& pages) const {
    if (!pages) return std::nullopt;
    // No pages are no bytes, whatever the size of a page.
    if (pages->count() == 0) return Bytes(0);
    return page_size ? std::optional(to_bytes(*pages, *page_size)) : std::nullopt;
  }
};

void append_scores(RowText& row, const Badness* badness, const RowContext& context) {
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
  row.literal(",\"points\":");
  row.number_or_null(points);
  row.literal(",\"score\":");
  row.number_or_null(score);
}

void append_row(std::string& out, const Task& task, const Badness* badness,
                const RowContext& context) {
  RowText row;
  row.literal("{\"pid\":");
  row.number(task.pid);
  row.literal(",\"tgid\":");
  row.number_or_null(task.tgid);
  row.literal(",\"uid\":");
  row.number_or_null(task.uid);
  row.literal(",\"comm\":");
  if (task.comm.size() <= kShortComm && is_plain_json(task.comm)) {
    row.literal("\"");
    row.literal(task.comm);
    row.literal("\"");
  } else {
    out += row.take();
    append_json_string(out, task.comm);
  }
  row.literal(",\"total_vm_bytes\":");
  row.bytes_or_null(context.bytes(task.total_vm));
  row.literal(",\"rss_bytes\":");
  row.bytes_or_null(context.bytes(task.rss));
  row.literal(",\"rss_anon_bytes\":");
  row.bytes_or_null(context.bytes(task.rss_anon));
  row.literal(",\"rss_file_bytes\":");
  row.bytes_or_null(context.bytes(task.rss_file));
  row.literal(",\"rss_shmem_bytes\":");
  row.bytes_or_null(context.bytes(task.rss_shmem));
  row.literal(",\"swap_bytes\":");
  row.bytes_or_null(context.bytes(task.swapents));
  row.literal(",\"pgtables_bytes\":");
  std::optional<Bytes> pgtables = task.pgtables;
  if (!pgtables && context.page_size) pgtables = pgtables_bytes(task, *context.page_size);
  row.bytes_or_null(pgtables);
  row.literal(",\"oom_score_adj\":");
  row.number_or_null(task.oom_score_adj);
  if (task.oom_adj) {
    row.literal(",\"oom_adj\":");
    row.number(*task.oom_adj);
  }
  append_scores(row, badness, context);
  row.literal(",\"line\":");
  row.number(static_cast<std::int64_t>(task.line));
  row.literal("}");
  out += row.take();
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
  constexpr std::size_t kDrainEvery = 256;
  for (std::size_t i = 0; i < at.tasks.size(); ++i) {
    append_row(json.begin_raw(), at.tasks[i], badness[i], context);
    if ((i + 1) % kDrainEvery == 0) drain();
  }
  json.end_array();
}

}  // namespace oomkit
