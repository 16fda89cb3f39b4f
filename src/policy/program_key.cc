#include "policy/program_key.h"

#include <bit>
#include <string_view>

#include "core/fnv.h"

namespace oomkit {
namespace {

class KeyMaker {
 public:
  KeyMaker& add(std::string_view text) {
    number(text.size());
    key_ = fnv1a(text, key_);
    return *this;
  }
  KeyMaker& number(std::uint64_t value) {
    constexpr unsigned kBits = 8;
    for (unsigned shift = 0; shift < 64; shift += kBits) {
      const char byte = static_cast<char>((value >> shift) & 0xff);
      key_ = fnv1a({&byte, 1}, key_);
    }
    return *this;
  }
  std::uint64_t key() const { return key_; }

 private:
  std::uint64_t key_ = kFnvBasis;
};

void add_pressure(KeyMaker& key, const PressureOf& of) {
  key.number(static_cast<std::uint64_t>(of.resource)).number(of.full ? 1 : 0);
  key.number(of.host ? 1 : 0).number(of.average);
}

void add_node(KeyMaker& key, const ProgramNode& node) {
  key.number(static_cast<std::uint64_t>(node.op)).number(static_cast<std::uint64_t>(node.signal));
  add_pressure(key, node.pressure);
  key.number(std::bit_cast<std::uint64_t>(node.number));
  key.number(static_cast<std::uint64_t>(node.window.count()));
}

// An operation with all that it works on.
void add_tree(KeyMaker& key, const Program& program, std::uint16_t at) {
  key.number(at == kNoNode ? 0 : 1);
  if (at == kNoNode) return;
  const ProgramNode& node = program.nodes()[at];
  add_node(key, node);
  add_tree(key, program, node.a);
  add_tree(key, program, node.b);
}

bool remembers(const Program& program, std::uint16_t at) {
  if (at == kNoNode) return false;
  const ProgramNode& node = program.nodes()[at];
  return has_memory(node.op) || remembers(program, node.a) || remembers(program, node.b);
}

}  // namespace

std::uint64_t program_key(const Program& program) {
  KeyMaker key;
  for (const ProgramNode& node : program.nodes()) {
    add_node(key, node);
    key.number(node.a).number(node.b).number(node.slot);
  }
  return key.key();
}

std::uint64_t scope_key(const PolicyScope& scope) {
  KeyMaker key;
  key.number(static_cast<std::uint64_t>(scope.kind));
  for (const std::string& glob : scope.globs)
    key.add(glob);
  return key.key();
}

std::vector<std::uint64_t> ring_keys(const Program& program) {
  std::vector<std::uint64_t> keys(program.rings());
  for (const ProgramNode& node : program.nodes()) {
    if (!uses_ring(node.op)) continue;
    KeyMaker key;
    key.number(static_cast<std::uint64_t>(node.window.count()));
    if (node.op == Op::pressure_window) {
      add_pressure(key.number(1), node.pressure);
    } else {
      // A rate's samples are of a counter and are dropped when it goes back.
      add_tree(key.number(node.op == Op::rate ? 2 : 3), program, node.a);
    }
    // What somebody else's memory went into is of use to that condition alone.
    if (remembers(program, node.a)) key.number(program_key(program));
    keys.at(node.slot) = key.key();
  }
  return keys;
}

}  // namespace oomkit
