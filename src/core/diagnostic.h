// A refusal that shows the place: file, line, column, the source line, a caret, the remedy.
//
//   scenario.toml:14:8: unknown key "memory.maximum" in [[cgroup]] /box
//      14 | set = { "memory.maximum" = "80M" }
//         |         ^^^^^^^^^^^^^^^^ cgroup v2 has memory.max (limit) and memory.high (throttle)
//
// For every file that people write for us: scenarios, policies.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace oomkit {

struct Diagnostic {
  std::size_t line = 0;    // 1-based; 0: the file as a whole.
  std::size_t column = 0;  // 1-based, in bytes.
  std::size_t length = 1;  // Bytes to underline.
  std::string message;     // What is wrong: "unknown key ..."
  std::string hint;        // What would be right; may be empty.
};

std::string diagnostic_text(const Diagnostic& diagnostic, std::string_view file_name,
                            std::string_view source);

// The candidate that was probably meant by `word`; empty if none is near (edit distance
// with transpositions, at most a third of the word).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace oomkit
