#include "guest/json_line.h"

#include <charconv>

#include "core/check.h"

namespace oomkit::guest {
JsonLine::JsonLine(Outlet& outlet, std::string_view type) : outlet_(&outlet) {
  outlet_->put(type);
  outlet_->put(" {");
  closers_[depth_++] = '}';
}

void JsonLine::end() {
  if (depth_ == 0) return;
  while (depth_ > 0)
    outlet_->put(closers_[--depth_]);
  outlet_->put('\n');
}

void JsonLine::begin_value(std::string_view name) {
  if (has_items_[depth_ - 1]) outlet_->put(',');
  has_items_[depth_ - 1] = true;
  if (name.empty()) return;
  text(name);
  outlet_->put(':');
}

void JsonLine::field(std::string_view name, std::string_view value) {
  begin_value(name);
  text(value);
}

void JsonLine::field(std::string_view name, std::int64_t value) {
  begin_value(name);
  number(value);
}

void JsonLine::field(std::string_view name, std::optional<std::int64_t> value) {
  begin_value(name);
  value ? number(*value) : outlet_->put("null");
}

void JsonLine::begin_object(std::string_view name) {
  begin_value(name);
  OOMKIT_CHECK(depth_ < kDepthMax, "a line of the protocol is nested too deeply");
  outlet_->put('{');
  has_items_[depth_] = false;
  closers_[depth_++] = '}';
}

void JsonLine::begin_array(std::string_view name) {
  begin_value(name);
  OOMKIT_CHECK(depth_ < kDepthMax, "a line of the protocol is nested too deeply");
  outlet_->put('[');
  has_items_[depth_] = false;
  closers_[depth_++] = ']';
}

void JsonLine::begin_item() {
  begin_object({});
}

void JsonLine::close() {
  outlet_->put(closers_[--depth_]);
}

void JsonLine::number(std::int64_t value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  outlet_->put(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void JsonLine::text(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  outlet_->put('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      outlet_->put('\\');
      outlet_->put(c);
    } else if (c == '\n') {
      outlet_->put("\\n");
    } else if (byte >= 0x20 && byte < 0x7f) {
      outlet_->put(c);
    } else {
      outlet_->put("\\u00");
      outlet_->put(kDigits[byte >> 4]);
      outlet_->put(kDigits[byte & 0xf]);
    }
  }
  outlet_->put('"');
}

}  // namespace oomkit::guest
