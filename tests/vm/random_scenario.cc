#include "random_scenario.h"

#include "core/random.h"

namespace oomkit {
namespace {

// One draw a statement: compilers differ in the order within an expression.
class RandomScenario {
 public:
  RandomScenario(std::uint64_t seed, bool with_v1) : random_(seed) {
    const bool second_version = !random_.chance(25);
    v1_ = with_v1 && !second_version;
    text_ = "schema = 1\nname = \"random-" + std::to_string(seed) + "\"\n";
  }

  std::string write() {
    write_host();
    write_group("/a", 24, 160, 100);
    write_group("/a/b", 8, 80, 100);
    write_group("/a/c", 16, 120, 60);
    const std::int64_t processes = random_.between(2, 5);
    for (std::int64_t i = 0; i < processes; ++i)
      write_process(i);
    return text_ + "[end]\nafter = \"4s\"\n";
  }

 private:
  void add_size(std::int64_t low, std::int64_t high) {
    text_ += "\"" + std::to_string(random_.between(low, high)) + "M\"";
  }

  void write_host() {
    text_ += "[host]\nmemory = \"256M\"\n";
    text_ += v1_ ? "cgroup = \"v1\"\n" : "cgroup = \"v2\"\n";
    swap_ = random_.chance(40);
    if (swap_) {
      text_ += "swap = ";
      add_size(8, 64);
      text_ += random_.chance(50) ? "\nswap_kind = \"zram\"" : "\nswap_kind = \"disk\"";
      text_ += "\nboot = [\"swapaccount=1\"]\n";
    }
    if (random_.chance(20)) {
      text_ += "sysctl = { \"vm.overcommit_memory\" = ";
      text_ += random_.chance(50) ? "1 }\n" : "2 }\n";
    }
  }

  void write_group(const std::string& path, std::int64_t low, std::int64_t high, int limited) {
    text_ += "[[cgroup]]\npath = \"" + path + "\"\nset = { ";
    const bool has_limit = random_.chance(limited);
    text_ += v1_ ? "\"memory.limit_in_bytes\" = " : "\"memory.max\" = ";
    if (has_limit) {
      add_size(low, high);
    } else {
      text_ += v1_ ? "\"-1\"" : "\"max\"";
    }
    if (!v1_) write_v2_settings();
    text_ += " }\n";
  }

  void write_v2_settings() {
    if (random_.chance(15)) text_ += ", \"memory.oom.group\" = \"1\"";
    if (random_.chance(10)) {
      text_ += ", \"memory.low\" = ";
      add_size(4, 20);
    }
    if (random_.chance(10)) {
      text_ += ", \"memory.min\" = ";
      add_size(4, 20);
    }
    if (random_.chance(7)) {
      text_ += ", \"memory.high\" = ";
      add_size(8, 80);
    }
    if (swap_ && random_.chance(15)) {
      text_ += ", \"memory.swap.max\" = ";
      add_size(0, 20);
    }
  }

  void write_process(std::int64_t number) {
    text_ += "[[process]]\nname = \"p" + std::to_string(number) + "\"\ncgroup = \"";
    text_ += random_.pick({"/", "/a/b", "/a/b", "/a/c"});
    const bool unkillable = number == 0 && random_.chance(20);
    const std::int64_t adjusted = random_.between(-500, 500);
    const bool has_adj = random_.chance(33);
    text_ += "\"\noom_score_adj = ";
    text_ += std::to_string(unkillable ? -1000 : has_adj ? adjusted : 0);
    if (random_.chance(35)) text_ += "\nnice = " + std::to_string(random_.pick({5, 10, 19}));
    const std::int64_t start = random_.between(0, 6) * 100;
    text_ += "\nstart = \"" + std::to_string(start) + "ms\"\nsteps = [";
    const std::int64_t steps = random_.between(1, 4);
    for (std::int64_t step = 0; step < steps; ++step)
      write_step(number, step);
    text_ += "{ touch = \"50%\" }]\n";
  }

  void write_step(std::int64_t process, std::int64_t step) {
    const std::string kind =
        random_.pick({"alloc", "alloc", "alloc", "shm", "write_file", "touch"});
    if (kind == "write_file") {
      const std::string file = "/dev/f" + std::to_string(process) + "_" + std::to_string(step);
      text_ += "{ write_file = \"" + file + "\", size = ";
      add_size(1, 16);
    } else if (kind == "touch") {
      text_ += "{ touch = \"" + std::to_string(random_.between(10, 100)) + "%\"";
    } else {
      text_ += "{ " + kind + " = ";
      add_size(1, 40);
      if (random_.chance(20)) text_ += ", rate = \"64M\"";
    }
    text_ += " }, { sleep = \"" + std::to_string(random_.between(0, 300)) + "ms\" }, ";
  }

  Random random_;
  std::string text_;
  bool v1_ = false;
  bool swap_ = false;
};

}  // namespace

std::string random_scenario(std::uint64_t seed, bool with_v1) {
  return RandomScenario(seed, with_v1).write();
}

}  // namespace oomkit
