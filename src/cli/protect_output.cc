#include "cli/protect_output.h"

#include <algorithm>

#include "core/json_writer.h"
#include "render/escape.h"

namespace oomkit {
namespace {

constexpr std::string_view kProtectSchema = "oomkit.protect/1";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string hunk_range(std::size_t count) {
  return count == 0 ? "0,0" : "1," + std::to_string(count);
}

void append_plan(const ProtectPlan& plan, const ProtectWords& words, std::string& out) {
  const std::string set = words.dry_run ? "would set " : "set ";
  if (plan.changes_nothing()) out += visible(plan.target) + ": is so already\n";
  for (const FileChange& file : plan.files) {
    const std::string name = words.root + "/" + file.path;
    out += (words.dry_run ? "would write " : "wrote ") + visible(name) + "\n";
    if (words.dry_run) out += unified_diff(name, file.before, file.after);
  }
  if (!plan.files.empty()) {
    out += words.reload_words.empty()
               ? std::string("no manager is told: this is not the running system\n")
               : (words.dry_run ? "would run " : "ran ") + words.reload_words + "\n";
  }
  for (const SettingChange& setting : plan.settings)
    out += set + visible(words.root + "/" + setting.path) + "  " + setting.before + " -> " +
           setting.after + "\n";
  for (const ScoreChange& score : plan.scores)
    out += set + "oom_score_adj of " + visible(score.comm) + " (" + std::to_string(score.pid) +
           ")  " + std::to_string(score.before) + " -> " + std::to_string(score.after) + "\n";
  for (const std::string& note : plan.notes)
    out += "note: " + visible(note) + "\n";
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name);
  json.begin_array();
  for (const std::string& text : texts)
    json.value(std::string_view(text));
  json.end_array();
}

void write_plan(JsonWriter& json, const ProtectPlan& plan, const ProtectWords& words) {
  json.begin_object();
  json.field("target", std::string_view(plan.target));
  json.key("files");
  json.begin_array();
  for (const FileChange& file : plan.files) {
    json.begin_object();
    json.field("path", std::string_view(words.root + "/" + file.path));
    json.key("before");
    file.before ? json.value(std::string_view(*file.before)) : json.null();
    json.field("after", std::string_view(file.after));
    json.end_object();
  }
  json.end_array();
  json.key("settings");
  json.begin_array();
  for (const SettingChange& setting : plan.settings) {
    json.begin_object();
    json.field("path", std::string_view(words.root + "/" + setting.path));
    json.field("before", std::string_view(setting.before));
    json.field("after", std::string_view(setting.after));
    json.end_object();
  }
  json.end_array();
  json.key("processes");
  json.begin_array();
  for (const ScoreChange& score : plan.scores) {
    json.begin_object();
    json.field("pid", score.pid);
    json.field("comm", std::string_view(score.comm));
    json.field("before", score.before);
    json.field("after", score.after);
    json.end_object();
  }
  json.end_array();
  write_texts(json, "notes", plan.notes);
  json.end_object();
}

}  // namespace

std::string unified_diff(const std::string& name, const std::optional<std::string>& before,
                         std::string_view after) {
  const std::vector<std::string_view> old_lines = lines_of(before ? *before : "");
  const std::vector<std::string_view> new_lines = lines_of(after);
  std::string out = "--- " + (before ? visible(name) : std::string("/dev/null")) + "\n+++ " +
                    visible(name) + "\n@@ -" + hunk_range(old_lines.size()) + " +" +
                    hunk_range(new_lines.size()) + " @@\n";
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  std::size_t same = 0;
  while (same < shorter && old_lines[same] == new_lines[same])
    ++same;
  std::size_t tail = 0;
  while (tail < shorter - same &&
         old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail])
    ++tail;
  const auto add = [&](char sign, const std::vector<std::string_view>& lines, std::size_t begin,
                       std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      out += sign + visible(lines[i]) + "\n";
  };
  add(' ', old_lines, 0, same);
  add('-', old_lines, same, old_lines.size() - tail);
  add('+', new_lines, same, new_lines.size() - tail);
  add(' ', old_lines, old_lines.size() - tail, old_lines.size());
  return out;
}

std::string protect_text(const std::vector<ProtectPlan>& plans, const ProtectWords& words) {
  std::string out;
  for (const ProtectPlan& plan : plans)
    append_plan(plan, words, out);
  if (words.dry_run) out += "nothing was changed\n";
  return out;
}

std::string protect_json(const std::vector<ProtectPlan>& plans, const ProtectWords& words) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", kProtectSchema);
  json.field("undo", false);
  json.field("dry_run", words.dry_run);
  json.key("targets");
  json.begin_array();
  for (const ProtectPlan& plan : plans)
    write_plan(json, plan, words);
  json.end_array();
  json.end_object();
  return out + "\n";
}

std::string undo_text(const Protector::Undone& undone, bool dry_run) {
  std::string out;
  for (const std::string& done : undone.done)
    out += (dry_run ? "would take back " : "took back ") + visible(done) + "\n";
  for (const std::string& kept : undone.kept)
    out += (dry_run ? "would keep " : "kept ") + visible(kept) + "\n";
  for (const std::string& left : undone.left)
    out += "left " + visible(left) + "\n";
  if (undone.found && out.empty()) out = "what was protected is gone: nothing to take back\n";
  if (dry_run) out += "nothing was changed\n";
  return out;
}

std::string undo_json(const Protector::Undone& undone, bool dry_run) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", kProtectSchema);
  json.field("undo", true);
  json.field("dry_run", dry_run);
  write_texts(json, "done", undone.done);
  write_texts(json, "kept", undone.kept);
  write_texts(json, "left", undone.left);
  json.end_object();
  return out + "\n";
}

}  // namespace oomkit
