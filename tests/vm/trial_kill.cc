#include "trial_kill.h"

#include <fcntl.h>
#include <unistd.h>

namespace oomkit {
namespace {

// What follows `word` in `line`, up to `end`.
std::string after(std::string_view line, std::string_view word, char end) {
  const std::size_t at = line.find(word);
  if (at == std::string_view::npos) return "";
  line.remove_prefix(at + word.size());
  return std::string(line.substr(0, line.find(end)));
}

}  // namespace

KillWatch::KillWatch() : log_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  ::lseek(log_, 0, SEEK_END);
}

KillWatch::~KillWatch() {
  ::close(log_);
}

bool KillWatch::look() {
  char record[8192];
  while (true) {
    const ssize_t count = ::read(log_, record, sizeof record);
    if (count <= 0) break;
    std::string_view text(record, static_cast<std::size_t>(count));
    text.remove_prefix(text.find(';') + 1);
    take(text.substr(0, text.find('\n')));
  }
  return !kill_.killed.empty();
}

void KillWatch::take(std::string_view line) {
  if (line.starts_with("oom-kill:")) {
    if (++choices_ > 1) return;
    kill_.constraint = after(line, "constraint=", ',');
    kill_.memcg = after(line, "oom_memcg=", ',');
    kill_.victim = after(line, ",task=", ',');
    return;
  }
  if (choices_ == 1 && line.find(": Killed process ") != std::string_view::npos)
    kill_.killed.push_back(after(line, " (", ')'));
}

}  // namespace oomkit
