// Rows of a task table as most of them are, read all columns at once.
//
// The kernel prints a table with a printf format, so from row to row the columns end at the same
// places. A row is looked at once, sixteen bytes at a time, for where digits end; if that is where
// they ended in the row before, every number is found without a search, four are worked out
// together, and no branch depends on the digits. Rows whose columns are pushed aside by a wide
// number cost the search again.
//
// Only what is beyond doubt is taken: plain text, all columns there and of up to eight digits,
// numbers that go together, a name. Whatever else a row may be is left to lines_tasks.h, which is
// also what this is tested against.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "klog/lines_tasks.h"
#include "model/task.h"

namespace oomkit {

class RowScan {
 public:
  // Bytes before a row that are looked at, whatever they are.
  static constexpr std::size_t kBytesBefore = 8;

  // Of the table whose rows follow.
  void begin(const TaskColumns& columns);
  // Reads the row that begins with the bracket at `at` into `task`, all but its line; the '\n'
  // behind it. Null if it is not such a row, or if the text ends too soon behind it to tell. Fields
  // that are not in the table are left alone.
  const char* read(const char* at, const char* text_end, Task& task);

 private:
  // A bit for each of the row's first bytes.
  struct Bits {
    static constexpr std::size_t kCount = 128;
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    void set(std::size_t at) { (at < 64 ? low : high) |= std::uint64_t{1} << (at % 64); }
    bool has(std::size_t at) const { return ((at < 64 ? low : high) >> (at % 64) & 1U) != 0; }
    bool any() const { return (low | high) != 0; }
    friend Bits operator&(Bits a, Bits b) { return {a.low & b.low, a.high & b.high}; }
    friend Bits operator^(Bits a, Bits b) { return {a.low ^ b.low, a.high ^ b.high}; }
  };
  struct Look {
    Bits digits;
    Bits others;  // Neither digits nor blanks.
    Bits ends;    // The last digits of numbers.
  };
  // The pid is a number too.
  static constexpr std::size_t kNumbersMax = 16;
  static constexpr std::size_t kDigitsRead = 8;
  using Values = std::array<std::int32_t, kNumbersMax>;

  static Look look_at(const char* at);
  bool learn(const Look& look, std::size_t numbers);
  bool may_be_signs(const char* at, const Look& look, Bits odd) const;
  void read_values(const char* at, Values& values) const;
  void negate(std::uint64_t signs, std::size_t first, Values& values) const;
  void store(const Values& values, Task& task) const;

  TaskColumns columns_;
  // What kernels from 4.15 on print, and from 6.8 on: most logs, and worth a way of their own.
  enum class Form : std::uint8_t { any, since_4_15, since_6_8 } form_ = Form::any;

  // The layout of the last row.
  std::size_t numbers_ = 0;
  std::size_t size_ = 0;  // Up to the blank before the name.
  Bits region_;           // The bytes before that ...
  Bits ends_;             // ... where numbers end in them ...
  Bits brackets_;         // ... where the pid's brackets stand ...
  Bits too_long_;         // ... and where a digit means that a number has more than are read.
  std::array<std::uint8_t, kNumbersMax> end_{};      // Behind the number.
  std::array<std::uint64_t, kNumbersMax> mask_{};    // Of the bytes before that: the column's own.
  std::array<std::uint8_t, Bits::kCount> number_{};  // Whose column a byte is in.
};

}  // namespace oomkit
