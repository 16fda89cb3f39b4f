// The functions that a condition can call.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/diagnostic.h"
#include "policy/expression_compiler.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 13> kFunctions = {
    "psi", "host.psi", "growth", "rate", "slope", "rising",    "falling",
    "eta", "min",      "max",    "abs",  "known", "accumulate"};

struct OverTime {
  std::string_view name;
  Op op;
};
constexpr std::array<OverTime, 5> kOverTime = {{{"rate", Op::rate},
                                                {"slope", Op::slope},
                                                {"rising", Op::rising},
                                                {"falling", Op::falling},
                                                {"eta", Op::eta}}};

constexpr std::array<std::string_view, 3> kResources = {"memory", "io", "cpu"};
constexpr std::array<std::string_view, 2> kKinds = {"some", "full"};

struct Average {
  std::string_view name;
  std::uint16_t seconds;
};
constexpr std::array<Average, 3> kAverages = {{{"avg10", 10}, {"avg60", 60}, {"avg300", 300}}};

constexpr HostTime kWindowMax = std::chrono::hours(24);

template <std::size_t N>
std::string one_of(const std::array<std::string_view, N>& words) {
  std::string text = "one of ";
  for (const std::string_view word : words)
    text += (word == words.front() ? "" : ", ") + std::string(word);
  return text;
}

}  // namespace

HostTime ExpressionCompiler::duration_argument() {
  const bool fits = token_.kind == Token::Kind::number && token_.unit == kTime;
  if (!fits) {
    fail(token_.offset, token_.text.size(), "expected a time here", "as in 250ms, 1s, 5m");
    return HostTime(0);
  }
  const std::chrono::duration<double> time(token_.number);
  if (time > kWindowMax || time.count() <= 0) {
    fail(token_.offset, token_.text.size(), "a time of up to a day is expected here");
    return HostTime(0);
  }
  advance();
  return std::chrono::duration_cast<HostTime>(time);
}

ExpressionCompiler::Operand ExpressionCompiler::call(const Token& name) {
  expect_sign("(");
  if (name.text == "psi" || name.text == "host.psi") return call_pressure(name);
  if (name.text == "growth") return call_growth(name);
  if (name.text == "min") return call_extreme(name, Op::minimum);
  if (name.text == "max") return call_extreme(name, Op::maximum);
  if (name.text == "abs") return call_one(name, Op::absolute);
  if (name.text == "known") return call_one(name, Op::is_known);
  if (name.text == "accumulate") return call_accumulate(name);
  for (const OverTime& known : kOverTime) {
    if (name.text == known.name) return call_over_time(name, known.op);
  }
  const std::string_view meant = nearest(name.text, kFunctions);
  fail(name.offset, name.text.size(), "unknown function \"" + std::string(name.text) + "\"",
       meant.empty() ? one_of(kFunctions) : "did you mean \"" + std::string(meant) + "\"?");
  return emit({}, name.offset);
}

// psi(memory, full, avg10), psi(io, some, 2s), psi(memory, full, tick)
ExpressionCompiler::Operand ExpressionCompiler::call_pressure(const Token& name) {
  ProgramNode node;
  node.op = Op::pressure_window;
  node.unit = kShare;
  node.pressure.host = name.text == "host.psi" || !cgroup_scope_;
  const auto word = [&](const auto& words) -> std::size_t {
    const auto* const found = std::find(words.begin(), words.end(), token_.text);
    if (token_.kind != Token::Kind::name || found == words.end()) {
      const std::string_view meant = nearest(token_.text, words);
      fail(token_.offset, token_.text.size(), "expected " + one_of(words),
           meant.empty() ? "as in psi(memory, full, 2s)"
                         : "did you mean \"" + std::string(meant) + "\"?");
      return 0;
    }
    advance();
    return static_cast<std::size_t>(found - words.begin());
  };
  const Token resource = token_;
  node.pressure.resource = static_cast<Resource>(word(kResources));
  if (node.pressure.resource == Resource::cpu && !node.pressure.host) {
    fail(resource.offset, resource.text.size(), "cpu pressure is known of the host alone",
         "host.psi(cpu, some, avg10)");
  }
  expect_sign(",");
  node.pressure.full = word(kKinds) == 1;
  expect_sign(",");
  bool average = false;
  for (const Average& known : kAverages) {
    if (!at_word(known.name)) continue;
    node.op = Op::pressure_average;
    node.pressure.average = known.seconds;
    average = true;
  }
  if (average || at_word("tick")) {
    advance();
  } else if (token_.kind == Token::Kind::number) {
    node.window = duration_argument();
  } else {
    fail(token_.offset, token_.text.size(), "expected avg10, avg60, avg300, tick or a time");
  }
  expect_sign(")");
  return emit(node, name.offset);
}

ExpressionCompiler::Operand ExpressionCompiler::call_growth(const Token& name) {
  ProgramNode node;
  node.op = Op::growth;
  node.unit = kSize;
  const Token window = token_;
  node.window = duration_argument();
  if (!failed() && window_step(node.window) == kWindowSteps) {
    fail(window.offset, window.text.size(), "growth is followed over 1, 2, 4, 8, 16, 32 and 64 s");
  }
  expect_sign(")");
  Operand found = emit(node, name.offset);
  found.whole = Signal::scope_capacity;
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::call_over_time(const Token& name, Op op) {
  constexpr HostTime kWindowDefault = std::chrono::seconds(5);
  Operand of = whole_condition();
  // A number that only grows is what these are for.
  const bool counter = std::exchange(of.counter, false);
  want_number(of);
  ProgramNode node;
  node.op = op;
  node.a = of.node;
  node.window = kWindowDefault;
  node.unit = of.unit;
  node.unit.share = false;
  node.unit.seconds = static_cast<std::int8_t>(of.unit.seconds - 1);
  if (op == Op::eta) node.unit = kTime;
  if (op == Op::rate && !counter && !failed()) {
    fail_at(of, "this is no counter", "slope(x, 5s) is how fast it changes");
  }
  if (take_sign(",")) node.window = duration_argument();
  expect_sign(")");
  Operand found = emit(node, name.offset);
  if (op != Op::eta) found.whole = of.whole;
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::call_extreme(const Token& name, Op op) {
  Operand found = whole_condition();
  want_number(found);
  if (!at_sign(",")) fail(token_.offset, token_.text.size(), "expected \",\" here");
  while (take_sign(",")) {
    const Operand next = whole_condition();
    found = joined(op, found, next, "choose between");
  }
  expect_sign(")");
  found.begin = name.offset;
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::call_one(const Token& name, Op op) {
  Operand of = whole_condition();
  if (op == Op::absolute) want_number(of);
  ProgramNode node;
  node.op = op;
  node.a = of.node;
  node.unit = op == Op::is_known ? kTruth : of.unit;
  expect_sign(")");
  Operand found = emit(node, name.offset);
  if (op == Op::absolute) found.whole = of.whole;
  return found;
}

// accumulate(psi(memory, full, tick) - 5%, while growth(2s) >= 1M)
ExpressionCompiler::Operand ExpressionCompiler::call_accumulate(const Token& name) {
  const Operand of = whole_condition();
  want_number(of);
  ProgramNode node;
  node.op = Op::accumulate;
  node.a = of.node;
  node.unit = of.unit;
  node.unit.share = false;
  node.unit.seconds = static_cast<std::int8_t>(of.unit.seconds + 1);
  if (take_sign(",")) {
    if (!take_word("while"))
      fail(token_.offset, token_.text.size(), "expected \"while\" and a condition here");
    const Operand condition = whole_condition();
    want_truth(condition);
    node.b = condition.node;
  } else {
    ProgramNode always;
    always.number = 1;
    always.unit = kTruth;
    node.b = emit(always, name.offset).node;
  }
  expect_sign(")");
  return emit(node, name.offset);
}

}  // namespace oomkit
