// What units go together, and what comes out of it.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "policy/expression_compiler.h"

namespace oomkit {

void ExpressionCompiler::want_truth(const Operand& operand) {
  if (failed() || operand.unit == kTruth) return;
  fail_at(operand, "this is " + unit_name(operand.unit) + ", and a condition is wanted",
          "compare it with something");
}

void ExpressionCompiler::want_number(const Operand& operand) {
  if (failed()) return;
  if (operand.unit == kTruth) {
    fail_at(operand, "this is true or false, and a number is wanted",
            "conditions are joined by and, or, not");
  } else if (operand.counter) {
    const std::string name(source_.substr(operand.begin, operand.end - operand.begin));
    fail_at(operand, name + " counts since boot: only how fast it grows means something",
            "rate(" + name + ", 5s)");
  }
}

ExpressionCompiler::Operand ExpressionCompiler::truth(Op op, const Operand& a, const Operand* b) {
  want_truth(a);
  if (b != nullptr) want_truth(*b);
  ProgramNode node;
  node.op = op;
  node.a = a.node;
  if (b != nullptr) node.b = b->node;
  node.unit = kTruth;
  return emit(node, a.begin);
}

void ExpressionCompiler::size_of_share(Operand& share, const Operand& beside) {
  const std::optional<Signal> of = beside.whole ? beside.whole : compared_whole_;
  if (!of) return fail_at(share, "a share of what?", "as in 5% of mem.total");
  ProgramNode whole;
  whole.op = Op::signal;
  whole.signal = *of;
  whole.unit = kSize;
  const std::size_t end = last_end_;
  last_end_ = share.end;
  Operand all = emit(whole, share.begin);
  all.whole = of;
  share = multiplied(share, all);
  last_end_ = end;
}

void ExpressionCompiler::unify(Operand& a, Operand& b, std::string_view doing) {
  want_number(a);
  want_number(b);
  if (failed() || a.unit == b.unit) return;
  if (a.loose_share && b.unit == kSize) return size_of_share(a, b);
  if (b.loose_share && a.unit == kSize) return size_of_share(b, a);
  const auto zero = [&](const Operand& operand) {
    return operand.literal && operand.unit == kNumber &&
           program_.nodes_[operand.node].op == Op::constant &&
           program_.nodes_[operand.node].number == 0;
  };
  if (zero(a)) {
    a.unit = b.unit;
    return;
  }
  if (zero(b)) {
    b.unit = a.unit;
    return;
  }
  const Operand& wrong = b.literal || !a.literal ? b : a;
  const Operand& other = &wrong == &b ? a : b;
  std::string hint;
  if (wrong.literal && other.unit.share) hint = "shares are written with %, as in 40%";
  if (wrong.literal && other.unit == kSize) hint = "sizes are written 80M, 1.5G or 5%";
  if (wrong.literal && other.unit == kTime) hint = "times are written 250ms, 1s, 5m";
  if (wrong.literal && other.unit == kSizePerTime) hint = "rates of memory are written 10M/s";
  fail_at(wrong,
          "cannot " + std::string(doing) + " " + unit_name(a.unit) + " and " + unit_name(b.unit),
          hint);
}

ExpressionCompiler::Operand ExpressionCompiler::joined(Op op, Operand a, Operand b,
                                                       std::string_view doing) {
  const std::size_t begin = a.begin;
  unify(a, b, doing);
  const bool comparison = op >= Op::less && op <= Op::not_equal;
  ProgramNode node;
  node.op = op;
  node.a = a.node;
  node.b = b.node;
  node.unit = comparison ? kTruth : a.unit;
  Operand found = emit(node, begin);
  found.whole = a.whole ? a.whole : b.whole;
  found.loose_share = !comparison && a.loose_share && b.loose_share;
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::multiplied(const Operand& a, const Operand& b) {
  want_number(a);
  want_number(b);
  ProgramNode node;
  node.op = Op::multiply;
  node.a = a.node;
  node.b = b.node;
  node.unit.bytes = static_cast<std::int8_t>(a.unit.bytes + b.unit.bytes);
  node.unit.seconds = static_cast<std::int8_t>(a.unit.seconds + b.unit.seconds);
  const bool plain = node.unit.bytes == 0 && node.unit.seconds == 0;
  node.unit.share = plain && (a.unit.share || b.unit.share);
  constexpr int kExponentMax = 8;
  if (node.unit.bytes > kExponentMax || node.unit.seconds > kExponentMax)
    fail_at(a, "nothing is measured in " + unit_name(node.unit));
  Operand found = emit(node, a.begin);
  found.end = std::max(found.end, b.end);
  found.whole = a.whole ? a.whole : b.whole;
  found.loose_share = (a.loose_share && (b.loose_share || b.unit == kNumber)) ||
                      (b.loose_share && a.unit == kNumber);
  return found;
}

ExpressionCompiler::Operand ExpressionCompiler::divided(const Operand& a, const Operand& b) {
  want_number(a);
  want_number(b);
  ProgramNode node;
  node.op = Op::divide;
  node.a = a.node;
  node.b = b.node;
  node.unit.bytes = static_cast<std::int8_t>(a.unit.bytes - b.unit.bytes);
  node.unit.seconds = static_cast<std::int8_t>(a.unit.seconds - b.unit.seconds);
  const bool plain = node.unit.bytes == 0 && node.unit.seconds == 0;
  // Of two amounts of one kind the quotient is a share; by a number as written it stays what it
  // was.
  node.unit.share = plain && !(b.literal && b.unit == kNumber && !a.unit.share);
  constexpr int kExponentMin = -8;
  if (node.unit.bytes < kExponentMin || node.unit.seconds < kExponentMin)
    fail_at(a, "nothing is measured in " + unit_name(node.unit));
  Operand found = emit(node, a.begin);
  if (b.unit == kNumber) found.whole = a.whole;
  found.loose_share = a.loose_share && b.unit == kNumber && b.literal;
  return found;
}

}  // namespace oomkit
