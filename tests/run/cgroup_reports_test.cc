// Of a kernel's log only what is about one cgroup.
#include "explain/cgroup_reports.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

std::size_t reports_about(const std::string& cgroup) {
  CgroupReports reports(cgroup);
  // A kill for the host's sake, of a process in /hog.
  std::ifstream file(OOMKIT_SOURCE_DIR "/fixtures/klog/cpuset.6.1.log", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  LogReader reader("log", reports);
  reader.feed(text);
  reader.finish();
  EXPECT_EQ(reports.count(), reports.explained().size());
  return reports.count();
}

TEST(CgroupReports, AreThoseOfItsOwnName) {
  EXPECT_EQ(reports_about("hog"), 1U);
}

TEST(CgroupReports, AreNotThoseOfAnotherThatBeginsOrEndsLikeIt) {
  EXPECT_EQ(reports_about("ho"), 0U);
  EXPECT_EQ(reports_about("og"), 0U);
  EXPECT_EQ(reports_about("hog-2"), 0U);
  EXPECT_EQ(reports_about(""), 0U);
}

}  // namespace
}  // namespace oomkit
