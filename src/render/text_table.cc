#include "render/text_table.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "render/width.h"

namespace oomkit {
namespace {

constexpr std::size_t kColumnGap = 2;

void trim_blanks(std::string& line, std::size_t from) {
  while (line.size() > from && line.back() == ' ')
    line.pop_back();
}

}  // namespace

void TextTable::add_row(std::vector<std::string> cells, Role role) {
  OOMKIT_CHECK(cells.size() == columns_.size(), "a row has a cell for each column");
  for (std::size_t i = 0; i < cells.size(); ++i)
    columns_[i].width = std::max(columns_[i].width, display_width(cells[i]));
  rows_.push_back({std::move(cells), role});
}

void TextTable::append_to(std::string& out, const Paint& paint, std::size_t indent,
                          std::size_t columns) const {
  const auto append_line = [&](Role role, const auto& cell_of) {
    append_spaces(out, indent);
    paint.begin(out, role);
    const std::size_t begin = out.size();
    std::size_t used = indent;
    bool first = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = columns_[i];
      if (column.width == 0) continue;
      if (!first) {
        append_spaces(out, kColumnGap);
        used += kColumnGap;
      }
      first = false;
      const std::size_t width = std::max(column.width, display_width(column.title));
      std::string_view cell = cell_of(i);
      if (column.align == Align::right) {
        append_right(out, cell, width);
      } else {
        const bool last = i + 1 == columns_.size();
        const std::size_t room = columns > used ? columns - used : 0;
        append_left(out, last ? shortened(cell, room) : std::string(cell), last ? 0 : width);
      }
      used += width;
    }
    trim_blanks(out, begin);
    paint.end(out, role);
    out += '\n';
  };
  append_line(Role::aside, [&](std::size_t i) { return columns_[i].title; });
  for (const Row& row : rows_)
    append_line(row.role, [&](std::size_t i) { return std::string_view(row.cells[i]); });
}

}  // namespace oomkit
