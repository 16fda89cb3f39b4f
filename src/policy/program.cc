#include "policy/program.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "policy/window.h"

namespace oomkit {
namespace {

constexpr NodeValue kUnknownValue{};

NodeValue number_value(double number) {
  return std::isfinite(number) ? NodeValue{number, true} : kUnknownValue;
}
NodeValue truth_value(bool truth) {
  return {truth ? 1.0 : 0.0, true};
}
NodeValue known_value(Known<double> value) {
  return value ? number_value(*value) : kUnknownValue;
}

bool is_true(NodeValue value) {
  return value.known && value.number != 0;
}
bool is_false(NodeValue value) {
  return value.known && value.number == 0;
}

double seconds(HostTime time) {
  return std::chrono::duration<double>(time).count();
}

// Of the operations that look at nothing but their operands.
NodeValue plain_value(Op op, NodeValue a, NodeValue b) {
  if (op == Op::logical_and) {
    if (is_false(a) || is_false(b)) return truth_value(false);
    return a.known && b.known ? truth_value(true) : kUnknownValue;
  }
  if (op == Op::logical_or) {
    if (is_true(a) || is_true(b)) return truth_value(true);
    return a.known && b.known ? truth_value(false) : kUnknownValue;
  }
  if (op == Op::is_known) return truth_value(a.known);
  const bool unary = op == Op::logical_not || op == Op::absolute;
  if (!a.known || (!unary && !b.known)) return kUnknownValue;
  switch (op) {
    case Op::add:
      return number_value(a.number + b.number);
    case Op::subtract:
      return number_value(a.number - b.number);
    case Op::multiply:
      return number_value(a.number * b.number);
    case Op::divide:
      return b.number == 0 ? kUnknownValue : number_value(a.number / b.number);
    case Op::minimum:
      return number_value(std::min(a.number, b.number));
    case Op::maximum:
      return number_value(std::max(a.number, b.number));
    case Op::absolute:
      return number_value(std::fabs(a.number));
    case Op::less:
      return truth_value(a.number < b.number);
    case Op::less_equal:
      return truth_value(a.number <= b.number);
    case Op::greater:
      return truth_value(a.number > b.number);
    case Op::greater_equal:
      return truth_value(a.number >= b.number);
    case Op::equal:
      return truth_value(a.number == b.number);
    case Op::not_equal:
      return truth_value(a.number != b.number);
    case Op::logical_not:
      return truth_value(a.number == 0);
    default:
      break;
  }
  OOMKIT_CHECK(false, "an operation that needs memory is not plain");
  return kUnknownValue;
}

bool is_comparison(Op op) {
  return op >= Op::less && op <= Op::not_equal;
}

NodeValue pressure_average(const ProgramNode& node, const SignalView& view) {
  const TickPressureLine& line = *pressure_line(node.pressure, view);
  const Known<std::int32_t> centipercent = node.pressure.average == 10   ? line.avg10_centipercent
                                           : node.pressure.average == 60 ? line.avg60_centipercent
                                                                         : line.avg300_centipercent;
  return centipercent ? number_value(*centipercent / 10'000.0) : kUnknownValue;
}

NodeValue growth_value(const ProgramNode& node, const SignalView& view) {
  const std::size_t step = window_step(node.window);
  OOMKIT_CHECK(step < view.growth.size(), "the parser lets only the ladder's windows through");
  const Known<Bytes> growth = view.growth.at(step);
  return growth ? number_value(static_cast<double>((*growth).count())) : kUnknownValue;
}

// Steps the memory of one operation and says its value now.
class Stepper {
 public:
  Stepper(const SignalView& view, ProgramState state) : view_(view), state_(state) {}

  NodeValue step(const ProgramNode& node, NodeValue a, NodeValue b) {
    switch (node.op) {
      case Op::pressure_window:
        return pressure_window(node);
      case Op::until:
        return until(state_.memos[node.slot], a, b);
      case Op::lasting:
        return lasting(node, a);
      case Op::within:
        return within(node, a);
      case Op::rate:
        return rate(node, a);
      case Op::slope:
      case Op::rising:
      case Op::falling:
      case Op::eta:
        return slope(node, a);
      case Op::accumulate:
        return accumulate(state_.memos[node.slot], a, b);
      default:
        return comparison(node, a, b);
    }
  }

 private:
  NodeValue pressure_window(const ProgramNode& node) {
    WindowRing& ring = state_.rings[node.slot];
    const Known<Microseconds> total = pressure_line(node.pressure, view_)->total;
    if (!total) {
      ring.clear();
      return kUnknownValue;
    }
    ring.push(view_.now, static_cast<double>((*total).count()) / 1e6, node.window);
    // Two readings are not of one moment: a share above the whole is the whole.
    const Known<double> share = ring.difference_per_second(node.window);
    return share ? number_value(std::clamp(*share, 0.0, 1.0)) : kUnknownValue;
  }

  NodeValue rate(const ProgramNode& node, NodeValue a) {
    WindowRing& ring = state_.rings[node.slot];
    // A counter that goes back has begun anew.
    if (!a.known || (ring.count > 0 && a.number < ring.newest().value)) ring.clear();
    if (!a.known) return kUnknownValue;
    ring.push(view_.now, a.number, node.window);
    return known_value(ring.difference_per_second(node.window));
  }

  NodeValue slope(const ProgramNode& node, NodeValue a) {
    WindowRing& ring = state_.rings[node.slot];
    if (!a.known) {
      ring.clear();
      return kUnknownValue;
    }
    ring.push(view_.now, a.number, node.window);
    const Known<double> slope = ring.slope_per_second(node.window);
    if (!slope) return kUnknownValue;
    if (node.op == Op::rising) return number_value(std::max(0.0, *slope));
    if (node.op == Op::falling) return number_value(std::max(0.0, -*slope));
    if (node.op == Op::slope) return number_value(*slope);
    return *slope < 0 ? number_value(std::max(0.0, a.number / -*slope)) : kUnknownValue;
  }

  static NodeValue until(NodeMemo& memo, NodeValue a, NodeValue b) {
    if (is_true(a)) memo.active = true;
    // Of both at once the beginning wins: nobody means a latch that cannot be set.
    if (is_true(b) && !is_true(a)) memo.active = false;
    if (!memo.active && !a.known) return kUnknownValue;
    return truth_value(memo.active);
  }

  // Since when a is true, but for the time when it was not known. Of a time without a look not more
  // counts than `unseen_most`: nobody saw what was in between.
  void hold(NodeMemo& memo, NodeValue a, HostTime unseen_most) const {
    const HostTime passed = view_.now - memo.last;
    if (memo.active) memo.since += memo.unknown ? passed : passed - std::min(passed, unseen_most);
    if (is_true(a) && !memo.active) memo.since = view_.now;
    memo.active = is_true(a) || (memo.active && !a.known);
    memo.unknown = !a.known;
    memo.last = view_.now;
  }

  NodeValue lasting(const ProgramNode& node, NodeValue a) {
    NodeMemo& memo = state_.memos[node.slot];
    hold(memo, a, node.window / 2);
    const bool is_long_enough = memo.active && view_.now - memo.since >= node.window;
    memo.value = memo.active && !is_long_enough ? 1 : 0;
    return a.known ? truth_value(is_long_enough) : kUnknownValue;
  }

  NodeValue within(const ProgramNode& node, NodeValue a) {
    NodeMemo& memo = state_.memos[node.slot];
    if (is_true(a)) {
      memo.active = true;
      memo.last = view_.now;
    }
    if (memo.active && view_.now - memo.last <= node.window) return truth_value(true);
    return a.known ? truth_value(false) : kUnknownValue;
  }

  NodeValue accumulate(NodeMemo& memo, NodeValue a, NodeValue b) {
    const HostTime passed = memo.active ? view_.now - memo.last : HostTime(0);
    memo.active = true;
    memo.last = view_.now;
    // What is not known adds nothing and takes nothing away.
    const bool counts = a.known && (a.number < 0 || is_true(b));
    if (counts) memo.value = std::max(0.0, memo.value + a.number * seconds(passed));
    return a.known ? number_value(memo.value) : kUnknownValue;
  }

  NodeValue comparison(const ProgramNode& node, NodeValue a, NodeValue b) {
    const NodeValue value = plain_value(node.op, a, b);
    if (!is_comparison(node.op)) return value;
    hold(state_.memos[node.slot], value, HostTime::max());
    return value;
  }

  const SignalView& view_;
  ProgramState state_;
};

NodeValue operand(std::span<const NodeValue> values, std::uint16_t index) {
  return index == kNoNode ? kUnknownValue : values[index];
}

NodeValue leaf_value(const ProgramNode& node, const SignalView& view) {
  switch (node.op) {
    case Op::constant:
      return number_value(node.number);
    case Op::signal:
      return known_value(signal_value(node.signal, view));
    case Op::pressure_average:
      return pressure_average(node, view);
    default:
      return growth_value(node, view);
  }
}

bool is_leaf(Op op) {
  return op == Op::constant || op == Op::signal || op == Op::pressure_average || op == Op::growth;
}

// What an operation with memory says when nothing but the numbers of this moment is new.
NodeValue peeked(const ProgramNode& node, NodeValue a, NodeValue b, NodeValue before) {
  switch (node.op) {
    case Op::until:
      return is_true(a) ? truth_value(true) : (is_true(b) ? truth_value(false) : before);
    case Op::lasting:
      return is_true(a) ? before : (a.known ? truth_value(false) : kUnknownValue);
    case Op::within:
      return is_true(a) ? truth_value(true) : before;
    default:
      return before;
  }
}

}  // namespace

NodeValue Program::evaluate(const SignalView& view, ProgramState state,
                            std::span<NodeValue> values) const {
  Stepper stepper(view, state);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const ProgramNode& node = nodes_[i];
    values[i] = is_leaf(node.op)
                    ? leaf_value(node, view)
                    : stepper.step(node, operand(values, node.a), operand(values, node.b));
  }
  return values[nodes_.size() - 1];
}

NodeValue Program::peek(const SignalView& view, std::span<NodeValue> values) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const ProgramNode& node = nodes_[i];
    const NodeValue a = operand(values, node.a);
    const NodeValue b = operand(values, node.b);
    const bool of_this_moment = node.op == Op::signal || node.op == Op::pressure_average;
    if (of_this_moment) {
      values[i] = leaf_value(node, view);
    } else if (has_memory(node.op)) {
      values[i] = peeked(node, a, b, values[i]);
    } else if (!is_leaf(node.op)) {
      values[i] = plain_value(node.op, a, b);
    }
  }
  return values[nodes_.size() - 1];
}

std::size_t Program::conditions(std::span<const NodeValue> values, std::span<const NodeMemo> memos,
                                HostTime now, std::span<DecisionCondition> out) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < nodes_.size() && count < out.size(); ++i) {
    const ProgramNode& node = nodes_[i];
    if (!is_comparison(node.op)) continue;
    const NodeMemo& memo = memos[node.slot];
    DecisionCondition& condition = out[count++];
    condition.expr = std::string_view(source_).substr(node.begin, node.length);
    condition.unit = nodes_[node.a].unit;
    // "mem.total * 4%" stands for a share of it, and a literal 0 has no unit of its own.
    if (condition.unit == kNumber) condition.unit = nodes_[node.b].unit;
    condition.value = values[node.a].number;
    condition.threshold = values[node.b].number;
    condition.known = values[i].known;
    condition.holds = is_true(values[i]);
    condition.held = condition.holds ? now - memo.since : HostTime(0);
  }
  return count;
}

void Program::discharge(std::span<NodeMemo> memos) const {
  for (const ProgramNode& node : nodes_) {
    if (node.op == Op::accumulate) memos[node.slot].value = 0;
  }
}

}  // namespace oomkit
