// A table by kernel release: the last row that is not newer than the version asked for.
#pragma once

#include <cstddef>

#include "model/kernel_version.h"

namespace oomkit {

template <class Value>
struct Since {
  KernelVersion release;
  Value value;
};

// Rows in ascending order; the first also stands for everything before it.
template <class Value, std::size_t N>
constexpr const Value& value_at(const Since<Value> (&rows)[N], const KernelVersion& version) {
  std::size_t row = 0;
  while (row + 1 < N && rows[row + 1].release <= version)
    ++row;
  return rows[row].value;
}

}  // namespace oomkit
