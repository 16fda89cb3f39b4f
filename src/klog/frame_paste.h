// What people and their tools put in front of log lines when they pass them on: mail
// quoting, list and line numbers, grep's file names, markdown, the tags of a web page.
//
// Of these only quoting is taken off unconditionally. Everything else could be the
// kernel's, so it goes only if a log's head or known kernel text stands behind it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oomkit {

struct PasteMemory {
  bool html = false;        // The last line ended in <br>.
  bool bar_quoted = false;  // The last line was quoted by "| ".
  std::string service;      // Docker compose's name before " | ".
};

// One such prefix off the front of `rest`: true if there was one.
bool take_paste_prefix(std::string_view& rest, PasteMemory& memory);

// "<br>" and closing tags off the end. A task's name may end so too: from a row of a task
// table they are taken only amid lines that had them.
void take_html_end(std::string_view& rest, PasteMemory& memory);

// Lines that only mark where a pasted block begins or ends: "```console", "~~~", "{code}".
bool is_block_fence(std::string_view line);

// Where a log line begins inside `text`, behind a prompt, a service's name or another line's
// torn half: the kernel's exact time, or "host kernel: " before known text. npos if nowhere.
std::size_t find_inner_head(std::string_view text);

// The next "[12345.678901] " at or behind `from`; npos if there is none.
std::size_t find_uptime(std::string_view text, std::size_t from);

}  // namespace oomkit
