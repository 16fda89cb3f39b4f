#include "render/gaps.h"

#include "render/escape.h"
#include "render/quantity.h"

namespace oomkit {

std::vector<std::string> gap_sentences(const SourceGaps& gaps) {
  std::vector<std::string> sentences;
  for (const SourceGapCount& gap : gaps.counts()) {
    // Neither is a doubt about what is shown.
    if (gap.gap == SourceGap::tasks_unread || gap.gap == SourceGap::task_vanished) continue;
    std::string text = "not known (" + grouped_text(gap.count) + "): ";
    text += describe(gap.gap).sentence;
    if (!gap.example.empty()) text += " (" + visible(gap.example) + ")";
    sentences.push_back(std::move(text));
  }
  return sentences;
}

void write_gaps(JsonWriter& json, const SourceGaps& gaps) {
  json.key("warnings");
  json.begin_array();
  for (const SourceGapCount& gap : gaps.counts()) {
    json.begin_object();
    json.field("code", describe(gap.gap).code);
    json.field("count", gap.count);
    json.field("sentence", describe(gap.gap).sentence);
    json.field("example", std::string_view(gap.example));
    json.end_object();
  }
  json.end_array();
}

}  // namespace oomkit
