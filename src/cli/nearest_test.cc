#include "cli/nearest.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

const std::vector<std::string> kWords = {"--format", "--since", "--summary", "explain"};

TEST(NearestTest, FindsTheWordMeant) {
  EXPECT_EQ(nearest("--fromat", kWords), "--format");
  EXPECT_EQ(nearest("--sumary", kWords), "--summary");
  EXPECT_EQ(nearest("explian", kWords), "explain");
  EXPECT_EQ(nearest("explain", kWords), "explain");
}

TEST(NearestTest, SuggestsNothingWhenNothingIsClose) {
  EXPECT_EQ(nearest("--verbose-and-loud", kWords), std::nullopt);
  EXPECT_EQ(nearest("", kWords), std::nullopt);
  EXPECT_EQ(nearest("explain", {}), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'e'), kWords), std::nullopt);
}

}  // namespace
}  // namespace oomkit
