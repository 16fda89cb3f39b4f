// What `oom doctor` says of a host that was captured, and of one that is in a bad way, byte for
// byte. OOMKIT_GOLDEN_UPDATE=1 writes the files anew: read the difference before it is kept.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "doctor/doctor_testing.h"
#include "render/doctor_text.h"
#include "sources/live_host.h"
#include "tests/support/golden_file.h"

namespace oomkit {
namespace {

const std::string kExpected = OOMKIT_SOURCE_DIR "/tests/doctor/expected/";

Snapshot captured() {
  const auto tree = open_file_tree(OOMKIT_SOURCE_DIR "/tests/top/data/web-17");
  EXPECT_TRUE(tree.has_value());
  auto host = LiveHost::create(**tree);
  EXPECT_TRUE(host.has_value());
  return host->read(HostQuery::everything()).value();
}

// One that panics, with two killers, a database as the next victim and names meant to harm.
Snapshot bad_host() {
  Snapshot host = doctor::sound_host();
  doctor::set_sysctl_value(host, "vm.panic_on_oom", 2);
  doctor::set_sysctl_value(host, "vm.overcommit_memory", 2);
  doctor::set_meminfo(host, "Committed_AS", doctor::kGiB * 11);
  const std::size_t memcg = doctor::add_memcg(host, "/system.slice/mariadb.service");
  doctor::add_task(host, 990, "mariadbd", doctor::kGiB * 5, 0, memcg);
  doctor::add_task(host, 970, "earlyoom", Bytes(1 << 20), -100);
  doctor::add_task(host, 971, "systemd-oomd", Bytes(1 << 20), -900);
  const std::size_t evil = doctor::add_memcg(host, "/x; rm -rf 'y'\x1b[31m");
  host.memcgs->nodes[evil].limit = MemcgLimit{doctor::kGiB};
  host.memcgs->nodes[evil].swap_limit = MemcgLimit{Bytes(0)};
  host.host_state->core_pattern.reset();
  host.gaps.add(SourceGap::task_denied, "proc/12/status", 3);
  return host;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string text_of_host(const Snapshot& host, DoctorTextOptions options = {}) {
  return doctor_text(host, examine({host, {}}), options);
}

TEST(DoctorGolden, Captured80) {
  const std::string text = text_of_host(captured());
  expect_no_line_wider(text, 80);
  expect_golden(kExpected + "web-17-80.txt", text);
}

TEST(DoctorGolden, CapturedJson) {
  const Snapshot host = captured();
  expect_golden(kExpected + "web-17.json", doctor_json(host, examine({host, {}})));
}

TEST(DoctorGolden, ABadHost) {
  const std::string text = text_of_host(bad_host());
  expect_no_line_wider(text, 80);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  expect_golden(kExpected + "bad-80.txt", text);
}

TEST(DoctorGolden, ABadHostInColour) {
  expect_golden(kExpected + "bad-colour.txt", text_of_host(bad_host(), {100, true}));
}

TEST(DoctorGolden, ASoundHostFitsOneScreen) {
  const std::string text = text_of_host(doctor::sound_host());
  expect_no_line_wider(text, 80);
  EXPECT_LE(lines_in(text), 24U);
  expect_golden(kExpected + "sound-80.txt", text);
}

}  // namespace
}  // namespace oomkit
