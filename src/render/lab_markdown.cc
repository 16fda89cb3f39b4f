#include "render/lab_markdown.h"

#include <algorithm>

#include "render/escape.h"
#include "render/quantity.h"
#include "render/run_text.h"

namespace oomkit {
namespace {

// What would end a cell or begin some other mark.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    if (c == '|' || c == '*' || c == '_' || c == '`' || c == '<' || c == '[' || c == '\\')
      out += '\\';
    out += c;
  }
  return out.empty() ? " " : out;
}

std::string values_text(const LabStory& story) {
  std::string text;
  for (const StoryValue& value : story.values)
    text += (text.empty() ? "" : ", ") + value.name + " " + value.text;
  return text;
}

std::string outcome_text(const LabRun& run) {
  if (!run.story) return "no run: " + run.problem;
  const RunRecord& record = run.story->record;
  std::string text =
      record.victims.empty() ? "nobody killed" : "killed " + lab_names_text(record.victims);
  if (record.ended == "panic") text += ", panic";
  return text;
}

std::string seconds_text(const LabRun& run) {
  if (!run.processor_ms) return "-";
  return std::to_string((*run.processor_ms + 500) / 1000);
}

const LabRun* run_on(const std::vector<LabRun>& runs, const std::string& experiment,
                     const std::string& kernel) {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const LabRun& run) {
    return run.experiment == experiment && run.kernel == kernel;
  });
  return found == runs.end() ? nullptr : &*found;
}

class Page {
 public:
  Page(const std::vector<LabKernel>& kernels, const std::vector<LabRun>& runs)
      : kernels_(kernels), runs_(runs) {}

  std::string text() {
    append_head();
    std::string topic;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (i > 0 && runs_[i].experiment == runs_[i - 1].experiment) continue;
      if (runs_[i].topic != topic) begin_topic(runs_[i].topic);
      topic = runs_[i].topic;
      append_experiment(runs_[i]);
    }
    append_strategies();
    return std::move(out_);
  }

 private:
  void append_head() {
    out_ +=
        "# The experiments\n\n"
        "Made by `./dev lab-table` from a run of all experiments on real kernels in virtual\n"
        "machines; not written by hand. `oom lab show NAME` tells what an experiment is about,\n"
        "`oom lab run NAME` lets it happen and tells it step by step.\n\n"
        "| kernel | release | runs | as expected |\n|---|---|---|---|\n";
    for (const LabKernel& kernel : kernels_) {
      const auto on_it = [&](const LabRun& run) { return run.kernel == kernel.label; };
      const auto count = std::count_if(runs_.begin(), runs_.end(), on_it);
      const auto held = std::count_if(runs_.begin(), runs_.end(),
                                      [&](const LabRun& run) { return on_it(run) && holds(run); });
      out_ += "| " + cell(kernel.label) + " | " + cell(kernel.release) + " | " +
              std::to_string(count) + " | " + std::to_string(held) + " |\n";
    }
    out_ +=
        "\nWhere all kernels agree one line stands for all, with the processor time that each of\n"
        "them took.";
    std::int64_t all = 0;
    for (const LabRun& run : runs_)
      all += run.processor_ms.value_or(0);
    const std::int64_t seconds = all / 1000;
    if (seconds > 0) out_ += " In all: " + duration_text(static_cast<double>(seconds)) + ".";
    out_ += "\n";
  }

  void begin_topic(const std::string& topic) {
    out_ += "\n## " + cell(topic) +
            "\n\n| experiment | kernel | holds | outcome | values | seconds |\n";
    out_ += "|---|---|---|---|---|---|\n";
  }

  void append_experiment(const LabRun& first) {
    // Kernels whose line would say the same share one.
    struct Line {
      std::string said, kernels, seconds;
    };
    std::vector<Line> lines;
    for (const LabKernel& kernel : kernels_) {
      const LabRun* run = run_on(runs_, first.experiment, kernel.label);
      if (run == nullptr) continue;
      std::string said = std::string(holds(*run) ? "yes" : "**no**") + " | " +
                         cell(outcome_text(*run)) + " | " +
                         (run->story ? cell(values_text(*run->story)) : " ");
      const auto same = std::find_if(lines.begin(), lines.end(),
                                     [&](const Line& line) { return line.said == said; });
      if (same != lines.end()) {
        same->kernels += ", " + kernel.label;
        same->seconds += ", " + seconds_text(*run);
      } else {
        lines.push_back({std::move(said), kernel.label, seconds_text(*run)});
      }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out_ += "| ";
      if (i == 0) out_ += "`" + first.experiment + "`: " + cell(first.title);
      out_ += " | " + cell(lines[i].kernels) + " | " + lines[i].said + " | " +
              cell(lines[i].seconds) + " |\n";
    }
  }

  void append_strategies() {
    std::string rows;
    for (const LabRun& run : runs_) {
      if (run.topic != "avoidance" || !run.story) continue;
      const RunRecord& record = run.story->record;
      rows += "| " + cell(run.title.substr(run.title.find(": ") + 2)) + " | " + cell(run.kernel) +
              " | " + cell(lab_names_text(record.victims)) + " | " +
              cell(lab_names_text(record.survivors)) + " | " + std::to_string(refusals_of(record)) +
              " | " + stall_text(record) + " |\n";
    }
    if (rows.empty()) return;
    out_ +=
        "\n### The strategies side by side\n\n"
        "| strategy | kernel | killed | lived | refused | stood still |\n"
        "|---|---|---|---|---|---|\n" +
        rows;
  }

  const std::vector<LabKernel>& kernels_;
  const std::vector<LabRun>& runs_;
  std::string out_;
};

}  // namespace

std::string lab_markdown(const std::vector<LabKernel>& kernels, const std::vector<LabRun>& runs) {
  return Page(kernels, runs).text();
}

}  // namespace oomkit
