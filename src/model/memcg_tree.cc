#include "model/memcg_tree.h"

namespace oomkit {

std::optional<std::size_t> MemcgTree::find(std::string_view path) const {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].path == path) return i;
  }
  return std::nullopt;
}

bool MemcgTree::is_within(std::size_t node, std::size_t root) const {
  // A parent comes before its children, so this ends.
  std::optional<std::size_t> at = node;
  while (at && *at > root)
    at = nodes[*at].parent;
  return at == root;
}

}  // namespace oomkit
