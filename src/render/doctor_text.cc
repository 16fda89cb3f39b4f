#include "render/doctor_text.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "render/escape.h"
#include "render/gaps.h"
#include "render/paint.h"
#include "render/quantity.h"
#include "render/top_text.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

Role role_of(CheckStatus status) {
  switch (status) {
    case CheckStatus::critical:
      return Role::critical;
    case CheckStatus::warning:
      return Role::warning;
    case CheckStatus::notice:
      return Role::strong;
    case CheckStatus::ok:
      break;
  }
  return Role::plain;
}

// Whether a shell is inside of single quotes, character by character.
class ShellQuotes {
 public:
  void take(char c) {
    const bool escaped = std::exchange(escaped_, false);
    if (escaped) return;
    if (c == '\\' && !inside_) escaped_ = true;
    if (c == '\'') inside_ = !inside_;
  }
  bool inside() const { return inside_; }

 private:
  bool inside_ = false;
  bool escaped_ = false;
};

// Where the comment at a command's end begins; npos without one.
std::size_t comment_at_end(std::string_view command) {
  ShellQuotes quotes;
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (!quotes.inside() && command.substr(i, 3) == " # ") return i + 1;
    quotes.take(command[i]);
  }
  return std::string_view::npos;
}

// A command over several lines so that it can still be pasted: broken at blanks that no quote
// holds, with a backslash; a comment goes on as a comment.
std::string folded(std::string_view command, std::size_t columns, std::size_t indent) {
  const bool comment = command.substr(0, 1) == "#";
  const std::string_view end = comment ? "" : " \\";
  const std::string begin = std::string(indent, ' ') + (comment ? "# " : "  ");
  std::string out(indent, ' ');
  std::size_t used = indent;
  ShellQuotes quotes;
  std::size_t at = 0;
  while (at < command.size()) {
    std::size_t stop = at;
    while (stop < command.size() &&
           ((!comment && quotes.inside()) || command[stop] != ' ' || stop == at)) {
      quotes.take(command[stop]);
      ++stop;
    }
    std::string_view word = command.substr(at, stop - at);
    if (at > 0 && used + word.size() + (stop == command.size() ? 0 : end.size()) > columns) {
      out += end;
      out += '\n';
      out += begin;
      used = begin.size();
      word.remove_prefix(1);
    }
    out += word;
    used += word.size();
    at = stop;
  }
  return out + '\n';
}

// A comment at its end goes before it if both do not fit: no backslash continues a comment.
std::string folded_command(std::string_view command, std::size_t columns, std::size_t indent) {
  const std::size_t comment = comment_at_end(command);
  if (comment == std::string_view::npos || indent + command.size() <= columns)
    return folded(command, columns, indent);
  std::string_view rest = command.substr(0, comment);
  while (!rest.empty() && rest.back() == ' ')
    rest.remove_suffix(1);
  return folded(command.substr(comment), columns, indent) + folded(rest, columns, indent);
}

class DoctorText {
 public:
  DoctorText(const Snapshot& snapshot, const DoctorReport& report, const DoctorTextOptions& options,
             std::string& out)
      : snapshot_(snapshot),
        report_(report),
        options_(options),
        paint_(options.colour),
        out_(out) {}

  void write() {
    append_wrapped(out_, host_text(snapshot_), options_.columns, 2, 0);
    counts();
    for (const Diagnosis& check : report_.checks) {
      if (check.known && check.status != CheckStatus::ok) finding(check);
    }
    unknown();
    fine();
    gaps();
  }

 private:
  void counts() {
    std::string text;
    const auto add = [&](std::uint64_t count, std::string_view noun, bool plural) {
      if (count == 0) return;
      if (!text.empty()) text += ", ";
      text += grouped_text(count) + " " + std::string(noun) + (plural && count != 1 ? "s" : "");
    };
    add(report_.count(CheckStatus::critical), "critical", false);
    add(report_.count(CheckStatus::warning), "warning", true);
    add(report_.count(CheckStatus::notice), "notice", true);
    const bool sound = text.empty();
    add(report_.unknown(), "not known", false);
    add(report_.count(CheckStatus::ok), "ok", false);
    paint_.append(out_, Role::strong, sound ? "nothing is wrong: " + text : text);
    out_ += '\n';
  }

  void finding(const Diagnosis& check) {
    out_ += '\n';
    paint_.append(out_, role_of(check.status), name_of(check.status));
    std::string head = "  " + std::string(check.id);
    paint_.append(out_, Role::strong, head);
    out_ += "  ";
    append_wrapped(out_, visible(check.value), options_.columns, 4,
                   name_of(check.status).size() + head.size() + 2);
    if (!check.why.empty()) append_paragraph(out_, visible(check.why), options_.columns, 2);
    for (const std::string& line : check.fix)
      out_ += folded_command(visible(line), options_.columns, 4);
  }

  void row(Role role, std::string_view mark, std::string_view id, std::string_view text) {
    std::string head(mark);
    append_left(head, id, id_width());
    paint_.begin(out_, role);
    out_ += head;
    append_wrapped(out_, visible(text), options_.columns, head.size(), head.size());
    out_.pop_back();
    paint_.end(out_, role);
    out_ += '\n';
  }

  std::size_t id_width() const {
    std::size_t width = 0;
    for (const Diagnosis& check : report_.checks) {
      if (!check.known || (check.status == CheckStatus::ok && !check.absent))
        width = std::max(width, check.id.size());
    }
    return width + 2;
  }

  void unknown() {
    bool first = true;
    for (const Diagnosis& check : report_.checks) {
      if (check.known) continue;
      if (first) out_ += "\nnot known\n";
      first = false;
      row(Role::aside, "  ", check.id, check.why);
    }
  }

  void fine() {
    bool first = true;
    std::string absent;
    for (const Diagnosis& check : report_.checks) {
      if (!check.known || check.status != CheckStatus::ok) continue;
      if (first) out_ += "\nok\n";
      first = false;
      if (!check.absent) {
        row(Role::plain, "  ", check.id, check.value);
        continue;
      }
      if (!absent.empty()) absent += ", ";
      absent += check.id;
    }
    if (absent.empty()) return;
    out_ += "  ";
    append_wrapped(out_, "not in use: " + absent, options_.columns, 4, 2);
  }

  void gaps() {
    bool first = true;
    for (const std::string& sentence : gap_sentences(snapshot_.gaps)) {
      if (first) out_ += '\n';
      first = false;
      paint_.begin(out_, Role::aside);
      append_wrapped(out_, sentence, options_.columns, 2, 0);
      out_.pop_back();
      paint_.end(out_, Role::aside);
      out_ += '\n';
    }
  }

  const Snapshot& snapshot_;
  const DoctorReport& report_;
  const DoctorTextOptions& options_;
  Paint paint_;
  std::string& out_;
};

}  // namespace

std::string doctor_text(const Snapshot& snapshot, const DoctorReport& report,
                        const DoctorTextOptions& options) {
  std::string out;
  DoctorText(snapshot, report, options, out).write();
  return out;
}

}  // namespace oomkit
