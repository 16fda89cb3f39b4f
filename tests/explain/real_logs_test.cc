// The tool against careful human readings of real logs, in every state of damage.
//
// The samples stand beside the project, not in it; without them this test skips by
// name. Each has a reading NAME.expect.json: what a person can know from the log, null
// where the log does not say. The tool is run as its users run it, through its JSON.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kLogs = fs::path(OOMKIT_SOURCE_DIR) / ".." / "shared" / "logs";

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Standard output of `oom ARGUMENTS`. The exit code is the caller's to judge by the text.
std::string run_oom(const std::string& arguments) {
  const std::string command = std::string(OOM_BINARY) + " " + arguments + " 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  std::array<char, 65536> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    output.append(buffer.data(), count);
  }
  return output;
}

Json explain_json(const fs::path& log) {
  return Json::parse(run_oom("explain --format json '" + log.string() + "'"), nullptr, false);
}

// "a.b.0.c" in a document; null where any step is absent.
Json at_path(const Json& document, const std::string& path) {
  const Json* here = &document;
  std::istringstream steps(path);
  for (std::string step; std::getline(steps, step, '.');) {
    if (here->is_object() && here->contains(step)) {
      here = &(*here)[step];
    } else if (here->is_array() && std::isdigit(static_cast<unsigned char>(step[0])) != 0 &&
               static_cast<std::size_t>(std::stoul(step)) < here->size()) {
      here = &(*here)[std::stoul(step)];
    } else {
      return {};
    }
  }
  return *here;
}

Json in_kib(const Json& bytes) {
  return bytes.is_number() ? Json(bytes.get<std::int64_t>() / 1024) : Json();
}

Json joined(const Json& flags) {
  if (!flags.is_array()) return {};
  std::string text;
  for (const Json& flag : flags)
    text += (text.empty() ? "" : "|") + flag.get<std::string>();
  return text;
}

struct Field {
  const char* reading;  // Name in the expect file.
  const char* path;     // In a report of oomkit.explain/1.
  enum class Form { plain, kib, joined, length } form = Form::plain;
};

constexpr Field kFields[] = {
    {"trigger_comm", "trigger.comm"},
    {"gfp_mask", "trigger.gfp_mask"},
    {"gfp_flags", "trigger.gfp_flags", Field::Form::joined},
    {"order", "trigger.order"},
    {"oom_score_adj", "trigger.oom_score_adj"},
    {"oom_adj", "trigger.oom_adj"},
    {"oomkilladj", "trigger.oom_adj"},
    {"constraint", "constraint"},
    {"constraint_source", "constraint_source"},
    {"verdict", "verdict"},
    {"complete", "complete"},
    {"manual", "manual"},
    {"elided", "elided"},
    {"panic_text", "panic_text"},
    {"oom_group", "oom_group"},
    {"mems_allowed", "mems_allowed"},
    {"victim_pid", "victims.0.pid"},
    {"victim_comm", "victims.0.comm"},
    {"victim_uid", "victims.0.uid"},
    {"victim_oom_score_adj", "victims.0.oom_score_adj"},
    {"reaped", "victims.0.reaped"},
    {"score", "victims.0.score"},
    {"victim_total_vm_kb", "victims.0.total_vm_bytes", Field::Form::kib},
    {"victim_anon_rss_kb", "victims.0.anon_rss_bytes", Field::Form::kib},
    {"victim_file_rss_kb", "victims.0.file_rss_bytes", Field::Form::kib},
    {"shmem_rss_kb", "victims.0.shmem_rss_bytes", Field::Form::kib},
    {"pgtables_kb", "victims.0.pgtables_bytes", Field::Form::kib},
    {"oom_memcg", "memcg.oom_path"},
    {"limit_kb", "memcg.limit_bytes", Field::Form::kib},
    {"usage_kb", "memcg.usage_bytes", Field::Form::kib},
    {"failcnt", "memcg.failcnt"},
    {"memsw_usage_kb", "memcg.memsw_usage_bytes", Field::Form::kib},
    {"memsw_limit_kb", "memcg.memsw_limit_bytes", Field::Form::kib},
    {"kmem_usage_kb", "memcg.kmem_usage_bytes", Field::Form::kib},
    {"swap_limit_kb", "memcg.swap_limit_bytes", Field::Form::kib},
    {"swap_total_kb", "host_memory.swap_total_bytes", Field::Form::kib},
    {"swap_free_kb", "host_memory.swap_free_bytes", Field::Form::kib},
    {"page_kb", "page_size_bytes", Field::Form::kib},
    {"tasks_listed", "tasks", Field::Form::length},
};

Json read_field(const Json& report, const Field& field) {
  const Json found = at_path(report, field.path);
  switch (field.form) {
    case Field::Form::kib:
      return in_kib(found);
    case Field::Form::joined:
      return joined(found);
    case Field::Form::length:
      return found.is_array() ? Json(found.size()) : Json();
    case Field::Form::plain:
      break;
  }
  return found;
}

bool fits(const Json& reading, const std::string& name, const Json& wanted, const Json& got) {
  if (got == wanted) return true;
  const Json also = at_path(reading, "also_ok." + name);
  return reading.contains("also_ok") && reading["also_ok"].contains(name) && got == also;
}

struct Score {
  int fields = 0;
  int right = 0;
  std::vector<std::string> wrong;

  void judge(const std::string& where, const Json& reading, const std::string& name,
             const Json& wanted, const Json& got) {
    ++fields;
    if (fits(reading, name, wanted, got)) {
      ++right;
    } else {
      wrong.push_back(where + " " + name + ": wanted " + wanted.dump() + ", got " + got.dump());
    }
  }
};

void judge_events(Score& score, const std::string& name, const Json& reading, const Json& reports,
                  const std::string& log) {
  for (std::size_t i = 0; i < reading["events"].size(); ++i) {
    const Json& event = reading["events"][i];
    const Json report = i < reports.size() ? reports[i] : Json();
    const std::string where = name + "[" + std::to_string(i) + "]";
    for (const Field& field : kFields) {
      if (!event.contains(field.reading) || event[field.reading].is_null()) continue;
      score.judge(where, reading, field.reading, event[field.reading], read_field(report, field));
    }
  }
  const std::string kernel = reading.value("kernel", "");
  if (!reading["events"].empty() && !kernel.empty() &&
      log.find(" " + kernel + " ") != std::string::npos) {
    bool seen = false;
    for (const Json& report : reports)
      seen = seen || report["kernel"] == kernel;
    score.judge(name, reading, "kernel", kernel, seen ? Json(kernel) : Json());
  }
}

void judge_others(Score& score, const std::string& name, const Json& reading,
                  const Json& document) {
  if (!reading.contains("failures")) return;
  for (std::size_t i = 0; i < reading["failures"].size(); ++i) {
    const Json& failure = reading["failures"][i];
    const Json other = at_path(document, "other." + std::to_string(i));
    score.judge(name, reading, "class", "page_alloc_failure", at_path(other, "class"));
    score.judge(name, reading, "comm", failure["comm"], at_path(other, "comm"));
    score.judge(name, reading, "order", failure["order"], at_path(other, "order"));
    score.judge(name, reading, "mode", failure["mode"], at_path(other, "gfp_mask"));
  }
}

void judge_userspace(Score& score, const std::string& name, const Json& reading,
                     const Json& reports) {
  if (!reading.contains("userspace_events")) return;
  for (std::size_t i = 0; i < reading["userspace_events"].size(); ++i) {
    const Json& event = reading["userspace_events"][i];
    const Json report = i < reports.size() ? reports[i] : Json();
    const auto judge = [&](const char* key, const Json& got) {
      if (event.contains(key) && !event[key].is_null())
        score.judge(name, reading, key, event[key], got);
    };
    judge("killer", at_path(report, "killer"));
    judge("pid", at_path(report, "victims.0.pid"));
    judge("comm", at_path(report, "victims.0.comm"));
    judge("uid", at_path(report, "victims.0.uid"));
    judge("signal", at_path(report, "victims.0.signal"));
    judge("badness", at_path(report, "victims.0.score"));
    judge("escalated", at_path(report, "victims.0.escalated_to"));
    const Json rss = in_kib(at_path(report, "victims.0.rss_bytes"));
    judge("rss_kb", rss);
    judge("rss_mib", rss.is_number() ? Json(rss.get<std::int64_t>() / 1024) : Json());
  }
}

std::vector<fs::path> readings() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kLogs / "real")) {
    if (entry.path().string().ends_with(".expect.json")) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(RealLogs, AreReadAsAPersonReadsThem) {
  if (!fs::exists(kLogs / "real")) GTEST_SKIP() << "the sample logs are not beside the project";
  Score score;
  for (const fs::path& path : readings()) {
    const std::string stem =
        path.filename().string().substr(0, path.filename().string().size() - 12);
    const fs::path log = path.parent_path() / (stem + ".log");
    const Json reading = Json::parse(slurp(path));
    const Json document = explain_json(log);
    ASSERT_TRUE(document.is_object()) << stem << ": no JSON came out";
    const Json& reports = document["reports"];
    const std::size_t expected =
        reading["events"].size() +
        (reading.contains("userspace_events") ? reading["userspace_events"].size() : 0);
    EXPECT_LE(reports.size(), expected) << stem << ": an invented report";
    judge_events(score, stem, reading, reports, slurp(log));
    judge_others(score, stem, reading, document);
    judge_userspace(score, stem, reading, reports);
  }
  for (const std::string& wrong : score.wrong)
    std::cout << "  " << wrong << '\n';
  std::cout << score.right << " of " << score.fields << " fields as read by a person\n";
  ASSERT_GT(score.fields, 600);
  EXPECT_GE(score.right * 100, score.fields * 98);
}

const Json* find_finding(const Json& report, const std::string& id) {
  for (const Json& finding : report["findings"]) {
    if (finding["id"] == id) return &finding;
  }
  return nullptr;
}

double number(const Json& finding, const std::string& name) {
  return finding["numbers"].value(name, -1.0);
}

TEST(RealLogs, SocketMemoryFillsAPod) {
  const fs::path log = kLogs / "pod-socket-memory.dmesg-x.log";
  if (!fs::exists(log)) GTEST_SKIP() << "the sample logs are not beside the project";
  const Json document = explain_json(log);
  ASSERT_EQ(document["reports"].size(), 1U);
  const Json& report = document["reports"][0];
  EXPECT_EQ(report["complete"], true);
  EXPECT_EQ(report["constraint"], "memcg");
  EXPECT_EQ(report["kernel"], "5.14.0-333.el9.x86_64");
  EXPECT_EQ(report["victims"][0]["pid"], 1586608);
  EXPECT_EQ(report["victims"][0]["comm"], "xray");
  EXPECT_EQ(report["memcg"]["version"], 2);
  EXPECT_EQ(report["memcg"]["stat"]["sock"], 183623680);
  EXPECT_EQ(report["memcg"]["limit_bytes"], 209715200);
  EXPECT_EQ(report["memcg"]["kubernetes"]["pod_uid"], "089f25ee-a41a-414c-a028-71a38dfb30d3");
  EXPECT_EQ(report["memcg"]["kubernetes"]["qos"], "Guaranteed");
  EXPECT_EQ(report["memcg"]["kubernetes"]["runtime"], "containerd");
  EXPECT_EQ(report["memcg"]["kubernetes"]["container_id"],
            "c3f1de0d0969e5d3c6758d2e59be98d4dc8ba0367af77f52b09d15225139c74f");
  const Json* socket = find_finding(report, "socket-memory");
  ASSERT_NE(socket, nullptr);
  EXPECT_NE(socket->dump().find("87.6"), std::string::npos) << socket->dump();
  EXPECT_NE(find_finding(report, "protected-victim"), nullptr);
  const Json* sums = find_finding(report, "memory-sums");
  ASSERT_NE(sums, nullptr);
  EXPECT_LT(std::abs(number(*sums, "unaccounted_bytes")), 208204 * 1024 / 1000.0) << sums->dump();
}

TEST(RealLogs, ThreeKillsAreOneIncidentWithItsCulprits) {
  const fs::path log = kLogs / "three-kills.syslog.log";
  if (!fs::exists(log)) GTEST_SKIP() << "the sample logs are not beside the project";
  const Json document = explain_json(log);
  ASSERT_EQ(document["reports"].size(), 3U);
  const std::array<std::string, 3> victims = {"java", "python2.7", "rpm"};
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& report = document["reports"][i];
    EXPECT_EQ(report["verdict"], "killed");
    EXPECT_EQ(report["victims"][0]["comm"], victims.at(i));
    EXPECT_EQ(report["victims"][0]["reaped"], true);
    const Json* sums = find_finding(report, "memory-sums");
    ASSERT_NE(sums, nullptr);
    const double usage = report["memcg"]["usage_bytes"].get<double>();
    EXPECT_LT(std::abs(number(*sums, "unaccounted_bytes")), usage * 0.002) << sums->dump();
  }
  ASSERT_EQ(document["incidents"].size(), 1U);
  const Json& incident = document["incidents"][0];
  EXPECT_EQ(incident["reports"], Json({1, 2, 3}));
  std::vector<std::string> culprits;
  for (const Json& culprit : incident["culprits"])
    culprits.push_back(culprit["comm"]);
  std::sort(culprits.begin(), culprits.end());
  EXPECT_EQ(culprits, (std::vector<std::string>{"python2.7", "rpm"}));
  const std::string text = incident.dump();
  EXPECT_NE(text.find("39.7"), std::string::npos) << text;
  EXPECT_NE(text.find("43.0"), std::string::npos) << text;
  EXPECT_NE(text.find("146"), std::string::npos) << text;
}

TEST(RealLogs, EveryFormatComesOutOfEverySample) {
  if (!fs::exists(kLogs / "real")) GTEST_SKIP() << "the sample logs are not beside the project";
  for (const fs::path& path : readings()) {
    const std::string name = path.string();
    const std::string log = name.substr(0, name.size() - 12) + ".log";
    for (const char* format : {"text", "html", "markdown"}) {
      const std::string output =
          run_oom("explain --format " + std::string(format) + " '" + log + "'");
      EXPECT_EQ(output.find('\x1b'), std::string::npos) << log << " in " << format;
    }
  }
}

}  // namespace
