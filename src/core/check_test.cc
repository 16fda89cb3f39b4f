// A broken promise stops the program with a sentence, in release builds too.
#include "core/check.h"

#include <gtest/gtest.h>

#include "core/result.h"

namespace oomkit {
namespace {

TEST(CheckDeathTest, SaysWhatWasPromisedAndWhere) {
  const int pages = 3;
  EXPECT_DEATH(OOMKIT_CHECK(pages == 4, "pages come in fours"),
               "internal error: pages come in fours \\(pages == 4, .*check_test\\.cc:[0-9]+\\)");
}

TEST(Check, EvaluatesItsConditionOnce) {
  int evaluated = 0;
  OOMKIT_CHECK(++evaluated == 1, "counted");
  EXPECT_EQ(evaluated, 1);
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::malformed, std::to_string(number) + " is odd");
  return number / 2;
}

Result<int> quarter(int number) {
  OOMKIT_TRY(const int first, half(number));
  OOMKIT_TRY(const int second, half(first));
  return second;
}

TEST(Result, TryHandsTheFirstErrorUp) {
  EXPECT_EQ(quarter(12).value(), 3);
  const auto refused = quarter(6);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::malformed);
  EXPECT_EQ(refused.error().what, "3 is odd");
}

}  // namespace
}  // namespace oomkit
