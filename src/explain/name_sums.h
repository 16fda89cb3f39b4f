// What processes of one name hold together, in the order of nothing in particular.
//
// Asked for every row of every report, so it is done by a hash table and not by sorting. Names
// come from outside, and somebody may choose them so that all fall on one place of the table:
// then the plain twin, which sorts, takes over.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/units.h"

namespace oomkit {

struct NamedUse {
  std::string_view comm;
  Bytes rss, swap;
};

struct NamedSum {
  NamedUse use;
  std::size_t count = 0;

  void add(const NamedUse& other);
};

// One sum for each name. The views are those of `uses`.
std::vector<NamedSum> sums_of_names(const std::vector<NamedUse>& uses);
std::vector<NamedSum> sums_of_names_plain(std::vector<NamedUse> uses);

}  // namespace oomkit
