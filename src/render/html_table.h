// A table of the page. Columns without any text in any row are left out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oomkit {

class HtmlTable {
 public:
  void add_column(std::string_view title, std::string_view css_class = "") {
    columns_.push_back({std::string(title), std::string(css_class), false});
  }
  // Cells are HTML already; one for each column.
  void add_row(std::vector<std::string> cells, std::string_view css_class = "") {
    for (std::size_t i = 0; i < cells.size(); ++i)
      columns_[i].used = columns_[i].used || !cells[i].empty();
    rows_.push_back({std::move(cells), std::string(css_class)});
  }

  void append_to(std::string& out) const {
    out += "<div class=\"scroll\"><table><thead><tr>";
    for (const Column& column : columns_) {
      if (column.used) append_cell(out, "th scope=\"col\"", "th", column.css_class, column.title);
    }
    out += "</tr></thead><tbody>\n";
    for (const Row& row : rows_) {
      out += row.css_class.empty() ? "<tr>" : "<tr class=\"" + row.css_class + "\">";
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].used) append_cell(out, "td", "td", columns_[i].css_class, row.cells[i]);
      }
      out += "</tr>\n";
    }
    out += "</tbody></table></div>\n";
  }

 private:
  struct Column {
    std::string title, css_class;
    bool used = false;
  };
  struct Row {
    std::vector<std::string> cells;
    std::string css_class;
  };

  static void append_cell(std::string& out, std::string_view open, std::string_view close,
                          const std::string& css_class, const std::string& content) {
    out += '<';
    out += open;
    if (!css_class.empty()) out += " class=\"" + css_class + "\"";
    out += '>';
    out += content;
    out += "</";
    out += close;
    out += '>';
  }

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace oomkit
