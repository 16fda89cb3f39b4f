// A snapshot that is written and read back is the same snapshot.
#include "model/snapshot_json.h"

#include <array>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "model/snapshot_fields.h"

namespace oomkit {
namespace {

// Fills every member that the list of fields names with something drawn, or leaves it out.
class RandomFields {
 public:
  RandomFields(std::uint64_t seed, PageSize page_size) : random_(seed), page_size_(page_size) {}

  template <class T>
  void member(const char* /*name*/, T& value) {
    fill(value);
  }
  void percent(const char* /*name*/, std::int32_t& value) {
    value = static_cast<std::int32_t>(random_.between(0, 10000));
  }

 private:
  void fill(std::string& text) {
    static constexpr std::array<const char*, 7> kPieces = {"db",      "/a b", "\"\\", "\n\t",
                                                           "\x1b[0m", "é",    "🐧"};
    for (std::int64_t i = random_.between(0, 3); i > 0; --i)
      text += kPieces[static_cast<std::size_t>(random_.between(0, 6))];
  }
  void fill(char& letter) { letter = random_.pick({'R', 'S', 'D', 'Z'}); }
  void fill(bool& flag) { flag = random_.chance(50); }
  void fill(PageSize& size) { size = page_size_; }
  void fill(CgroupLayout& layout) {
    layout = random_.pick({CgroupLayout::v1, CgroupLayout::v2, CgroupLayout::hybrid});
  }
  void fill(KiB& amount) { amount = KiB(random_.between(-5, std::int64_t{1} << 50)); }
  void fill(Pages& amount) { amount = Pages(random_.between(0, std::int64_t{1} << 45)); }
  void fill(Bytes& amount) { amount = Bytes(random_.between(0, INT64_MAX)); }
  void fill(HostTime& time) {
    time = std::chrono::microseconds(random_.between(0, 1'000'000'000'000));
  }
  void fill(std::chrono::microseconds& time) {
    time = std::chrono::microseconds(random_.between(0, 2'000'000'000'000'000));
  }
  void fill(MemcgLimit& limit) { fill(limit.size); }
  // Each name once, as in a JSON object.
  template <class Unit>
  void fill(NamedAmounts<Unit>& names) {
    for (std::int64_t i = random_.between(0, 3); i > 0; --i) {
      Unit amount{};
      fill(amount);
      names.add("name " + std::to_string(i), amount);
    }
  }
  void fill(MemcgStat& stat) {
    for (std::int64_t i = random_.between(0, 3); i > 0; --i)
      stat.add("stat_" + std::to_string(i), random_.between(INT64_MIN, INT64_MAX));
  }
  void fill(SourceGaps& gaps) {
    for (const SourceGap gap : {SourceGap::task_denied, SourceGap::memcgs_partial}) {
      if (random_.chance(50)) gaps.add(gap, "é", static_cast<std::uint64_t>(random_.between(1, 9)));
    }
  }
  template <class T>
  void fill(std::optional<T>& maybe) {
    if (random_.chance(60)) fill(maybe.emplace());
  }
  template <class T>
  void fill(Known<T>& maybe) {
    T value{};
    fill(value);
    if (random_.chance(60)) maybe = value;
  }
  template <class T>
  void fill(std::vector<T>& items) {
    for (std::int64_t i = random_.between(0, 3); i > 0; --i)
      fill(items.emplace_back());
  }
  template <class T>
  void fill(T& value) {
    if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(random_.between(0, 1'000'000));
    } else {
      walk_fields(*this, value);
    }
  }

  Random random_;
  PageSize page_size_;
};

Snapshot random_snapshot(std::uint64_t seed) {
  Random random(seed);
  const PageSize size = random.pick({PageSize::k4K, PageSize::k16K, PageSize::k64K});
  RandomFields fields(seed, size);
  Snapshot snapshot;
  walk_fields(fields, snapshot);
  if (!snapshot.page_size && size != PageSize::k4K) snapshot.page_size = size;
  // What leads from one list to another must lead somewhere.
  const std::size_t memcgs = snapshot.memcgs ? snapshot.memcgs->nodes.size() : 0;
  for (std::size_t i = 0; i < memcgs; ++i) {
    auto& parent = snapshot.memcgs->nodes[i].parent;
    if (parent) parent = i > 0 ? std::optional(*parent % i) : std::nullopt;
  }
  snapshot.task_states.resize(snapshot.tasks.size());
  for (TaskState& state : snapshot.task_states) {
    if (state.memcg) state.memcg = memcgs > 0 ? std::optional(*state.memcg % memcgs) : std::nullopt;
  }
  return snapshot;
}

TEST(SnapshotJson, EverySnapshotComesBackAsItWas) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Snapshot snapshot = random_snapshot(seed);
    const std::string text = to_json(snapshot);
    const auto read = parse_snapshot(text);
    ASSERT_TRUE(read.has_value()) << "seed " << seed << ": " << read.error().what;
    ASSERT_TRUE(*read == snapshot) << "seed " << seed << ":\n" << text << "\n" << to_json(*read);
  }
}

TEST(SnapshotJson, UnknownIsNullAndPagesAreBytes) {
  Snapshot snapshot;
  snapshot.page_size = PageSize::k64K;
  Task task;
  task.pid = 7;
  task.comm = "db";
  task.rss = Pages(3);
  snapshot.tasks.push_back(task);
  snapshot.gaps.add(SourceGap::task_denied, "9/status", 2);
  const auto json = nlohmann::json::parse(to_json(snapshot));
  EXPECT_EQ(json["schema"], "oomkit.snapshot/1");
  EXPECT_EQ(json["tasks"][0]["rss_bytes"], 3 * 65536);
  EXPECT_TRUE(json["tasks"][0]["swap_bytes"].is_null());
  EXPECT_TRUE(json["memcgs"].is_null());
  EXPECT_EQ(json["warnings"][0]["code"], "task-denied");
  EXPECT_EQ(json["warnings"][0]["count"], 2);
}

TEST(SnapshotJson, RefusalsNameWhatIsWrong) {
  const auto refusal = [](std::string_view text) {
    const auto read = parse_snapshot(text);
    return read ? std::string("accepted") : read.error().what;
  };
  EXPECT_EQ(refusal("{"), "not a JSON document: error at byte 2");
  EXPECT_EQ(refusal("[]"), "not a snapshot: expected \"schema\": \"oomkit.snapshot/1\"");
  EXPECT_EQ(refusal(R"({"schema":"oomkit.run/1"})"),
            "not a snapshot: expected \"schema\": \"oomkit.snapshot/1\"");
  const std::string head = R"({"schema":"oomkit.snapshot/1",)";
  EXPECT_EQ(refusal(head + R"("host":7})"), "\"host\": expected a text");
  EXPECT_EQ(refusal(head + R"("tasks":{}})"), "\"tasks\": expected a list");
  EXPECT_EQ(refusal(head + R"("tasks":[{"pid":1.5}]})"), "\"pid\": expected a whole number");
  EXPECT_EQ(refusal(head + R"("tasks":[{"oom_score_adj":4294967296}]})"),
            "\"oom_score_adj\": expected a smaller number");
  EXPECT_EQ(refusal(head + R"("page_size_bytes":5000})"),
            "\"page_size_bytes\": expected 4096, 8192, 16384 or 65536");
  EXPECT_EQ(refusal(head + R"("memcgs":{"nodes":[{"path":"/a","parent":0}]}})"),
            "\"parent\" of /a: expected the index of a cgroup before it");
  EXPECT_EQ(refusal(head + R"("tasks":[{"pid":1}],"task_states":[{"memcg":0}]})"),
            "\"memcg\": expected the index of a cgroup");
  EXPECT_EQ(refusal(head + R"("task_states":[{}]})"),
            "\"task_states\": expected one for each of \"tasks\"");
  EXPECT_EQ(refusal(head + R"("surprise":[1,{}]})"), "accepted") << "a later version may add some";
}

TEST(SnapshotJson, ANumberBeyondAnyDoubleIsRefused) {
  const auto read =
      parse_snapshot("{\"schema\": \"oomkit.snapshot/1\", \"uptime_s\": 7e384703028}");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::malformed);
}

TEST(SnapshotJson, EveryPrefixAndManyAlteredBytesAreRefusedOrRead) {
  const std::string text = to_json(random_snapshot(7));
  for (std::size_t end = 0; end + 1 < text.size(); end += 1 + text.size() / 300)
    EXPECT_FALSE(parse_snapshot(std::string_view(text).substr(0, end)).has_value());
  Random random(11);
  for (int i = 0; i < 300; ++i) {
    std::string altered = text;
    altered[static_cast<std::size_t>(
        random.between(0, static_cast<std::int64_t>(text.size()) - 1))] =
        static_cast<char>(random.between(0, 255));
    (void)parse_snapshot(altered);
  }
}

}  // namespace
}  // namespace oomkit
