// A genuine report of the kernel that runs the test, read from /dev/kmsg.
//
// A hog is put into a memory cgroup of its own and grows until the kernel kills it
// there; nothing else can be touched, because the limit is the cgroup's. What the tool
// says is then compared with what this test knows: the pid, the limit, the scope.
// Where the machine does not allow any of this, the test skips by name.
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::int64_t kLimit = 24 << 20;

bool write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

// A memory cgroup of this test's own, removed at its end.
class OwnCgroup {
 public:
  OwnCgroup() {
    name_ = "oomkit-test-" + std::to_string(getpid());
    const fs::path v1 = "/sys/fs/cgroup/memory";
    const fs::path v2 = "/sys/fs/cgroup";
    if (fs::exists(v1 / "memory.limit_in_bytes")) {
      make(v1 / name_, "memory.limit_in_bytes");
    } else if (controllers(v2).find("memory") != std::string::npos) {
      make(v2 / name_, "memory.max");
      if (usable_) write_file(path_ / "memory.swap.max", "0");
    }
  }
  ~OwnCgroup() {
    std::error_code ignored;
    for (int attempt = 0; usable_ && attempt < 100 && !fs::remove(path_, ignored); ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;

  bool usable() const { return usable_; }
  fs::path procs() const { return path_ / "cgroup.procs"; }
  const std::string& name() const { return name_; }

 private:
  static std::string controllers(const fs::path& root) {
    std::ifstream file(root / "cgroup.subtree_control");
    std::string line;
    std::getline(file, line);
    return line;
  }
  void make(const fs::path& path, const char* limit_file) {
    path_ = path;
    std::error_code error;
    usable_ = fs::create_directory(path_, error) &&
              write_file(path_ / limit_file, std::to_string(kLimit));
  }

  std::string name_;
  fs::path path_;
  bool usable_ = false;
};

// Grows by a page at a time in the cgroup, until it is killed.
pid_t start_hog(const OwnCgroup& cgroup) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (!write_file(cgroup.procs(), "0")) _exit(3);
  constexpr std::size_t kStep = 1 << 20;
  for (int i = 0; i < 256; ++i) {
    void* memory = mmap(nullptr, kStep, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) _exit(4);
    std::memset(memory, 1, kStep);
  }
  _exit(5);
}

std::string explain_kmsg() {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
      popen(OOM_BINARY " explain --kmsg --format json 2>/dev/null", "r"), pclose);
  std::string output;
  std::array<char, 65536> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    output.append(buffer.data(), count);
  }
  return output;
}

// The raw kernel log, by the shortest way there is: what the tool is held against.
std::string raw_kmsg() {
  const int file = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return {};
  std::string text;
  std::array<char, 8192> record{};
  while (true) {
    const ssize_t count = read(file, record.data(), record.size());
    if (count > 0) {
      text.append(record.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EPIPE) {
      break;
    }
  }
  close(file);
  return text;
}

TEST(GenuineReport, OfAHogInItsOwnMemcgIsExplainedRight) {
  if (raw_kmsg().empty()) GTEST_SKIP() << "/dev/kmsg cannot be read here";
  const OwnCgroup cgroup;
  if (!cgroup.usable()) GTEST_SKIP() << "no memory cgroup of our own can be made here";
  const pid_t hog = start_hog(cgroup);
  ASSERT_GT(hog, 0);
  int status = 0;
  ASSERT_EQ(waitpid(hog, &status, 0), hog);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
      << "the kernel did not kill the hog: " << status;

  if (raw_kmsg().find("oom_memcg=/" + cgroup.name() + ",") == std::string::npos) {
    GTEST_SKIP() << "the kernel killed the hog, but its log here does not hold the report";
  }
  const Json document = Json::parse(explain_kmsg(), nullptr, false);
  ASSERT_TRUE(document.is_object());
  const Json* report = nullptr;
  for (const Json& each : document["reports"]) {
    if (each["memcg"].is_object() && each["memcg"]["oom_path"] == "/" + cgroup.name())
      report = &each;
  }
  ASSERT_NE(report, nullptr) << "the report is in the log and was not found";
  ASSERT_EQ((*report)["victims"].size(), 1U);
  EXPECT_EQ((*report)["victims"][0]["comm"], "genuine_report_");
  const Json victim_pid = (*report)["victims"][0]["pid"];
  EXPECT_EQ((*report)["verdict"], "killed");
  EXPECT_EQ((*report)["constraint"], "memcg");
  EXPECT_EQ((*report)["complete"], true) << (*report)["missing"];
  EXPECT_EQ((*report)["memcg"]["limit_bytes"], kLimit);
  EXPECT_EQ((*report)["page_size_bytes"], sysconf(_SC_PAGESIZE));
  ASSERT_TRUE((*report)["predicted_victim"].is_object());
  EXPECT_EQ((*report)["predicted_victim"]["pid"], victim_pid);
  EXPECT_EQ((*report)["predicted_victim"]["agrees"], true);
  ASSERT_EQ((*report)["tasks"].size(), 1U);
  EXPECT_GT((*report)["tasks"][0]["rss_bytes"], kLimit / 2);
  bool says_limit = false;
  for (const Json& finding : (*report)["findings"])
    says_limit = says_limit || finding["id"] == "memcg-limit";
  EXPECT_TRUE(says_limit);
}

}  // namespace
