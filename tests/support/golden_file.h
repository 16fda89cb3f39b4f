// What a user sees, held byte for byte against a file of the tree.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "render/width.h"

namespace oomkit {

// With OOMKIT_GOLDEN_UPDATE=1 it writes the file anew, and the test counts as skipped.
inline void expect_golden(const std::string& path, const std::string& actual) {
  if (std::getenv("OOMKIT_GOLDEN_UPDATE") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    GTEST_SKIP() << "wrote " << path;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.is_open()) << path << " is missing: run with OOMKIT_GOLDEN_UPDATE=1";
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(actual, expected);
}

inline void expect_no_line_wider(const std::string& text, std::size_t columns) {
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    EXPECT_LE(display_width(line), columns) << line;
    begin = end + 1;
  }
}

}  // namespace oomkit
