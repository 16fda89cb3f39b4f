// The words that a recording has for what is no number.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "policy/engine.h"
#include "policy/tick.h"

namespace oomkit {

// By the value of the enumeration; the first of a list is not written.
template <class Enum>
struct RecordWords;

template <>
struct RecordWords<CgroupWish> {
  static constexpr std::array<std::string_view, 4> kAll = {"none", "prefer", "avoid", "omit"};
};
template <>
struct RecordWords<Fact> {
  static constexpr std::array<std::string_view, 3> kAll = {"unknown", "no", "yes"};
};
template <>
struct RecordWords<ProcessesRead> {
  static constexpr std::array<std::string_view, 3> kAll = {"none", "some", "all"};
};
template <>
struct RecordWords<DecisionOutcome> {
  static constexpr std::array<std::string_view, 5> kAll = {"done", "withdrawn", "failed",
                                                           "survived", "dry run"};
};

template <class T>
concept HasRecordWords = requires {
  RecordWords<T>::kAll;
};

template <HasRecordWords Enum>
constexpr std::string_view record_word(Enum value) {
  return RecordWords<Enum>::kAll.at(static_cast<std::size_t>(value));
}

}  // namespace oomkit
