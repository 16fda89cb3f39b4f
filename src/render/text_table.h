// Aligned columns for a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "render/paint.h"

namespace oomkit {

class TextTable {
 public:
  enum class Align { left, right };

  void add_column(std::string_view title, Align align) { columns_.push_back({title, align, 0}); }

  // As many cells as columns; visible text (render/escape.h).
  void add_row(std::vector<std::string> cells, Role role = Role::plain);

  // Two blanks between columns, `indent` before the first. Columns in which no row has
  // anything are left out; the last column is cut to what fits into `columns`.
  void append_to(std::string& out, const Paint& paint, std::size_t indent,
                 std::size_t columns) const;

 private:
  struct Column {
    std::string_view title;
    Align align = Align::left;
    std::size_t width = 0;  // Of its widest cell; 0 if all are empty.
  };
  struct Row {
    std::vector<std::string> cells;
    Role role = Role::plain;
  };

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace oomkit
