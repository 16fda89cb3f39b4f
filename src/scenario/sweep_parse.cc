// A sweep's file, read.
#include <utility>

#include "scenario/sweep.h"
#include "scenario/sweep_value.h"
#include "scenario/table_reader.h"

namespace oomkit {
namespace {

constexpr std::int64_t kSweepRunsMax = 1'000'000;
constexpr std::int64_t kStepsMax = 100'000;

class VaryReader {
 public:
  VaryReader(const toml::table& table, std::size_t number, std::vector<Diagnostic>& diagnostics)
      : table_(table), reader_(table, "[[vary]] " + std::to_string(number + 1), diagnostics) {}

  std::optional<SweepField> read() {
    field_.path = reader_.text("field").value_or("");
    field_.place = reader_.place("field");
    if (field_.path.empty()) {
      reader_.refuse("field", reader_.where() + " needs a field",
                     "as in \"process.leak.steps.1.alloc\" or \"cgroup./box.set.memory.max\"");
    }
    if (reader_.has("values")) {
      read_values();
    } else {
      read_range();
    }
    reader_.finish();
    const bool sound = !field_.path.empty() && (field_.draw || !field_.values.empty());
    return sound ? std::optional(std::move(field_)) : std::nullopt;
  }

 private:
  void read_values() {
    const toml::array* list = table_.get("values")->as_array();
    if (list == nullptr || list->empty())
      return reader_.refuse("values", reader_.where() + ": \"values\" must be a list of values");
    for (std::size_t i = 0; i < list->size(); ++i) {
      const toml::node& item = *list->get(i);
      field_.value_places.push_back(reader_.place_in_list("values", i));
      if (const auto* text = item.as_string()) {
        field_.values.push_back(text_value(text->get()));
      } else if (const auto* number = item.as_integer()) {
        field_.values.push_back(number_value(number->get()));
      } else if (const auto* flag = item.as_boolean()) {
        const std::string word = flag->get() ? "true" : "false";
        field_.values.push_back({word, word, flag->get() ? 1.0 : 0.0});
      } else {
        return reader_.refuse("values", reader_.where() +
                                            ": a value is a text, a whole number, or "
                                            "true or false");
      }
    }
  }

  std::optional<std::pair<std::int64_t, SweepUnit>> amount(const char* key) {
    if (reader_.has_integer(key)) {
      const auto number = reader_.integer(key);
      return std::pair(*number, SweepUnit::number);
    }
    const auto text = reader_.text(key);
    const auto found = text ? parse_sweep_amount(*text) : std::nullopt;
    if (text && !found)
      reader_.refuse(key, reader_.where() + ": \"" + *text + "\" is no amount",
                     "a size \"10M\", a time \"5s\", a share \"20%\" or a whole number");
    return found;
  }

  void read_range() {
    if (!reader_.has("from") || !reader_.has("to")) {
      reader_.refuse_here(reader_.where() + " has neither values nor a range",
                          "values = [...], or from, to and one of step, steps, draw");
      return;
    }
    const auto from = amount("from");
    const auto to = amount("to");
    if (!from || !to) return;
    if (from->second != to->second)
      return reader_.refuse("to", reader_.where() + ": \"from\" and \"to\" are not of one kind");
    if (from->first > to->first)
      return reader_.refuse("from", reader_.where() + ": \"from\" is more than \"to\"");
    if (std::int64_t span = 0; __builtin_sub_overflow(to->first, from->first, &span))
      return reader_.refuse("to", reader_.where() + ": a range larger than any number");
    field_.value_places = {reader_.place("from"), reader_.place("to")};
    SweepDraw range{from->second, from->first, to->first, false};
    int ways = 0;
    for (const char* way : {"step", "steps", "draw"})
      ways += reader_.has(way) ? 1 : 0;
    if (ways != 1)
      return reader_.refuse_here(reader_.where() + ": a range needs one of step, steps, draw");
    if (reader_.has("step")) return read_step(range);
    if (reader_.has("steps")) return read_steps(range);
    if (is_log(range, "draw", "uniform")) range.is_log = true;
    field_.draw = range;
  }

  // "log", or the other word.
  bool is_log(const SweepDraw& range, const char* key, const std::string& other) {
    const std::string word = reader_.text(key).value_or(other);
    if (word == other) return false;
    if (word != "log") {
      reader_.refuse(key, reader_.where() + ": unknown \"" + word + "\"",
                     "\"" + other + "\" or \"log\"");
    } else if (range.low <= 0) {
      reader_.refuse("from", reader_.where() + ": by factors a range begins above 0");
      return false;
    }
    return word == "log";
  }

  void read_step(const SweepDraw& range) {
    const auto step = amount("step");
    if (!step) return;
    if (step->second != range.unit || step->first <= 0)
      return reader_.refuse("step", reader_.where() +
                                        ": a step is more than 0, and of the same "
                                        "kind as \"from\"");
    const std::int64_t last = (range.high - range.low) / step->first;
    if (last >= kStepsMax)
      return reader_.refuse("step", reader_.where() + ": more than 100000 values");
    for (std::int64_t i = 0; i <= last; ++i)
      field_.values.push_back(amount_value(range.low + i * step->first, range.unit));
  }

  void read_steps(SweepDraw range) {
    const auto steps = reader_.integer("steps", 2, kStepsMax);
    range.is_log = is_log(range, "scale", "even");
    if (steps) field_.values = spread_values(range, *steps);
  }

  const toml::table& table_;
  TableReader reader_;
  SweepField field_;
};

void read_sweep(const toml::table& root, ParsedSweep& parsed) {
  SweepPlan& plan = parsed.plan;
  std::vector<Diagnostic>& diagnostics = parsed.diagnostics;
  TableReader reader(root, "the file", diagnostics);
  if (const auto schema = reader.integer("schema"); !schema || *schema != 1)
    diagnostics.push_back(
        {1, 1, 1, "the file must begin with schema = 1", "the version of sweeps"});
  plan.scenario = reader.text("scenario").value_or("");
  if (plan.scenario.empty())
    diagnostics.push_back({1, 1, 1, "the sweep needs a scenario", "scenario = \"two.toml\""});
  if (const auto kernel = reader.peek_text("kernel")) {
    plan.kernels.push_back(*kernel);
  } else if (auto kernels = reader.has("kernel") ? reader.texts("kernel") : std::nullopt) {
    plan.kernels = std::move(*kernels);
  }
  plan.runs = reader.integer("runs", 1, kSweepRunsMax).value_or(1);
  if (const auto seed = reader.integer("seed", 0)) plan.seed = static_cast<std::uint64_t>(*seed);
  const std::size_t before = diagnostics.size();
  reader.each_table("vary", [&](const toml::table& table, std::size_t number) {
    if (auto field = VaryReader(table, number, diagnostics).read())
      plan.fields.push_back(std::move(*field));
  });
  reader.finish();
  if (plan.fields.empty() && diagnostics.size() == before)
    diagnostics.push_back({1, 1, 1, "the sweep varies nothing", "[[vary]]"});
  if (count_runs(plan) > kSweepRunsMax)
    diagnostics.push_back({1, 1, 1, "the sweep has more than a million runs",
                           "all combinations of the values, `runs` times each"});
}

}  // namespace

ParsedSweep parse_sweep(std::string_view source) {
  ParsedSweep parsed;
  read_toml(source, parsed.diagnostics,
            [&](const toml::table& table) { read_sweep(table, parsed); });
  return parsed;
}

}  // namespace oomkit
