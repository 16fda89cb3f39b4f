// Runs commands in turn, again and again, and says what each took.
//
//   measure ROUNDS BYTES -- COMMAND... [-- COMMAND...]...
//
// One line a command: median wall seconds, median of its ratio to the first command in
// the same round, MB/s for BYTES of input, peak resident MiB of any round. In turn,
// because a machine that others use drifts: a ratio within one round is worth more than
// two medians. What the commands print is thrown away; they may fail only with 1, which
// is how rg says that it found nothing.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Command {
  std::vector<char*> arguments;  // With the null pointer that exec wants.
  std::vector<double> seconds;
  std::vector<double> ratios;
  long peak_kib = 0;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double run(Command& command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto begin = Clock::now();
  pid_t pid = 0;
  if (posix_spawnp(&pid, command.arguments[0], &actions, nullptr, command.arguments.data(),
                   environ) != 0) {
    std::perror(command.arguments[0]);
    std::exit(1);
  }
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
    std::fprintf(stderr, "measure: %s failed\n", command.arguments[0]);
    std::exit(1);
  }
  command.peak_kib = std::max(command.peak_kib, usage.ru_maxrss);
  return seconds;
}

template <class Number>
bool parse(std::string_view text, Number& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number).ptr ==
         text.data() + text.size();
}

}  // namespace

int main(int count, char** arguments) {
  int rounds = 0;
  std::size_t bytes = 0;
  if (count < 5 || !parse(arguments[1], rounds) || !parse(arguments[2], bytes) || rounds < 1) {
    std::fputs("usage: measure ROUNDS BYTES -- COMMAND... [-- COMMAND...]...\n", stderr);
    return 2;
  }
  std::vector<Command> commands;
  for (int i = 3; i < count; ++i) {
    if (std::string_view(arguments[i]) == "--") {
      commands.emplace_back();
    } else {
      commands.back().arguments.push_back(arguments[i]);
    }
  }
  for (Command& command : commands)
    command.arguments.push_back(nullptr);

  for (Command& command : commands)
    run(command);  // Warms the page cache and the program's own pages.
  for (int round = 0; round < rounds; ++round) {
    for (Command& command : commands) {
      command.seconds.push_back(run(command));
      command.ratios.push_back(command.seconds.back() / commands[0].seconds.back());
    }
  }
  for (const Command& command : commands) {
    const double seconds = median(command.seconds);
    std::printf("%.4f %.3f %.0f %.1f\n", seconds, median(command.ratios),
                static_cast<double>(bytes) / 1e6 / seconds,
                static_cast<double>(command.peak_kib) / 1024);
  }
  return 0;
}
