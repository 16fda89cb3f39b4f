// Protecting and taking back, planned as values and done on a tree of a test.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "act/protect_do.h"
#include "act/protect_drop_in.h"
#include "act/protect_plan.h"
#include "act/protect_state.h"
#include "act/protect_target.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Bytes kMiB(1 << 20);

std::size_t add_node(Snapshot& host, const std::string& path, std::size_t parent) {
  MemcgNode memcg;
  memcg.path = path;
  if (!path.empty() && path != "/") {
    memcg.parent = parent;
    memcg.min = Bytes(0);
    memcg.low = Bytes(0);
  }
  host.memcgs->nodes.push_back(memcg);
  return host.memcgs->nodes.size() - 1;
}

void add_process(Snapshot& host, std::int64_t pid, std::int64_t parent, const std::string& comm,
                 std::size_t memcg) {
  Task task;
  task.pid = pid;
  task.comm = comm;
  task.oom_score_adj = 0;
  host.tasks.push_back(task);
  TaskState state;
  state.parent = parent;
  state.start = std::chrono::seconds(pid);
  state.memcg = memcg;
  state.kernel_thread = false;
  host.task_states.push_back(state);
}

// systemd, web.service with a master and its worker, another service in the same slice.
Snapshot small_host() {
  Snapshot host;
  host.page_size = PageSize::k4K;
  host.memcgs.emplace();
  add_node(host, "/", 0);
  const std::size_t slice = add_node(host, "/system.slice", 0);
  const std::size_t web = add_node(host, "/system.slice/web.service", slice);
  const std::size_t db = add_node(host, "/system.slice/db.service", slice);
  add_process(host, 1, 0, "systemd", 0);
  add_process(host, 20, 1, "web", web);
  add_process(host, 21, 20, "worker", web);
  add_process(host, 30, 1, "db", db);
  add_process(host, 2, 0, "kthreadd", 0);
  host.task_states.back().kernel_thread = true;
  return host;
}

FileContent no_files() {
  return [](const std::string&) -> Result<std::optional<std::string>> { return std::nullopt; };
}

Result<ProtectPlan> plan_of(const Snapshot& host, const std::string& target,
                            const ProtectRequest& request,
                            const FileContent& content = no_files()) {
  return plan_protection(host, target, request, system_unit_folders(), content);
}

TEST(ProtectTarget, WhatIsTypedIsAPidANameOrAUnit) {
  EXPECT_EQ(parse_protect_target("2211")->kind, ProtectTarget::Kind::pid);
  EXPECT_EQ(parse_protect_target("sshd")->kind, ProtectTarget::Kind::name);
  EXPECT_EQ(parse_protect_target("name:db.service")->kind, ProtectTarget::Kind::name);
  EXPECT_EQ(parse_protect_target("db.service")->kind, ProtectTarget::Kind::unit);
  EXPECT_EQ(parse_protect_target("batch.slice")->kind, ProtectTarget::Kind::unit);
  for (const char* wrong : {"", "0", "-5", "1", "name:", "run-1.scope", "../x.service"})
    EXPECT_EQ(parse_protect_target(wrong).error().code, ErrorCode::usage) << wrong;
}

TEST(ProtectTarget, EachHasOneSpelling) {
  EXPECT_EQ(canonical_text(*parse_protect_target("name:sshd")), "sshd");
  EXPECT_EQ(canonical_text(*parse_protect_target("0042")), "42");
  EXPECT_EQ(canonical_text(*parse_protect_target("name:db.service")), "name:db.service");
  EXPECT_EQ(canonical_text(*parse_protect_target("db.service")), "db.service");
}

TEST(ProtectPlan, AProcessGetsTheDefaultScore) {
  const auto plan = plan_of(small_host(), "20", {});
  ASSERT_TRUE(plan.has_value()) << plan.error().what;
  ASSERT_EQ(plan->scores.size(), 1U);
  EXPECT_EQ(plan->scores[0], (ScoreChange{20, 20s, "web", 0, -999}));
  EXPECT_TRUE(plan->files.empty());
}

TEST(ProtectPlan, ItsChildrenAreTakenAlongOnRequest) {
  ProtectRequest request{.score = -500, .children = true};
  Snapshot host = small_host();
  const auto plan = plan_of(host, "name:web", request);
  ASSERT_EQ(plan->scores.size(), 2U);
  EXPECT_EQ(plan->scores[1].pid, 21);
  // Two that call each other parent are no end of it.
  host.task_states[1].parent = 21;
  EXPECT_EQ(plan_of(host, "20", request)->scores.size(), 2U);
}

TEST(ProtectPlan, WhoHasTheScoreAlreadyIsLeftAlone) {
  Snapshot host = small_host();
  host.tasks[1].oom_score_adj = -999;
  EXPECT_TRUE(plan_of(host, "20", {})->changes_nothing());
}

TEST(ProtectPlan, AUnitGetsADropInAndItsProcessesTheScoreAtOnce) {
  const auto plan = plan_of(small_host(), "web.service", {.score = -700});
  ASSERT_TRUE(plan.has_value()) << plan.error().what;
  ASSERT_EQ(plan->files.size(), 1U);
  EXPECT_EQ(plan->files[0].path, "etc/systemd/system/web.service.d/50-oomkit.conf");
  EXPECT_EQ(plan->files[0].before, std::nullopt);
  EXPECT_NE(plan->files[0].after.find("[Service]\nOOMScoreAdjust=-700\n"), std::string::npos);
  ASSERT_EQ(plan->scores.size(), 2U);
  EXPECT_EQ(plan->scores[0].pid, 20);
  EXPECT_EQ(plan->scores[1].pid, 21);
  EXPECT_TRUE(plan->settings.empty());
}

TEST(ProtectPlan, ProtectedMemoryIsAskedOfTheSlicesAboveAsWell) {
  Snapshot host = small_host();
  host.memcgs->nodes[3].min = kMiB * 100;  // db.service has some already.
  const auto plan = plan_of(host, "web.service", {.memory_min = kMiB * 256});
  ASSERT_TRUE(plan.has_value()) << plan.error().what;
  ASSERT_EQ(plan->files.size(), 2U);
  EXPECT_NE(plan->files[0].after.find("MemoryMin=268435456\n"), std::string::npos);
  EXPECT_EQ(plan->files[0].after.find("OOMScoreAdjust"), std::string::npos) << "not asked for";
  EXPECT_EQ(plan->files[1].path, "etc/systemd/system/system.slice.d/50-oomkit.conf");
  EXPECT_NE(plan->files[1].after.find("[Slice]\nMemoryMin=373293056\n"), std::string::npos)
      << plan->files[1].after;
  ASSERT_EQ(plan->settings.size(), 2U);
  EXPECT_EQ(plan->settings[0],
            (SettingChange{"sys/fs/cgroup/system.slice/web.service/memory.min", "0", "268435456"}));
  EXPECT_EQ(plan->settings[1].after, "373293056");
  EXPECT_TRUE(plan->scores.empty());
}

TEST(ProtectPlan, ASecondRequestAddsToTheFirst) {
  DropIn first;
  first.score = -300;
  const auto content = [&](const std::string& path) -> Result<std::optional<std::string>> {
    if (path.find("web.service.d") == std::string::npos) return std::nullopt;
    return drop_in_text("web.service", first);
  };
  const auto plan = plan_of(small_host(), "web.service", {.memory_low = kMiB}, content);
  ASSERT_TRUE(plan.has_value()) << plan.error().what;
  EXPECT_NE(plan->files[0].after.find("OOMScoreAdjust=-300\nMemoryLow=1048576\n"),
            std::string::npos);
}

TEST(ProtectPlan, AFileThatSomebodyChangedIsLeftAlone) {
  const auto content = [](const std::string&) -> Result<std::optional<std::string>> {
    return "[Service]\nNice=5\n";
  };
  EXPECT_EQ(plan_of(small_host(), "web.service", {}, content).error().code, ErrorCode::malformed);
}

TEST(ProtectPlan, AUnitThatDoesNotRunGetsItsFileAlone) {
  const auto content = [](const std::string& path) -> Result<std::optional<std::string>> {
    if (path == "lib/systemd/system/getty@.service") return "[Service]\n";
    return std::nullopt;
  };
  const auto plan = plan_of(small_host(), "getty@tty1.service", {}, content);
  ASSERT_TRUE(plan.has_value()) << plan.error().what;
  EXPECT_EQ(plan->files.size(), 1U);
  EXPECT_EQ(plan->notes.size(), 1U);
  EXPECT_EQ(plan_of(small_host(), "gone.service", {}, content).error().code, ErrorCode::not_found);
}

TEST(ProtectPlan, AUnitWithoutAMemoryCgroupIsFoundBySystemdsList) {
  Snapshot host = small_host();
  host.memcgs.reset();
  for (TaskState& state : host.task_states)
    state.memcg.reset();
  const auto content = [](const std::string& path) -> Result<std::optional<std::string>> {
    if (path == "lib/systemd/system/web.service") return "[Service]\n";
    if (path == "sys/fs/cgroup/systemd/system.slice/web.service/cgroup.procs") return "20\n21\n";
    return std::nullopt;
  };
  const auto plan = plan_of(host, "web.service", {}, content);
  ASSERT_TRUE(plan.has_value()) << plan.error().what;
  EXPECT_EQ(plan->scores.size(), 2U);
  EXPECT_TRUE(plan->notes.empty());
}

TEST(ProtectPlan, AUsersUnitIsNotTheSystemsOfThatName) {
  Snapshot host = small_host();
  const std::size_t slice = add_node(host, "/user.slice/user-1000.slice", 0);
  const std::size_t manager =
      add_node(host, host.memcgs->nodes[slice].path + "/user@1000.service", slice);
  const std::size_t app = add_node(host, host.memcgs->nodes[manager].path + "/app.slice", manager);
  const std::size_t web = add_node(host, host.memcgs->nodes[app].path + "/web.service", app);
  add_process(host, 40, 1, "web", web);
  EXPECT_EQ(plan_of(host, "web.service", {.score = 5})->scores.front().pid, 20);
  const ProtectRequest request{.score = 5, .memory_low = kMiB};
  const auto plan = plan_protection(host, "web.service", request,
                                    user_unit_folders("home/alice/.config"), no_files());
  ASSERT_TRUE(plan.has_value()) << plan.error().what;
  ASSERT_EQ(plan->scores.size(), 1U);
  EXPECT_EQ(plan->scores.front().pid, 40);
  ASSERT_EQ(plan->files.size(), 2U) << "what is above the user's manager is not the user's";
  EXPECT_EQ(plan->files[1].path, "home/alice/.config/systemd/user/app.slice.d/50-oomkit.conf");
  EXPECT_EQ(plan->notes.size(), 1U);
}

TEST(ProtectPlan, RefusalsSayWhy) {
  Snapshot host = small_host();
  EXPECT_EQ(plan_of(host, "77", {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(plan_of(host, "nobody", {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(plan_of(host, "2", {}).error().code, ErrorCode::usage) << "a kernel thread";
  EXPECT_EQ(plan_of(host, "20", {.score = 1001}).error().code, ErrorCode::usage);
  EXPECT_EQ(plan_of(host, "20", {.memory_min = kMiB}).error().code, ErrorCode::usage);
  EXPECT_EQ(plan_of(host, "system.slice", {.score = -5}).error().code, ErrorCode::usage);
  host.memcgs->version = 1;
  EXPECT_EQ(plan_of(host, "web.service", {.memory_min = kMiB}).error().code,
            ErrorCode::unsupported);
}

TEST(ProtectDropIn, ComesBackAsItWasWritten) {
  DropIn all{-999, kMiB * 3, kMiB * 4};
  const auto read = parse_drop_in(drop_in_text("a.service", all));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->score, -999);
  EXPECT_EQ(read->memory_min, kMiB * 3);
  EXPECT_EQ(read->memory_low, kMiB * 4);
  EXPECT_FALSE(parse_drop_in(drop_in_text("a.service", all) + "Nice=1\n"));
  EXPECT_FALSE(parse_drop_in(""));
}

TEST(ProtectState, ComesBackAsItWasAndKeepsTheFirstValue) {
  ProtectPlan plan;
  plan.target = "web.service";
  plan.files = {{"etc/x", std::nullopt, "one"}};
  plan.settings = {{"sys/y", "0", "5"}};
  plan.scores = {{20, 20s, "web", 0, -500}};
  ProtectState state;
  state.add(plan, "boot-1");
  plan.files[0] = {"etc/x", "one", "two"};
  plan.scores[0] = {20, 20s, "web", -500, -999};
  state.add(plan, "boot-1");
  ASSERT_EQ(state.records.size(), 1U);
  EXPECT_EQ(state.records[0].files[0], (FileChange{"etc/x", std::nullopt, "two"}));
  EXPECT_EQ(state.records[0].scores[0].before, 0);
  EXPECT_EQ(state.records[0].scores[0].after, -999);
  const auto read = parse_protect_state(to_json(state));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_TRUE(*read == state);
  for (const char* wrong : {"", "{}", "[1", R"({"schema":"oomkit.protect-state/1"})"})
    EXPECT_FALSE(parse_protect_state(wrong).has_value()) << wrong;
}

TEST(ProtectState, NumbersThatCannotBeAreNone) {
  ProtectState state;
  state.records.push_back({"web", "boot-1", {}, {}, {{20, 20s, "web", 0, -500}}, {}});
  const std::string good = to_json(state);
  ASSERT_TRUE(parse_protect_state(good).has_value());
  const auto with = [&](const std::string& field, const std::string& value) {
    const std::size_t at = good.find("\"" + field + "\": ") + field.size() + 4;
    return good.substr(0, at) + value + good.substr(good.find_first_of(",\n", at));
  };
  EXPECT_TRUE(parse_protect_state(with("start_us", "null")).has_value());
  for (const char* field : {"pid", "start_us", "before", "after"}) {
    for (const char* value : {"9223372036854775807", "18446744073709551615", "1e300", "-1e300",
                              "-1001", "0.5", "\"1\"", "[]", "{}", "true"}) {
      EXPECT_FALSE(parse_protect_state(with(field, value)).has_value()) << field << " " << value;
    }
  }
}

// A tree with the files that are read and written.
class ProtectorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "oomkit-protect-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    put("proc/20/stat", stat_of(20));
    put("proc/20/oom_score_adj", "0\n");
    put("proc/21/stat", stat_of(21));
    put("proc/21/oom_score_adj", "0\n");
    put("sys/fs/cgroup/system.slice/memory.min", "0\n");
    put("sys/fs/cgroup/system.slice/web.service/memory.min", "0\n");
    put("etc/systemd/system/keep", "");
    auto tree = WritableTree::create(name);
    ASSERT_TRUE(tree.has_value());
    tree_.emplace(std::move(*tree));
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string stat_of(int pid) {
    return std::to_string(pid) + " (web) S 1 0 0 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 " +
           std::to_string(pid * 100) + " 0 0\n";
  }
  void put(const std::string& path, const std::string& content) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << content;
  }
  std::string get(const std::string& path) const {
    std::ostringstream content;
    content << std::ifstream(folder_ / path).rdbuf();
    std::string text = content.str();
    while (!text.empty() && text.back() == '\n')
      text.pop_back();
    return text;
  }
  bool has(const std::string& path) const { return fs::exists(folder_ / path); }

  Protector protector() {
    return {*tree_, "var/lib/oomkit/protect.json", [this]() -> Status {
              ++reloads_;
              if (reload_fails_) return fail(ErrorCode::denied, "not allowed");
              return {};
            }};
  }
  ProtectPlan unit_plan() const {
    ProtectRequest request{.score = -900, .memory_min = kMiB};
    return plan_of(small_host(), "web.service", request).value();
  }

  fs::path folder_;
  std::optional<WritableTree> tree_;
  int reloads_ = 0;
  bool reload_fails_ = false;
};

constexpr const char* kWebDropIn = "etc/systemd/system/web.service.d/50-oomkit.conf";

TEST_F(ProtectorTest, AUnitIsProtectedAndComesBackWholly) {
  const ProtectPlan plan = unit_plan();
  const Status done = protector().protect(plan);
  ASSERT_TRUE(done.has_value()) << done.error().what;
  EXPECT_EQ(reloads_, 1);
  EXPECT_NE(get(kWebDropIn).find("OOMScoreAdjust=-900"), std::string::npos);
  EXPECT_EQ(get("proc/20/oom_score_adj"), "-900");
  EXPECT_EQ(get("proc/21/oom_score_adj"), "-900");
  EXPECT_EQ(get("sys/fs/cgroup/system.slice/web.service/memory.min"), "1048576");
  EXPECT_EQ(get("sys/fs/cgroup/system.slice/memory.min"), "1048576");

  const auto seen = protector().undo("web.service", true);
  EXPECT_EQ(seen->done.size(), 6U);
  EXPECT_EQ(get("proc/20/oom_score_adj"), "-900") << "that was a dry run";

  auto lock = protector().lock();
  const auto undone = protector().undo("web.service", false);
  { const FolderLock let_go = std::move(*lock); }
  ASSERT_TRUE(undone.has_value()) << undone.error().what;
  EXPECT_EQ(undone->done, seen->done);
  EXPECT_TRUE(undone->left.empty());
  EXPECT_EQ(reloads_, 2);
  EXPECT_FALSE(has("etc/systemd/system/web.service.d")) << "the folder was made for the file";
  EXPECT_FALSE(has("etc/systemd/system/system.slice.d"));
  EXPECT_TRUE(has("etc/systemd/system/keep"));
  EXPECT_EQ(get("proc/20/oom_score_adj"), "0");
  EXPECT_EQ(get("sys/fs/cgroup/system.slice/memory.min"), "0");
  EXPECT_FALSE(has("var/lib/oomkit")) << "nothing is left to remember";
  EXPECT_FALSE(protector().undo("web.service", false)->found);
}

TEST_F(ProtectorTest, AFolderWithOthersFilesStays) {
  put("etc/systemd/system/web.service.d/10-own.conf", "[Service]\nNice=5\n");
  ASSERT_TRUE(protector().protect(unit_plan()).has_value());
  ASSERT_TRUE(protector().undo(std::nullopt, false).has_value());
  EXPECT_TRUE(has("etc/systemd/system/web.service.d/10-own.conf"));
  EXPECT_FALSE(has(kWebDropIn));
}

TEST_F(ProtectorTest, WhatFailsHalfwayLeavesNothing) {
  fs::remove(folder_ / "sys/fs/cgroup/system.slice/web.service/memory.min");
  const Status done = protector().protect(unit_plan());
  ASSERT_FALSE(done.has_value());
  EXPECT_FALSE(has("etc/systemd/system/web.service.d"));
  EXPECT_EQ(get("sys/fs/cgroup/system.slice/memory.min"), "0");
  EXPECT_EQ(get("proc/20/oom_score_adj"), "0");
  EXPECT_FALSE(has("var/lib/oomkit/protect.json"));
  EXPECT_EQ(reloads_, 2) << "the manager forgets the file again";
}

TEST_F(ProtectorTest, AManagerThatRefusesIsAnErrorAndLeavesNothing) {
  reload_fails_ = true;
  EXPECT_EQ(protector().protect(unit_plan()).error().code, ErrorCode::denied);
  EXPECT_FALSE(has("etc/systemd/system/web.service.d"));
  EXPECT_FALSE(has("var/lib/oomkit/protect.json"));
}

TEST_F(ProtectorTest, APidThatIsAnotherProcessNowIsNotTouched) {
  const ProtectPlan plan = plan_of(small_host(), "20", {}).value();
  ASSERT_TRUE(protector().protect(plan).has_value());
  EXPECT_EQ(get("proc/20/oom_score_adj"), "-999");
  put("proc/20/stat", stat_of(99));
  const auto undone = protector().undo("20", false);
  EXPECT_TRUE(undone->found);
  EXPECT_TRUE(undone->done.empty());
  EXPECT_EQ(get("proc/20/oom_score_adj"), "-999");
  EXPECT_FALSE(has("var/lib/oomkit/protect.json"));
  // And neither when it is to be protected.
  put("proc/20/oom_score_adj", "0\n");
  ASSERT_TRUE(protector().protect(plan).has_value());
  EXPECT_EQ(get("proc/20/oom_score_adj"), "0");
}

TEST_F(ProtectorTest, WhoIsStartedInTheUnitLaterComesBackAsWell) {
  ASSERT_TRUE(protector().protect(unit_plan()).has_value());
  fs::remove_all(folder_ / "proc/20");
  put("proc/40/stat", stat_of(40));
  put("proc/40/oom_score_adj", "-900\n");
  put("proc/41/oom_score_adj", "5\n");
  put("sys/fs/cgroup/system.slice/web.service/cgroup.procs", "21\n40\n41\n");
  const auto undone = protector().undo("web.service", false);
  EXPECT_TRUE(undone->left.empty());
  EXPECT_EQ(get("proc/21/oom_score_adj"), "0");
  EXPECT_EQ(get("proc/40/oom_score_adj"), "0");
  EXPECT_EQ(get("proc/41/oom_score_adj"), "5") << "that is its own";
}

TEST_F(ProtectorTest, WhatSomebodyChangedSinceIsTheirs) {
  ASSERT_TRUE(protector().protect(unit_plan()).has_value());
  put("proc/20/oom_score_adj", "-17\n");
  put(kWebDropIn, "[Service]\nOOMScoreAdjust=3\n");
  const auto undone = protector().undo("web.service", false);
  EXPECT_EQ(undone->left.size(), 2U);
  EXPECT_EQ(get("proc/20/oom_score_adj"), "-17");
  EXPECT_NE(get(kWebDropIn).find("OOMScoreAdjust=3"), std::string::npos);
  EXPECT_EQ(get("proc/21/oom_score_adj"), "0") << "the rest is taken back";
}

TEST_F(ProtectorTest, ProtectedTwiceItComesBackToTheFirstValue) {
  Snapshot host = small_host();
  ASSERT_TRUE(protector().protect(plan_of(host, "20", {.score = 300}).value()).has_value());
  host.tasks[1].oom_score_adj = 300;
  ASSERT_TRUE(protector().protect(plan_of(host, "20", {.score = 500}).value()).has_value());
  EXPECT_EQ(get("proc/20/oom_score_adj"), "500");
  ASSERT_TRUE(protector().undo("20", false)->left.empty());
  EXPECT_EQ(get("proc/20/oom_score_adj"), "0");
}

// The slice above both grants what both ask for, in two steps.
TEST_F(ProtectorTest, ASliceRaisedForTwoGoesBackWithTheSecondInEitherOrder) {
  const std::string slice = "sys/fs/cgroup/system.slice/memory.min";
  const std::string drop_in = "etc/systemd/system/system.slice.d/50-oomkit.conf";
  const FileContent content = [this](const std::string& path) { return tree_->read(path); };
  const char* const both[] = {"web.service", "db.service"};
  for (const std::size_t first_back : {0U, 1U}) {
    Snapshot host = small_host();
    put("sys/fs/cgroup/system.slice/db.service/memory.min", "0\n");
    ASSERT_TRUE(protector().protect(plan_of(host, both[0], {.memory_min = kMiB}, content).value()));
    host.memcgs->nodes[1].min = kMiB;
    host.memcgs->nodes[2].min = kMiB;
    ASSERT_TRUE(
        protector().protect(plan_of(host, both[1], {.memory_min = kMiB * 2}, content).value()));
    EXPECT_EQ(get(slice), "3145728");
    EXPECT_NE(get(drop_in).find("MemoryMin=3145728"), std::string::npos);

    const auto seen = protector().undo(both[first_back], true);
    const auto undone = protector().undo(both[first_back], false);
    EXPECT_EQ(seen->kept, undone->kept);
    EXPECT_EQ(undone->kept.size(), first_back == 0 ? 2U : 0U) << "the second rests on it";
    EXPECT_TRUE(undone->left.empty());
    EXPECT_EQ(get(slice), first_back == 0 ? "3145728" : "1048576");
    const auto last = protector().undo(both[1 - first_back], false);
    EXPECT_TRUE(last->left.empty() && last->kept.empty());
    EXPECT_EQ(get(slice), "0");
    EXPECT_FALSE(has("etc/systemd/system/system.slice.d"));
  }
}

// Whatever became of the record, taking back does no more than it says, or says that it cannot.
TEST_F(ProtectorTest, ARecordThatIsCutOrGarbledIsNoHarm) {
  const std::string record = "var/lib/oomkit/protect.json";
  ASSERT_TRUE(protector().protect(unit_plan()));
  const std::string good = get(record) + "\n";
  for (std::size_t length = 0; length + 2 < good.size(); ++length) {
    const auto cut = parse_protect_state(good.substr(0, length));
    ASSERT_FALSE(cut.has_value()) << length;
    EXPECT_EQ(cut.error().code, ErrorCode::malformed);
  }
  std::size_t readable = 0;
  for (std::size_t at = 0; at < good.size(); at += 2) {
    for (const char byte : {'\0', '9', '"', '}', '\xff'}) {
      std::string bad = good;
      bad[at] = byte;
      // Reading it is what can fail; of those that can be read a part is followed to the end.
      if (!parse_protect_state(bad) || ++readable % 32 != 0) continue;
      put(record, bad);
      EXPECT_TRUE(protector().undo(std::nullopt, true).has_value());
    }
  }
  EXPECT_GT(readable, 32U) << "many bytes of names and paths may be others";
  put(record, good.substr(0, good.size() / 2));
  EXPECT_EQ(protector().undo(std::nullopt, false).error().code, ErrorCode::malformed);
  EXPECT_TRUE(has(record)) << "it may be mended by hand";
  put(record, good);
  const auto undone = protector().undo(std::nullopt, false);
  ASSERT_TRUE(undone.has_value());
  EXPECT_TRUE(undone->left.empty());
  EXPECT_FALSE(has(kWebDropIn));
}

TEST_F(ProtectorTest, ScoresOfAnotherBootAreForgotten) {
  put("proc/sys/kernel/random/boot_id", "one\n");
  ASSERT_TRUE(protector().protect(unit_plan()).has_value());
  put("proc/sys/kernel/random/boot_id", "two\n");
  const auto undone = protector().undo("web.service", false);
  EXPECT_EQ(undone->done.size(), 2U) << "the two files";
  EXPECT_EQ(get("proc/20/oom_score_adj"), "-900") << "another process of the same numbers";
  EXPECT_FALSE(has(kWebDropIn));
}

}  // namespace
}  // namespace oomkit
