// The live screen of `oom top`, without the terminal: what keys do to its state, and what
// the state looks like in so many lines of so many columns.
//
// Pure, so that it can be tested without a terminal; cli/ puts the lines on one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "render/paint.h"
#include "render/top_report.h"

namespace oomkit {

enum class ScreenKey {
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
  backspace,
  letter,
};
struct ScreenInput {
  ScreenKey key = ScreenKey::letter;
  char letter = '\0';  // Of ScreenKey::letter.
};

enum class ScreenView { tasks, scopes, detail, help };
enum class ScreenSort { points, rss, swap, adj, pid, name };

// What /proc/PID/smaps_rollup says, read only when asked for: it walks all page tables.
struct MemoryDetail {
  std::int64_t pid = 0;
  std::optional<Bytes> rss, pss, uss, swap_pss;
  std::string problem;  // Why there is none.
};

struct ScreenState {
  ScreenView view = ScreenView::tasks;
  ScreenSort sort = ScreenSort::points;
  std::string filter;
  bool typing_filter = false;
  bool frozen = false;
  std::string scope = "host";  // Whose ranking is shown: "host" or a cgroup's path.
  // The selection stays with a process while its row moves.
  std::optional<std::int64_t> selected_pid;
  std::size_t selected_row = 0;
  std::size_t first_row = 0;
  std::optional<MemoryDetail> memory;

  // Whether processes beyond the leaders are wanted.
  bool wants_all_tasks() const { return sort != ScreenSort::points || !filter.empty(); }
};

enum class ScreenWish { none, quit, refresh, memory_detail };

struct ScreenSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

struct ScreenLine {
  std::string text;
  Role role = Role::plain;
  bool selected = false;
};

ScreenWish take_key(ScreenState& state, const TopReport& report, ScreenInput input,
                    ScreenSize size);

// Exactly size.rows lines, none wider than size.columns. Moves the state's selection to
// where it can be.
std::vector<ScreenLine> screen_lines(ScreenState& state, const TopReport& report, ScreenSize size);

}  // namespace oomkit
