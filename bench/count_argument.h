// The one argument that several of these programs take.
#pragma once

#include <charconv>
#include <string_view>

namespace oomkit::bench {

// A positive number as the only argument; 0 if it is anything else.
inline int count_argument(int count, const char* const* arguments) {
  if (count != 2) return 0;
  const std::string_view text = arguments[1];
  int wanted = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wanted);
  return error == std::errc() && end == text.data() + text.size() && wanted > 0 ? wanted : 0;
}

}  // namespace oomkit::bench
