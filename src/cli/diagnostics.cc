#include "cli/diagnostics.h"

#include <cstdio>
#include <string>

#include "render/escape.h"

namespace oomkit {

void complain(std::string_view command, std::string_view sentence) {
  std::string line = "oom";
  if (!command.empty()) {
    line += ' ';
    line += command;
  }
  line += ": ";
  append_visible(line, sentence);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace oomkit
