#include "policy/expression.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/diagnostic.h"
#include "policy/expression_compiler.h"

namespace oomkit {
namespace {

constexpr std::size_t kSourceMax = 4096;
constexpr std::size_t kNodesMax = 400;
constexpr int kDepthMax = 60;

struct ComparisonSign {
  std::string_view sign;
  Op op;
};
constexpr std::array<ComparisonSign, 6> kComparisonSigns = {{{"<", Op::less},
                                                             {"<=", Op::less_equal},
                                                             {">", Op::greater},
                                                             {">=", Op::greater_equal},
                                                             {"==", Op::equal},
                                                             {"!=", Op::not_equal}}};

constexpr std::array<std::string_view, 6> kReserved = {"and",   "or",  "not",
                                                       "until", "for", "within"};

}  // namespace

void ExpressionCompiler::fail(std::size_t offset, std::size_t length, std::string message,
                              std::string hint) {
  if (!error_) {
    offset = std::min(offset, source_.size());
    length = std::clamp<std::size_t>(length, 1, std::max<std::size_t>(1, source_.size() - offset));
    error_ = ExpressionError{offset, length, std::move(message), std::move(hint)};
  }
  token_ = Token{Token::Kind::end, {}, source_.size(), 0, {}};
}

void ExpressionCompiler::fail_at(const Operand& operand, std::string message, std::string hint) {
  fail(operand.begin, operand.end - operand.begin, std::move(message), std::move(hint));
}

void ExpressionCompiler::advance() {
  last_end_ = token_.offset + token_.text.size();
  if (failed()) return;
  auto next = reader_.next();
  if (!next) {
    const ExpressionError& error = next.error();
    return fail(error.offset, error.length, error.message, error.hint);
  }
  token_ = *next;
}

bool ExpressionCompiler::at_sign(std::string_view text) const {
  return token_.kind == Token::Kind::sign && token_.text == text;
}
bool ExpressionCompiler::at_word(std::string_view text) const {
  return token_.kind == Token::Kind::name && token_.text == text;
}
bool ExpressionCompiler::take_sign(std::string_view text) {
  if (!at_sign(text)) return false;
  advance();
  return true;
}
bool ExpressionCompiler::take_word(std::string_view text) {
  if (!at_word(text)) return false;
  advance();
  return true;
}
void ExpressionCompiler::expect_sign(std::string_view text) {
  if (!take_sign(text))
    fail(token_.offset, token_.text.size(), "expected \"" + std::string(text) + "\" here");
}

ExpressionCompiler::Operand ExpressionCompiler::emit(ProgramNode node, std::size_t begin) {
  Operand operand;
  operand.begin = begin;
  operand.end = std::max(begin, last_end_);
  operand.unit = node.unit;
  if (failed()) return operand;
  if (program_.nodes_.size() >= kNodesMax) {
    fail(begin, 1, "this condition is too long");
    return operand;
  }
  node.begin = static_cast<std::uint32_t>(operand.begin);
  node.length = static_cast<std::uint32_t>(operand.end - operand.begin);
  if (uses_ring(node.op)) {
    node.slot = static_cast<std::uint16_t>(program_.rings_++);
  } else if (has_memory(node.op) || (node.op >= Op::less && node.op <= Op::not_equal)) {
    node.slot = static_cast<std::uint16_t>(program_.memos_++);
  }
  operand.node = static_cast<std::uint16_t>(program_.nodes_.size());
  program_.nodes_.push_back(node);
  return operand;
}

ExpressionCompiler::Operand ExpressionCompiler::whole_condition() {
  if (++depth_ > kDepthMax) fail(token_.offset, 1, "this condition is nested too deeply");
  Operand left = alternatives();
  if (at_word("until")) {
    advance();
    const Operand end = alternatives();
    left = truth(Op::until, left, &end);
  }
  --depth_;
  return left;
}

ExpressionCompiler::Operand ExpressionCompiler::alternatives() {
  Operand left = conjunction();
  while (take_word("or")) {
    const Operand right = conjunction();
    left = truth(Op::logical_or, left, &right);
  }
  return left;
}

ExpressionCompiler::Operand ExpressionCompiler::conjunction() {
  Operand left = negation();
  while (take_word("and")) {
    const Operand right = negation();
    left = truth(Op::logical_and, left, &right);
  }
  return left;
}

ExpressionCompiler::Operand ExpressionCompiler::negation() {
  const std::size_t begin = token_.offset;
  if (!take_word("not")) return timed();
  if (++depth_ > kDepthMax) fail(begin, 1, "this condition is nested too deeply");
  const Operand inner = negation();
  --depth_;
  Operand found = truth(Op::logical_not, inner, nullptr);
  found.begin = begin;
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::timed() {
  Operand found = comparison();
  while (at_word("for") || at_word("within")) {
    ProgramNode node;
    node.op = at_word("for") ? Op::lasting : Op::within;
    want_truth(found);
    advance();
    node.a = found.node;
    node.window = duration_argument();
    node.unit = kTruth;
    found = emit(node, found.begin);
  }
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::comparison() {
  Operand left = sum();
  for (const ComparisonSign& known : kComparisonSigns) {
    if (!at_sign(known.sign)) continue;
    advance();
    const auto outer = std::exchange(compared_whole_, left.whole);
    const Operand right = sum();
    compared_whole_ = outer;
    left = joined(known.op, left, right, "compare");
    for (const ComparisonSign& again : kComparisonSigns) {
      if (at_sign(again.sign))
        fail(token_.offset, token_.text.size(), "two comparisons in a row",
             "write a < b and b < c");
    }
    return left;
  }
  return left;
}

ExpressionCompiler::Operand ExpressionCompiler::sum() {
  Operand left = product();
  while (at_sign("+") || at_sign("-")) {
    const bool add = at_sign("+");
    advance();
    const Operand right = product();
    left = joined(add ? Op::add : Op::subtract, left, right, add ? "add" : "subtract");
  }
  return left;
}

ExpressionCompiler::Operand ExpressionCompiler::product() {
  Operand left = factor();
  while (at_sign("*") || at_sign("/") || at_word("of")) {
    const bool divide = at_sign("/");
    const bool share_of = at_word("of");
    advance();
    if (share_of && !failed() && !left.unit.share)
      fail_at(left, "\"of\" needs a share before it", "as in 5% of mem.total");
    const Operand right = factor();
    left = divide ? divided(left, right) : multiplied(left, right);
  }
  return left;
}

ExpressionCompiler::Operand ExpressionCompiler::factor() {
  const std::size_t begin = token_.offset;
  if (!take_sign("-")) return primary();
  if (++depth_ > kDepthMax) fail(begin, 1, "this condition is nested too deeply");
  const Operand inner = factor();
  --depth_;
  ProgramNode minus_one;
  minus_one.number = -1;
  Operand found = multiplied(emit(minus_one, begin), inner);
  found.begin = begin;
  found.literal = inner.literal;
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::primary() {
  if (token_.kind == Token::Kind::number) return number();
  if (take_sign("(")) {
    Operand inner = whole_condition();
    expect_sign(")");
    return inner;
  }
  if (token_.kind == Token::Kind::name &&
      std::find(kReserved.begin(), kReserved.end(), token_.text) == kReserved.end()) {
    const Token name = token_;
    advance();
    if (at_sign("(")) return call(name);
    last_end_ = name.offset + name.text.size();
    return signal_named(name);
  }
  const bool at_end = token_.kind == Token::Kind::end;
  fail(token_.offset, token_.text.size(),
       at_end ? "the condition ends too early" : "expected a signal, a number or \"(\" here");
  return emit({}, token_.offset);
}

ExpressionCompiler::Operand ExpressionCompiler::number() {
  ProgramNode node;
  node.number = token_.number;
  node.unit = token_.unit;
  const std::size_t begin = token_.offset;
  advance();
  Operand found = emit(node, begin);
  found.literal = true;
  found.loose_share = node.unit == kShare;
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::signal_named(const Token& name) {
  std::vector<std::string_view> names;
  for (const SignalEntry& entry : signal_table()) {
    if (entry.name != name.text) {
      names.push_back(entry.name);
      continue;
    }
    if (entry.cgroup && !cgroup_scope_) {
      fail(name.offset, name.text.size(), std::string(name.text) + " is of a cgroup",
           "give the rule a scope, as in scope = \"cgroup /system.slice/*\"");
    }
    ProgramNode node;
    node.op = Op::signal;
    node.signal = entry.signal;
    node.unit = entry.unit;
    Operand found = emit(node, name.offset);
    found.whole = entry.whole;
    found.counter = entry.counter;
    return found;
  }
  const std::string_view meant = nearest(name.text, names);
  fail(name.offset, name.text.size(), "unknown signal \"" + std::string(name.text) + "\"",
       meant.empty() ? "oom guard --signals lists them"
                     : "did you mean \"" + std::string(meant) + "\"?");
  return emit({}, name.offset);
}

tl::expected<Program, ExpressionError> ExpressionCompiler::compile() {
  if (source_.size() > kSourceMax) {
    return tl::unexpected(
        ExpressionError{kSourceMax, 1, "this condition is longer than 4096 bytes", ""});
  }
  program_.source_ = std::string(source_);
  advance();
  const Operand all = whole_condition();
  if (!failed() && token_.kind != Token::Kind::end) {
    fail(token_.offset, token_.text.size(), "expected \"and\", \"or\" or the end here");
  }
  want_truth(all);
  if (error_) return tl::unexpected(*std::move(error_));
  return std::move(program_);
}

tl::expected<Program, ExpressionError> compile_expression(std::string_view source,
                                                          bool cgroup_scope) {
  return ExpressionCompiler(source, cgroup_scope).compile();
}

}  // namespace oomkit
