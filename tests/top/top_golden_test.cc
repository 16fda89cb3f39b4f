// What `oom top` shows of a host that was captured, byte for byte, at several widths, and the
// live screen in several states. OOMKIT_GOLDEN_UPDATE=1 writes the files anew: read the
// difference before it is kept.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "render/snapshot_redact.h"
#include "render/top_json.h"
#include "render/top_screen.h"
#include "render/top_text.h"
#include "sources/live_host.h"
#include "tests/support/golden_file.h"

namespace oomkit {
namespace {

const std::string kExpected = OOMKIT_SOURCE_DIR "/tests/top/expected/";

Snapshot captured() {
  const auto tree = open_file_tree(OOMKIT_SOURCE_DIR "/tests/top/data/web-17");
  EXPECT_TRUE(tree.has_value());
  auto host = LiveHost::create(**tree);
  EXPECT_TRUE(host.has_value());
  return host->read(HostQuery::everything()).value();
}

// The same host four seconds before: a little less of everything that grows.
Snapshot earlier(Snapshot snapshot) {
  for (MemcgNode& memcg : snapshot.memcgs->nodes) {
    if (memcg.path == "/kubepods/burstable/pod3f9c/c71e")
      memcg.usage = *memcg.usage - Bytes(44 << 20);
    if (memcg.path == "/system.slice/nginx.service") memcg.usage = *memcg.usage + Bytes(4 << 20);
  }
  for (Zone& zone : snapshot.host_memory->zones) {
    if (zone.name == "Normal") zone.amounts.set("free", *zone.find("free") + KiB(17 << 10));
  }
  return snapshot;
}

TopReport report_of(const TopQuery& query, bool growth = true) {
  const Snapshot now = captured();
  const Snapshot before = earlier(now);
  std::optional<EarlierAmounts> amounts;
  if (growth) amounts.emplace(EarlierAmounts{before, 4.0});
  auto report = make_top_report(now, amounts, query);
  EXPECT_TRUE(report.has_value()) << report.error().what;
  return std::move(*report);
}

TEST(TopGolden, Text80) {
  const std::string text = top_text(report_of({"all", true}), {80, 10, false});
  expect_no_line_wider(text, 80);
  expect_golden(kExpected + "top-80.txt", text);
}

TEST(TopGolden, Text160) {
  const std::string text = top_text(report_of({"all", false}), {160, 10, false});
  expect_no_line_wider(text, 160);
  expect_golden(kExpected + "top-160.txt", text);
}

TEST(TopGolden, TextInColour) {
  expect_golden(kExpected + "top-colour.txt", top_text(report_of({"all", false}), {100, 3, true}));
}

TEST(TopGolden, OneCgroup) {
  expect_golden(kExpected + "top-cgroup.txt",
                top_text(report_of({"kubepods/burstable/pod3f9c/c71e", false}), {80, 10, false}));
}

TEST(TopGolden, Json) {
  expect_golden(kExpected + "top.json", top_json(report_of({"all", true}), 4));
}

TEST(TopGolden, WithoutALookBeforeNothingIsSaidOfGrowth) {
  const std::string text = top_text(report_of({"all", false}, false), {80, 10, false});
  EXPECT_EQ(text.find("GROWTH"), std::string::npos);
  EXPECT_EQ(text.find("falling"), std::string::npos);
}

TEST(TopGolden, AnonymizedItNamesNobody) {
  const Snapshot snapshot = anonymized(captured());
  const auto report = make_top_report(snapshot, std::nullopt, {});
  const std::string text = top_text(*report, {120, 10, false}) + top_json(*report, 100);
  for (const char* name : {"web-17", "mariadb", "3f9c", "77aa", "user-1000", "nginx.service"})
    EXPECT_EQ(text.find(name), std::string::npos) << name;
  EXPECT_NE(text.find("mysqld"), std::string::npos) << "names of programs are what it is about";
  // What dies is the same.
  const auto plain = make_top_report(captured(), std::nullopt, {});
  EXPECT_EQ(report->scopes.front().prediction->would_kill,
            plain->scopes.front().prediction->would_kill);
}

std::string screen_text(ScreenState& state, const TopReport& report, ScreenSize size) {
  std::string text;
  const auto lines = screen_lines(state, report, size);
  EXPECT_EQ(lines.size(), size.rows);
  for (const ScreenLine& line : lines) {
    EXPECT_LE(display_width(line.text), size.columns) << line.text;
    text += (line.selected ? "> " : "  ") + line.text + "\n";
  }
  return text;
}

void type(ScreenState& state, const TopReport& report, const std::string& letters) {
  for (const char letter : letters)
    take_key(state, report, {ScreenKey::letter, letter}, {24, 80});
}
void press(ScreenState& state, const TopReport& report, ScreenKey key) {
  take_key(state, report, {key, '\0'}, {24, 80});
}

TEST(TopScreen, ListDetailAndTree) {
  const TopReport report = report_of({"all", false});
  ScreenState state;
  std::string text = screen_text(state, report, {24, 80});
  press(state, report, ScreenKey::down);
  press(state, report, ScreenKey::down);
  text += screen_text(state, report, {24, 80});
  press(state, report, ScreenKey::enter);
  state.memory = MemoryDetail{2211, Bytes(9LL << 30), Bytes(8LL << 30), Bytes(7LL << 30), {}, ""};
  text += screen_text(state, report, {24, 80});
  press(state, report, ScreenKey::escape);
  type(state, report, "t");
  text += screen_text(state, report, {24, 80});
  press(state, report, ScreenKey::down);
  press(state, report, ScreenKey::enter);
  EXPECT_EQ(state.scope, "/kubepods");
  text += screen_text(state, report, {24, 80});
  type(state, report, "?");
  text += screen_text(state, report, {24, 80});
  expect_golden(kExpected + "screen-80.txt", text);
}

TEST(TopScreen, Wide) {
  ScreenState state;
  expect_golden(kExpected + "screen-200.txt",
                screen_text(state, report_of({"all", false}), {50, 200}));
}

TEST(TopScreen, FilterSortAndFreeze) {
  const TopReport report = report_of({"all", false});
  ScreenState state;
  type(state, report, "/NGinx");
  EXPECT_TRUE(state.typing_filter);
  press(state, report, ScreenKey::enter);
  EXPECT_FALSE(state.typing_filter);
  EXPECT_TRUE(state.wants_all_tasks());
  const std::string filtered = screen_text(state, report, {24, 80});
  EXPECT_NE(filtered.find("nginx"), std::string::npos);
  EXPECT_EQ(filtered.find("postgres"), std::string::npos);
  press(state, report, ScreenKey::escape);
  EXPECT_TRUE(state.filter.empty());
  type(state, report, "s");
  EXPECT_EQ(state.sort, ScreenSort::rss);
  std::string sorted = screen_text(state, report, {24, 80});
  sorted.erase(0, sorted.find("RANK"));
  EXPECT_LT(sorted.find(" mysqld"), sorted.find(" java ")) << "by rss mysqld is first";
  EXPECT_EQ(take_key(state, report, {ScreenKey::letter, ' '}, {24, 80}), ScreenWish::none);
  EXPECT_TRUE(state.frozen);
  EXPECT_EQ(take_key(state, report, {ScreenKey::letter, ' '}, {24, 80}), ScreenWish::refresh);
  EXPECT_EQ(take_key(state, report, {ScreenKey::letter, 'q'}, {24, 80}), ScreenWish::quit);
}

TEST(TopScreen, AnySizeAndAnyKeysAreFine) {
  const TopReport report = report_of({"all", false});
  Snapshot nobody = captured();
  nobody.tasks.clear();
  nobody.task_states.clear();
  const auto empty = make_top_report(nobody, std::nullopt, {});
  for (const std::size_t rows : {1U, 2U, 5U, 9U, 24U, 300U}) {
    for (const std::size_t columns : {1U, 7U, 40U, 80U, 400U}) {
      ScreenState state;
      for (const TopReport* shown : {&report, &*empty}) {
        for (const char key : std::string("ts?/a")) {
          (void)screen_text(state, *shown, {rows, columns});
          type(state, *shown, std::string(1, key));
          for (const ScreenKey move : {ScreenKey::end, ScreenKey::page_up, ScreenKey::down,
                                       ScreenKey::page_down, ScreenKey::up, ScreenKey::enter,
                                       ScreenKey::home, ScreenKey::backspace, ScreenKey::escape})
            take_key(state, *shown, {move, '\0'}, {rows, columns});
          (void)screen_text(state, *shown, {rows, columns});
        }
      }
    }
  }
}

}  // namespace
}  // namespace oomkit
