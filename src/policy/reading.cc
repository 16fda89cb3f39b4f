#include "policy/reading.h"

#include <algorithm>
#include <chrono>

namespace oomkit {
namespace {

std::string_view text_of_node(const Program& program, const ProgramNode& node) {
  return std::string_view(program.source()).substr(node.begin, node.length);
}

bool compares(Op op) {
  return op >= Op::less && op <= Op::not_equal;
}

// "4%" is compiled to a share of a signal that nobody wrote: that one is not told.
bool is_written_signal(const Program& program, const ProgramNode& node) {
  switch (node.op) {
    case Op::signal:
      return text_of_node(program, node) == signal_entry(node.signal).name;
    case Op::pressure_average:
    case Op::pressure_window:
    case Op::growth:
      return true;
    default:
      return false;
  }
}

PolicyUnit compared_unit(const Program& program, const ProgramNode& node) {
  const PolicyUnit left = program.nodes()[node.a].unit;
  return left == kNumber ? program.nodes()[node.b].unit : left;
}

double number_of_node(std::span<const NodeValue> values, std::uint16_t node) {
  return values[node].known ? values[node].number : kNotKnown;
}

// Calls `take` with the index and the kind of each node that is a reading.
template <class Take>
std::size_t each_reading(const Program& program, std::size_t room, Take take) {
  std::size_t count = 0;
  const std::span<const ProgramNode> nodes = program.nodes();
  for (std::size_t index = 0; index < nodes.size() && count < room; ++index) {
    const ProgramNode& node = nodes[index];
    if (compares(node.op)) {
      take(count++, index, ReadingKind::comparison);
    } else if (node.op == Op::lasting) {
      take(count++, index, ReadingKind::lasting);
    } else if (is_written_signal(program, node)) {
      take(count++, index, ReadingKind::signal);
    }
  }
  return count;
}

}  // namespace

std::size_t describe_readings(const Program& program, std::span<ReadingPlace> out) {
  return each_reading(program, out.size(),
                      [&](std::size_t at, std::size_t index, ReadingKind kind) {
                        const ProgramNode& node = program.nodes()[index];
                        PolicyUnit unit = node.unit;
                        if (kind == ReadingKind::comparison) unit = compared_unit(program, node);
                        if (kind == ReadingKind::lasting) unit = kTime;
                        out[at] = {kind, text_of_node(program, node), unit};
                      });
}

std::size_t take_readings(const Program& program, std::span<const NodeValue> values,
                          std::span<const NodeMemo> memos, HostTime now, std::span<Reading> out) {
  const auto seconds = [](HostTime time) { return std::chrono::duration<double>(time).count(); };
  const auto take = [&](std::size_t at, std::size_t index, ReadingKind kind) {
    const ProgramNode& node = program.nodes()[index];
    Reading& reading = out[at];
    reading = {};
    if (kind == ReadingKind::signal) {
      reading.value = number_of_node(values, static_cast<std::uint16_t>(index));
      return;
    }
    const NodeMemo& memo = memos[node.slot];
    reading.holds = values[index].known && values[index].number != 0;
    reading.held = memo.active ? std::max(now - memo.since, HostTime(0)) : HostTime(0);
    if (kind == ReadingKind::comparison) {
      reading.value = number_of_node(values, node.a);
      reading.threshold = number_of_node(values, node.b);
      return;
    }
    if (values[node.a].known) reading.value = seconds(reading.held);
    reading.threshold = seconds(node.window);
  };
  return each_reading(program, out.size(), take);
}

std::size_t count_true_comparisons(const Program& program, std::span<const NodeValue> values) {
  std::size_t count = 0;
  for (std::size_t index = 0; index < program.nodes().size(); ++index) {
    const bool is_true = values[index].known && values[index].number != 0;
    if (is_true && compares(program.nodes()[index].op)) ++count;
  }
  return count;
}

}  // namespace oomkit
