#include "scenario/steps.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/text.h"

namespace oomkit {
namespace {

constexpr int kForkDepthMax = 4;
constexpr std::int64_t kTimesMax = 1'000'000;
constexpr std::int64_t kChildrenMax = 100'000;
constexpr std::size_t kChildNameBytesMax = 15;

struct Verb {
  std::string_view word;
  Step::Kind kind;
};
// `alloc` stands before `touch`, which is a verb of its own and an option of alloc.
constexpr std::array<Verb, 17> kVerbs = {{
    {"alloc", Step::Kind::alloc},
    {"free", Step::Kind::free},
    {"touch", Step::Kind::touch},
    {"shm", Step::Kind::shm},
    {"lock", Step::Kind::lock},
    {"read_file", Step::Kind::read_file},
    {"write_file", Step::Kind::write_file},
    {"sock", Step::Kind::sock},
    {"fork", Step::Kind::fork},
    {"vfork", Step::Kind::vfork},
    {"sleep", Step::Kind::sleep},
    {"mark", Step::Kind::mark},
    {"wait", Step::Kind::wait},
    {"ignore_sigterm", Step::Kind::ignore_sigterm},
    {"exit", Step::Kind::exit},
    {"page_tables", Step::Kind::page_tables},
    {"files", Step::Kind::files},
}};

std::optional<Verb> verb_of(TableReader& reader) {
  for (const Verb& verb : kVerbs) {
    if (reader.has(verb.word)) return verb;
  }
  return std::nullopt;
}

// A size, or "10%" of what the process holds.
void read_amount(TableReader& reader, std::string_view key, Step& step) {
  const std::optional<std::string> text = reader.peek_text(key);
  if (!text || !text->ends_with('%')) {
    if (const auto size = reader.size(key)) step.size = *size;
    return;
  }
  Cursor cursor(*text);
  const auto percent = cursor.take_integer<int>();
  if (percent && *percent >= 1 && *percent <= 100 && cursor.rest() == "%") {
    step.percent = *percent;
  } else {
    reader.refuse(key, reader.where() + ": \"" + std::string(key) +
                           "\" must be a size, or 1% to 100% of what is held");
  }
}

// Repetition and speed, which most steps take.
void read_pace(TableReader& reader, Step& step) {
  if (const auto times = reader.integer("times", 1, kTimesMax))
    step.times = static_cast<int>(*times);
  if (const auto every = reader.duration("every")) step.every = *every;
  if (const auto rate = reader.size("rate")) {
    if (rate->count() == 0) {
      reader.refuse("rate", reader.where() + ": a rate of 0 never ends",
                    "leave it out for full speed");
    } else {
      step.rate = *rate;
    }
  }
}

void read_file_step(TableReader& reader, std::string_view verb, Step& step) {
  step.name = reader.text(verb).value_or("");
  if (const auto size = reader.size("size")) step.size = *size;
  if (step.size.count() == 0)
    reader.refuse_here(reader.where() + ": " + std::string(verb) + " needs a size");
  const std::string pattern = reader.text("pattern").value_or("sequential");
  if (pattern == "random") {
    step.pattern = AccessPattern::random;
  } else if (pattern != "sequential") {
    reader.refuse("pattern", reader.where() + ": unknown pattern \"" + pattern + "\"",
                  "sequential or random");
  }
  if (const auto passes = reader.integer("passes", 1, kTimesMax))
    step.passes = static_cast<int>(*passes);
}

void read_fork(TableReader& reader, std::string_view verb, Step& step,
               std::vector<Diagnostic>& diagnostics, int depth) {
  step.children = static_cast<int>(reader.integer(verb, 1, kChildrenMax).value_or(1));
  step.child_name = reader.text("name");
  if (step.child_name &&
      (step.child_name->empty() || step.child_name->size() > kChildNameBytesMax)) {
    reader.refuse("name", reader.where() + ": a comm has 1 to 15 bytes");
  }
  if (const auto adj = reader.integer("oom_score_adj", -1000, 1000))
    step.child_oom_score_adj = static_cast<int>(*adj);
  if (depth + 1 >= kForkDepthMax && reader.has("steps")) {
    reader.refuse("steps", reader.where() + ": forks nest at most four deep");
  } else {
    step.steps = read_steps(reader, diagnostics, depth + 1);
  }
}

void read_memory_step(TableReader& reader, const Verb& verb, Step& step) {
  read_amount(reader, verb.word, step);
  if (!step.percent && step.size.count() == 0) {
    reader.refuse(verb.word, reader.where() + ": " + std::string(verb.word) + " of nothing");
  }
  const bool shares = verb.kind == Step::Kind::free || verb.kind == Step::Kind::touch ||
                      verb.kind == Step::Kind::lock;
  if (step.percent && !shares) {
    reader.refuse(verb.word,
                  reader.where() + ": " + std::string(verb.word) + " takes a size, not a share");
  }
  if (verb.kind == Step::Kind::alloc) {
    step.touch = reader.flag("touch").value_or(true);
    step.huge = reader.flag("huge").value_or(false);
  }
}

Step read_step(TableReader& reader, const Verb& verb, std::vector<Diagnostic>& diagnostics,
               int depth) {
  Step step;
  step.kind = verb.kind;
  step.line = reader.line();
  read_pace(reader, step);
  switch (verb.kind) {
    case Step::Kind::alloc:
    case Step::Kind::free:
    case Step::Kind::touch:
    case Step::Kind::shm:
    case Step::Kind::lock:
    case Step::Kind::sock:
    case Step::Kind::page_tables:
      read_memory_step(reader, verb, step);
      break;
    case Step::Kind::read_file:
    case Step::Kind::write_file:
      read_file_step(reader, verb.word, step);
      break;
    case Step::Kind::fork:
    case Step::Kind::vfork:
      read_fork(reader, verb.word, step, diagnostics, depth);
      break;
    case Step::Kind::sleep:
      step.duration = reader.duration(verb.word).value_or(Milliseconds{0});
      break;
    case Step::Kind::mark:
    case Step::Kind::wait:
      step.name = reader.text(verb.word).value_or("");
      break;
    case Step::Kind::ignore_sigterm:
      step.touch = reader.flag(verb.word).value_or(true);
      break;
    case Step::Kind::files:
      step.children = static_cast<int>(reader.integer(verb.word, 1, kChildrenMax).value_or(1));
      break;
    case Step::Kind::exit:
      step.exit_code = static_cast<int>(reader.integer(verb.word, 0, 255).value_or(0));
      break;
  }
  return step;
}

std::string verbs_text() {
  std::string text;
  for (const Verb& verb : kVerbs)
    text += (text.empty() ? "" : ", ") + std::string(verb.word);
  return text;
}

}  // namespace

std::vector<Step> read_steps(TableReader& owner, std::vector<Diagnostic>& diagnostics, int depth) {
  std::vector<Step> steps;
  owner.each_table("steps", [&](const toml::table& table, std::size_t number) {
    TableReader reader(table, owner.where() + " step " + std::to_string(number + 1), diagnostics);
    const std::optional<Verb> verb = verb_of(reader);
    if (!verb) {
      reader.refuse_here(reader.where() + " does nothing known",
                         "a step has one of: " + verbs_text());
      return;
    }
    reader.forget_known();
    steps.push_back(read_step(reader, *verb, diagnostics, depth));
    reader.finish();
  });
  return steps;
}

}  // namespace oomkit
