#include "render/top_screen.h"

#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "core/text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/top_detail.h"
#include "render/top_text.h"
#include "render/width.h"

namespace oomkit {
namespace {

constexpr std::size_t kFilterMax = 40;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, std::string_view wanted) {
  const auto equal = [](char a, char b) { return lower(a) == lower(b); };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), equal) != text.end();
}

const TopScope* shown_scope(const ScreenState& state, const TopReport& report) {
  for (const TopScope& scope : report.scopes) {
    if (scope.name == state.scope) return &scope;
  }
  return report.scopes.empty() ? nullptr : &report.scopes.front();
}

// A row of the list of processes: where it stands in the prediction.
struct ScreenRow {
  const PredictedTask* predicted = nullptr;
  std::size_t rank = 0;
};

std::vector<ScreenRow> rows_of(const ScreenState& state, const TopReport& report) {
  std::vector<ScreenRow> rows;
  const TopScope* const scope = shown_scope(state, report);
  if (scope == nullptr || !scope->prediction) return rows;
  const Snapshot& snapshot = report.snapshot;
  std::size_t rank = 0;
  for (const PredictedTask& predicted : scope->prediction->tasks) {
    ++rank;
    const Task& task = snapshot.tasks[predicted.index];
    if (!state.filter.empty() && !contains(task.comm, state.filter) &&
        !contains(std::to_string(task.pid), state.filter) &&
        !contains(cgroup_of(snapshot, predicted.index), state.filter)) {
      continue;
    }
    rows.push_back({&predicted, rank});
  }
  const auto by = [&](auto value) {
    std::stable_sort(rows.begin(), rows.end(), [&](const ScreenRow& a, const ScreenRow& b) {
      return value(snapshot.tasks[a.predicted->index]) > value(snapshot.tasks[b.predicted->index]);
    });
  };
  switch (state.sort) {
    case ScreenSort::points:
      break;
    case ScreenSort::rss:
      by([](const Task& task) { return task.rss.value_or(Pages(-1)); });
      break;
    case ScreenSort::swap:
      by([](const Task& task) { return task.swapents.value_or(Pages(-1)); });
      break;
    case ScreenSort::adj:
      by([](const Task& task) { return task.oom_score_adj.value_or(-1001); });
      break;
    case ScreenSort::pid:
      by([](const Task& task) { return -task.pid; });
      break;
    case ScreenSort::name:
      std::stable_sort(rows.begin(), rows.end(), [&](const ScreenRow& a, const ScreenRow& b) {
        return snapshot.tasks[a.predicted->index].comm < snapshot.tasks[b.predicted->index].comm;
      });
      break;
  }
  return rows;
}

std::string_view sort_name(ScreenSort sort) {
  constexpr std::array<std::string_view, 6> kNames = {"score", "rss", "swap", "adj", "pid", "name"};
  return kNames[static_cast<std::size_t>(sort)];
}

// Text put together from cells of fixed widths, cut at the screen's.
class ScreenRowText {
 public:
  explicit ScreenRowText(std::size_t columns) : columns_(columns) {}

  void right(std::string_view cell, std::size_t width) {
    gap();
    append_right(text_, fitting(cell, width), width);
  }
  void left(std::string_view cell, std::size_t width) {
    gap();
    append_left(text_, shortened(cell, width), width);
  }
  void last(std::string_view cell) {
    const std::size_t width = room();
    gap();
    text_ += shortened(cell, width);
  }
  // How much is left for a last cell.
  std::size_t room() const {
    const std::size_t used = display_width(text_) + 1;
    return used < columns_ ? columns_ - used : 0;
  }
  std::string take() { return shortened(text_, columns_); }

 private:
  void gap() {
    if (!text_.empty()) text_ += ' ';
  }
  std::size_t columns_;
  std::string text_;
};

constexpr std::size_t kRankWidth = 4;
constexpr std::size_t kPidWidth = 7;
constexpr std::size_t kNameWidth = 15;
constexpr std::size_t kScoreWidth = 5;
constexpr std::size_t kSizeWidth = 8;

class Screen {
 public:
  Screen(ScreenState& state, const TopReport& report, ScreenSize size)
      : state_(state), report_(report), snapshot_(report.snapshot), size_(size) {}

  std::vector<ScreenLine> lines() {
    header();
    switch (state_.view) {
      case ScreenView::tasks:
        task_list();
        break;
      case ScreenView::scopes:
        scope_list();
        break;
      case ScreenView::detail:
        for (std::string& line : task_detail_lines(report_, state_.selected_pid.value_or(0),
                                                   state_.memory, size_.columns))
          add(std::move(line));
        break;
      case ScreenView::help:
        help();
        break;
    }
    lines_.resize(std::max<std::size_t>(size_.rows, 1) - 1);
    footer();
    return std::move(lines_);
  }

 private:
  void add(std::string_view text, Role role = Role::plain, bool selected = false) {
    lines_.push_back({shortened(text, size_.columns), role, selected});
  }

  void header() {
    const TopScope* const scope = shown_scope(state_, report_);
    add(verdict_text(snapshot_, scope != nullptr ? scope->prediction : std::nullopt), Role::strong);
    // One process's sum wants the room of the rest.
    if (state_.view == ScreenView::detail) return add("");
    add(host_text(snapshot_));
    std::string line;
    for (const std::string& segment : headroom_texts(report_)) {
      if (segment.empty()) continue;
      if (!line.empty() && display_width(line) + 3 + display_width(segment) > size_.columns) {
        add(std::move(line));
        line.clear();
      }
      line += (line.empty() ? "" : "   ") + segment;
    }
    if (!line.empty()) add(std::move(line));
    if (scope != nullptr && scope->memcg) add(scope_line(*scope));
    add("");
  }

  std::string scope_line(const TopScope& scope) const {
    std::string text = path_end(scope.name, size_.columns / 3);
    if (scope.usage && scope.limit) text += "   " + brief_share(*scope.usage, *scope.limit);
    if (scope.headroom) text += "   " + brief_size(*scope.headroom) + " left";
    if (scope.growth_bytes_per_s && *scope.growth_bytes_per_s != 0) {
      text += *scope.growth_bytes_per_s > 0 ? "   +" : "   ";
      text += rate_text(*scope.growth_bytes_per_s);
    }
    if (scope.eta_s) text += "   full in " + duration_text(*scope.eta_s);
    return text;
  }

  // Rows that fit between what stands already and the last line; the selected is among them.
  std::size_t visible_rows() const {
    return size_.rows > lines_.size() + 1 ? size_.rows - lines_.size() - 1 : 0;
  }
  void settle(std::size_t count, std::size_t shown) {
    if (count == 0) {
      state_.selected_row = 0;
      state_.first_row = 0;
      return;
    }
    state_.selected_row = std::min(state_.selected_row, count - 1);
    if (state_.selected_row < state_.first_row) state_.first_row = state_.selected_row;
    if (shown > 0 && state_.selected_row >= state_.first_row + shown) {
      state_.first_row = state_.selected_row - shown + 1;
    }
    if (count <= shown) state_.first_row = 0;
    if (state_.first_row + shown > count && count > shown) state_.first_row = count - shown;
  }

  bool has_swap() const {
    const auto swap = snapshot_.host_state ? snapshot_.host_state->amount("SwapTotal") : Bytes(1);
    return swap != Bytes(0);
  }

  // On a narrow terminal, whose cgroup it is says more; the detail has them.
  bool shows_pgtables() const { return size_.columns >= 100; }

  void task_list() {
    const std::vector<ScreenRow> rows = rows_of(state_, report_);
    if (state_.selected_pid) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (snapshot_.tasks[rows[i].predicted->index].pid == *state_.selected_pid) {
          state_.selected_row = i;
        }
      }
    }
    ScreenRowText titles(size_.columns);
    titles.right("RANK", kRankWidth);
    titles.right("PID", kPidWidth);
    titles.left("TASK", kNameWidth);
    titles.right("SCORE", kScoreWidth);
    titles.right("ADJ", kScoreWidth);
    titles.right("RSS", kSizeWidth);
    if (has_swap()) titles.right("SWAP", kSizeWidth);
    if (shows_pgtables()) titles.right("PGTBL", kSizeWidth);
    titles.last("CGROUP");
    add(titles.take(), Role::aside);
    const std::size_t shown = visible_rows();
    settle(rows.size(), shown);
    if (rows.empty()) {
      add(state_.filter.empty() ? "no process to show" : "no process matches the filter");
      return;
    }
    state_.selected_pid = snapshot_.tasks[rows[state_.selected_row].predicted->index].pid;
    for (std::size_t i = state_.first_row; i < std::min(rows.size(), state_.first_row + shown); ++i)
      task_row(rows[i], i == state_.selected_row);
  }

  void task_row(const ScreenRow& row, bool selected) {
    const PredictedTask& predicted = *row.predicted;
    const Task& task = snapshot_.tasks[predicted.index];
    const auto size = [&](const std::optional<Pages>& pages) {
      if (!pages) return std::string("?");
      const Bytes bytes = to_bytes(*pages, *snapshot_.page_size);
      return bytes == Bytes(0) ? std::string(kDash) : brief_size(bytes);
    };
    ScreenRowText text(size_.columns);
    text.right(predicted.spared ? std::string(kDash) : std::to_string(row.rank), kRankWidth);
    text.right(std::to_string(task.pid), kPidWidth);
    text.left(visible(task.comm), kNameWidth);
    const auto score = computed_score(report_, predicted.index);
    text.right(score && !predicted.spared ? std::to_string(*score) : std::string(kDash),
               kScoreWidth);
    text.right(task.oom_score_adj ? std::to_string(*task.oom_score_adj) : "?", kScoreWidth);
    text.right(size(task.rss), kSizeWidth);
    if (has_swap()) text.right(size(task.swapents), kSizeWidth);
    const auto pgtables = pgtables_bytes(task, *snapshot_.page_size);
    if (shows_pgtables()) text.right(pgtables ? brief_size(*pgtables) : "?", kSizeWidth);
    std::string last =
        predicted.spared ? "never: " + std::string(spared_text(*predicted.spared)) : "";
    if (last.empty()) last = path_end(cgroup_of(snapshot_, predicted.index), text.room());
    text.last(last);
    Role role = row.rank == 1 && !predicted.spared ? Role::critical : Role::plain;
    if (predicted.spared) role = Role::aside;
    add(text.take(), role, selected);
  }

  // The host, and below it every cgroup with a limit, as deep as it lies in the tree.
  void scope_list() {
    add("choose whose victims to rank", Role::aside);
    const std::vector<std::size_t> order = scope_order();
    const std::size_t shown = visible_rows();
    settle(order.size(), shown);
    for (std::size_t i = state_.first_row; i < std::min(order.size(), state_.first_row + shown);
         ++i) {
      const TopScope& scope = report_.scopes[order[i]];
      std::string text(2 * depth_of(scope), ' ');
      constexpr std::size_t kTreeNameMax = 20;
      text += scope.memcg ? path_end(scope.name, kTreeNameMax) : "host";
      if (scope.memcg && scope.usage && scope.limit) {
        text += "   " + brief_share(*scope.usage, *scope.limit);
      }
      if (scope.eta_s) text += "   full in " + duration_text(*scope.eta_s);
      text += "   would kill " + would_kill_text(snapshot_, scope);
      add(std::move(text), Role::plain, i == state_.selected_row);
    }
  }

  std::vector<std::size_t> scope_order() const { return scopes_in_tree_order(report_); }

  std::size_t depth_of(const TopScope& scope) const {
    std::size_t depth = 0;
    if (!scope.memcg) return 0;
    constexpr std::size_t kDepthMax = 16;
    const auto& nodes = snapshot_.memcgs->nodes;
    for (auto at = nodes[*scope.memcg].parent; at && depth < kDepthMax; at = nodes[*at].parent)
      ++depth;
    return depth;
  }

  void help() {
    for (const char* line :
         {"up, down, page keys   choose a process", "enter                 its terms, one by one",
          "m                     there: VSS, RSS, PSS, USS (walks its page tables)",
          "t                     choose a cgroup whose victims to rank",
          "s                     sort by score, rss, swap, adj, pid, name",
          "/                     show only names, pids and cgroups with these letters",
          "space                 freeze, and go on", "escape                back",
          "q                     quit"})
      add(line);
  }

  void footer() {
    std::string text;
    if (state_.typing_filter) {
      text = "filter: " + visible(state_.filter) + "_   enter keeps it, escape drops it";
    } else {
      text = "q quit  ? help   ";
      if (state_.frozen) text += "FROZEN   ";
      text += "sort: " + std::string(sort_name(state_.sort));
      if (!state_.filter.empty()) text += "   filter: " + visible(state_.filter);
      text += "   scope: " + path_end(state_.scope, 30);
      text += "   enter detail  t tree  s sort  / filter  space freeze";
    }
    lines_.push_back({shortened(text, size_.columns), Role::aside, false});
  }

 public:
  static std::vector<std::size_t> scopes_in_tree_order(const TopReport& report) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < report.scopes.size(); ++i)
      order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return report.scopes[a].memcg < report.scopes[b].memcg;  // The host has none: it is first.
    });
    return order;
  }

 private:
  ScreenState& state_;
  const TopReport& report_;
  const Snapshot& snapshot_;
  ScreenSize size_;
  std::vector<ScreenLine> lines_;
};

void move(ScreenState& state, const TopReport& report, std::ptrdiff_t by) {
  const std::size_t count =
      state.view == ScreenView::scopes ? report.scopes.size() : rows_of(state, report).size();
  if (count == 0) return;
  const auto last = static_cast<std::ptrdiff_t>(count) - 1;
  const auto row = std::min(static_cast<std::ptrdiff_t>(state.selected_row), last);
  // Steps may be "to the end": no sum of them overflows.
  const std::ptrdiff_t to =
      by > 0 ? (last - row < by ? last : row + by) : std::max<std::ptrdiff_t>(row + by, 0);
  state.selected_row = static_cast<std::size_t>(to);
  state.selected_pid.reset();
}

ScreenWish type_filter(ScreenState& state, ScreenInput input) {
  switch (input.key) {
    case ScreenKey::enter:
      state.typing_filter = false;
      break;
    case ScreenKey::escape:
      state.typing_filter = false;
      state.filter.clear();
      break;
    case ScreenKey::backspace:
      if (!state.filter.empty()) state.filter.pop_back();
      break;
    case ScreenKey::letter:
      if (state.filter.size() < kFilterMax && input.letter >= ' ') state.filter += input.letter;
      break;
    default:
      return ScreenWish::none;
  }
  state.selected_pid.reset();
  state.selected_row = 0;
  return ScreenWish::refresh;
}

ScreenWish take_letter(ScreenState& state, char letter) {
  switch (letter) {
    case 'q':
      return ScreenWish::quit;
    case 's':
      state.sort = static_cast<ScreenSort>((static_cast<int>(state.sort) + 1) % 6);
      return ScreenWish::refresh;
    case '/':
      state.typing_filter = true;
      state.view = ScreenView::tasks;
      return ScreenWish::none;
    case 't':
      state.view = state.view == ScreenView::scopes ? ScreenView::tasks : ScreenView::scopes;
      state.selected_row = 0;
      state.first_row = 0;
      return ScreenWish::none;
    case ' ':
    case 'f':
      state.frozen = !state.frozen;
      return state.frozen ? ScreenWish::none : ScreenWish::refresh;
    case '?':
    case 'h':
      state.view = state.view == ScreenView::help ? ScreenView::tasks : ScreenView::help;
      return ScreenWish::none;
    case 'm':
      return state.view == ScreenView::detail ? ScreenWish::memory_detail : ScreenWish::none;
    default:
      return ScreenWish::none;
  }
}

ScreenWish enter(ScreenState& state, const TopReport& report) {
  if (state.view == ScreenView::tasks && state.selected_pid) {
    state.view = ScreenView::detail;
    state.memory.reset();
  } else if (state.view == ScreenView::scopes) {
    const auto order = Screen::scopes_in_tree_order(report);
    if (state.selected_row < order.size())
      state.scope = report.scopes[order[state.selected_row]].name;
    state.view = ScreenView::tasks;
    state.selected_row = 0;
    state.selected_pid.reset();
    return ScreenWish::refresh;
  } else {
    state.view = ScreenView::tasks;
  }
  return ScreenWish::none;
}

}  // namespace

ScreenWish take_key(ScreenState& state, const TopReport& report, ScreenInput input,
                    ScreenSize size) {
  if (state.typing_filter) return type_filter(state, input);
  const auto page = static_cast<std::ptrdiff_t>(size.rows > 10 ? size.rows - 10 : 1);
  switch (input.key) {
    case ScreenKey::up:
      move(state, report, -1);
      return ScreenWish::none;
    case ScreenKey::down:
      move(state, report, 1);
      return ScreenWish::none;
    case ScreenKey::page_up:
      move(state, report, -page);
      return ScreenWish::none;
    case ScreenKey::page_down:
      move(state, report, page);
      return ScreenWish::none;
    case ScreenKey::home:
      move(state, report, -PTRDIFF_MAX);
      return ScreenWish::none;
    case ScreenKey::end:
      move(state, report, PTRDIFF_MAX);
      return ScreenWish::none;
    case ScreenKey::enter:
      return enter(state, report);
    case ScreenKey::escape:
      if (state.view == ScreenView::tasks) state.filter.clear();
      state.view = ScreenView::tasks;
      return ScreenWish::refresh;
    case ScreenKey::backspace:
      return ScreenWish::none;
    case ScreenKey::letter:
      return take_letter(state, input.letter);
  }
  return ScreenWish::none;
}

std::vector<ScreenLine> screen_lines(ScreenState& state, const TopReport& report, ScreenSize size) {
  return Screen(state, report, size).lines();
}

}  // namespace oomkit
