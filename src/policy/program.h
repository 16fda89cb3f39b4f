// A condition after compiling: a list of operations, each after those that it works on.
//
// Evaluating walks the list once from front to back and fills one value for each operation; no
// recursion, no allocation, no short cut, so that every window sees every tick. A value may be
// unknown; truth then has three values (unknown and false is false, unknown or true is true).
//
// What an operation remembers from tick to tick is in slots that the caller keeps, one set for
// each scope that the condition is judged in: the program itself is immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "policy/decision.h"
#include "policy/signals.h"
#include "policy/tick.h"
#include "policy/unit.h"
#include "policy/window.h"

namespace oomkit {

enum class Op : std::uint8_t {
  constant,
  signal,
  pressure_average,  // Averages of the kernel, over 10, 60 or 300 s.
  pressure_window,   // Out of total=, over `window`; 0: since the last tick.
  growth,            // The largest record growth of a leaf cgroup within `window`.
  add,
  subtract,
  multiply,
  divide,
  minimum,
  maximum,
  absolute,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  logical_and,
  logical_or,
  logical_not,
  until,       // True from a on, until b.
  lasting,     // a without a break for `window`.
  within,      // a at some time in the last `window`.
  rate,        // Of a counter, per second.
  slope,       // Of anything, per second, by least squares.
  rising,      // max(0, slope)
  falling,     // max(0, -slope)
  eta,         // Until a is 0 at its slope; unknown while it does not fall.
  accumulate,  // Integral of a over time, never below 0; what adds counts only while b.
  is_known,
};

// What an operation remembers from tick to tick: a ring of samples, or a memo.
constexpr bool uses_ring(Op op) {
  return op == Op::pressure_window || (op >= Op::rate && op <= Op::eta);
}
// Comparisons remember since when they hold, which is told and changes nothing.
constexpr bool has_memory(Op op) {
  return uses_ring(op) || op == Op::until || op == Op::lasting || op == Op::within ||
         op == Op::accumulate;
}

inline constexpr std::uint16_t kNoNode = UINT16_MAX;

struct ProgramNode {
  Op op = Op::constant;
  std::uint16_t a = kNoNode, b = kNoNode;
  std::uint16_t slot = kNoNode;  // Of its memory: a ring, or a memo.
  Signal signal = Signal::mem_total;
  PressureOf pressure;
  double number = 0;  // Constant.
  HostTime window{0};
  PolicyUnit unit;
  std::uint32_t begin = 0, length = 0;  // In the source.
};

struct NodeMemo {
  HostTime since{0};  // Since when something is true; or the time of `value`.
  HostTime last{0};   // Of the last look.
  double value = 0;   // Above 0: something is on its way.
  bool active = false;
  bool unknown = false;  // At the last look; that time does not count.

  // policy/state_archive.h
  template <class Archive>
  void walk(Archive& archive) {
    archive.past(since);
    archive.past(last);
    archive.number(value);
    archive.truth(active);
    archive.truth(unknown);
  }
};

struct ProgramState {
  std::span<WindowRing> rings;
  std::span<NodeMemo> memos;
};

struct NodeValue {
  double number = 0;  // 1 or 0 for a truth.
  bool known = false;
};

class Program {
 public:
  const std::string& source() const { return source_; }
  std::span<const ProgramNode> nodes() const { return nodes_; }
  std::size_t rings() const { return rings_; }
  std::size_t memos() const { return memos_; }

  // `values` has room for all nodes. The last is the condition's own.
  NodeValue evaluate(const SignalView& view, ProgramState state, std::span<NodeValue> values) const;
  // The same with fresh numbers and nothing remembered: operations over time say what they said
  // at the last evaluate(), whose `values` these still are.
  NodeValue peek(const SignalView& view, std::span<NodeValue> values) const;
  // The comparisons, in the order of the source; how many there are.
  std::size_t conditions(std::span<const NodeValue> values, std::span<const NodeMemo> memos,
                         HostTime now, std::span<DecisionCondition> out) const;
  // What has accumulated is used up.
  void discharge(std::span<NodeMemo> memos) const;

 private:
  friend class ExpressionCompiler;
  std::string source_;
  std::vector<ProgramNode> nodes_;
  std::size_t rings_ = 0, memos_ = 0;
};

}  // namespace oomkit
