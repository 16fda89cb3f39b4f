// One line of the protocol: a word and a JSON object, written straight into the outlet.
//
// core/json_writer.h appends to strings, which allocate; this does not. What the kernel
// says is bytes, and not always UTF-8: each byte from 0x80 on is written as \u00XX, and the
// host puts the bytes together again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/units.h"
#include "guest/outlet.h"

namespace oomkit::guest {

class JsonLine {
 public:
  // Begins a line; end() or the destructor ends it.
  JsonLine(Outlet& outlet, std::string_view type);
  ~JsonLine() { end(); }
  JsonLine(const JsonLine&) = delete;
  JsonLine& operator=(const JsonLine&) = delete;

  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
  void field(std::string_view name, std::int64_t value);
  void field(std::string_view name, std::optional<std::int64_t> value);

  void begin_object(std::string_view name);
  void begin_array(std::string_view name);
  void begin_item();  // An object in an array.
  void close();       // The innermost object or array.
  void end();

 private:
  void begin_value(std::string_view name);
  void number(std::int64_t value);
  void text(std::string_view text);

  static constexpr std::size_t kDepthMax = 8;
  Outlet* outlet_;
  std::array<char, kDepthMax> closers_{};
  std::array<bool, kDepthMax> has_items_{};
  std::size_t depth_ = 0;
};

}  // namespace oomkit::guest
