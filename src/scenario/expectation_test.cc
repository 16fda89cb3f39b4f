// What a run came to, against what its scenario expects.
#include "scenario/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> differences(std::vector<std::string> wanted,
                                     std::vector<std::string> victims) {
  Scenario scenario;
  scenario.expect.victims = std::move(wanted);
  RunRecord record;
  record.victims = std::move(victims);
  judge(scenario, record);
  return record.expect.value().differences;
}

TEST(Expectation, VictimsCountInTheirOrder) {
  EXPECT_THAT(differences({"a", "b"}, {"a", "b"}), ElementsAre());
  EXPECT_THAT(differences({"a", "b"}, {"b", "a"}), ElementsAre("victims: expected a, b, got b, a"));
  EXPECT_THAT(differences({"a"}, {}), ElementsAre("victims: expected a, got nobody"));
}

TEST(Expectation, ASwarmIsNamedOnceButEachOfItCounts) {
  EXPECT_THAT(differences({"a"}, {"a", "b", "b", "b", "a"}),
              ElementsAre("victims: expected a, got a, b (3 times), a"));
  EXPECT_THAT(differences({"b", "b"}, {"b", "b", "b"}),
              ElementsAre("victims: expected b (2 times), got b (3 times)"));
}

}  // namespace
}  // namespace oomkit
