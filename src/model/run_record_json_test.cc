#include "model/run_record_json.h"

#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

RunRecord sample() {
  RunRecord record;
  record.scenario = "two";
  record.world = "vm";
  record.kernel = "6.12.0";
  record.seed = 18446744073709551615U;
  record.duration_ms = 3400;
  RunEvent& mark = record.events.emplace_back();
  mark.t_ms = 5;
  mark.kind = "mark";
  mark.comm = "calm \"one\"";
  mark.value = "full";
  RunEvent& kill = record.events.emplace_back();
  kill.t_ms = 9;
  kill.kind = "oom_kill";
  kill.pid = 77;
  kill.constraint = "memcg";
  kill.cgroup = "/box";
  record.victims = {"leak"};
  record.survivors = {"calm \"one\""};
  RunEvent& refused = record.events.emplace_back();
  refused.kind = "refused";
  refused.name = "limit";
  refused.error = "ENOMEM";
  RunProcess& killed = record.processes.emplace_back();
  killed.comm = "leak";
  killed.instance = 2;
  killed.state = "killed";
  killed.signal = 9;
  RunCgroup& box = record.cgroups.emplace_back();
  box.path = "/box";
  box.usage = Bytes(4096);
  box.events = {{"max", 3}, {"oom", 1}};
  box.psi = RunPsi{7, 3};
  record.host.total = Bytes(1 << 28);
  record.host.zones.push_back({0, "DMA32", Bytes(1), Bytes(2), Bytes(3), Bytes(4)});
  record.host.vmstat = {{"oom_kill", 1}, {"allocstall_dma", 0}};
  record.findings = {{"memcg-limit", 2}, {"group-kill", 1}};
  record.warnings = {"3 lines of the kernel log were lost"};
  record.expect = RunExpectation{false, {"victims: wanted calm"}};
  return record;
}

TEST(RunRecordJson, ReadsBackWhatItWrote) {
  const auto back = parse_run_record(to_json(sample()));
  ASSERT_TRUE(back.has_value()) << back.error().what;
  EXPECT_EQ(*back, sample());
}

TEST(RunRecordJson, UnknownIsNullAndStaysUnknown) {
  const std::string json = to_json(RunRecord{});
  EXPECT_NE(json.find("\"total_bytes\":null"), std::string::npos);
  EXPECT_EQ(parse_run_record(json)->host.total, std::nullopt);
}

TEST(RunRecordJson, OtherDocumentsAreRefused) {
  EXPECT_NE(parse_run_record("{\"schema\":").error().what.find("byte"), std::string::npos);
  EXPECT_NE(parse_run_record("{\"schema\":\"oomkit.explain/1\"}").error().what.find("oomkit.run/1"),
            std::string::npos);
  EXPECT_FALSE(parse_run_record("").has_value());
  EXPECT_NE(
      parse_run_record("{\"schema\":\"oomkit.run/1\",\"seed\":1e999}").error().what.find("double"),
      std::string::npos);
}

TEST(RunRecordJson, EveryPrefixIsRefused) {
  const std::string json = to_json(sample());
  for (std::size_t length = 0; length + 2 < json.size(); ++length) {
    EXPECT_FALSE(parse_run_record(json.substr(0, length)).has_value()) << length;
  }
}

}  // namespace
}  // namespace oomkit
