// ncurses puts the lines of render/top_screen.h on a terminal and brings its keys.
//
// Nothing is decided here. Between two readings only keys are waited for, so that a screen
// that nobody touches costs one reading each interval and nothing else.
#include "cli/top_live.h"

#include <algorithm>
#include <clocale>
#include <optional>
#include <utility>

#define NCURSES_NOMACROS 1  // Functions, so that their names are not taken from everything else.
#include <curses.h>

#include "io/process_environment.h"
#include "render/top_screen.h"

namespace oomkit {
namespace {

// The terminal as it was, however this ends.
class CursesTerminal {
 public:
  explicit CursesTerminal(bool colour) {
    // Names of processes may be in any script, whatever language the user's locale is.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before anything else runs.
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
    usable_ = ::initscr() != nullptr;
    if (!usable_) return;
    ::cbreak();
    ::noecho();
    ::keypad(stdscr, TRUE);
    ::curs_set(0);
    ::set_escdelay(50);
    colour_ = colour && ::has_colors() && ::start_color() == OK;
    if (colour_) {
      ::use_default_colors();
      ::init_pair(kRed, COLOR_RED, -1);
      ::init_pair(kYellow, COLOR_YELLOW, -1);
    }
  }
  ~CursesTerminal() {
    if (usable_) ::endwin();
  }
  CursesTerminal(const CursesTerminal&) = delete;
  CursesTerminal& operator=(const CursesTerminal&) = delete;

  bool usable() const { return usable_; }

  static ScreenSize size() {
    return {static_cast<std::size_t>(std::max(LINES, 1)),
            static_cast<std::size_t>(std::max(COLS, 1))};
  }

  void show(const std::vector<ScreenLine>& lines) const {
    ::erase();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const chtype look = look_of(lines[i]);
      ::attrset(static_cast<int>(look));
      ::mvaddnstr(static_cast<int>(i), 0, lines[i].text.data(),
                  static_cast<int>(lines[i].text.size()));
      if (lines[i].selected) ::mvchgat(static_cast<int>(i), 0, -1, A_REVERSE, 0, nullptr);
    }
    ::attrset(A_NORMAL);
    ::refresh();
  }

  // Nothing if none came in that time.
  static std::optional<int> key_within(std::chrono::milliseconds time) {
    ::timeout(static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, 3'600'000)));
    const int key = ::getch();
    return key == ERR ? std::nullopt : std::optional(key);
  }

 private:
  static constexpr short kRed = 1;
  static constexpr short kYellow = 2;

  chtype look_of(const ScreenLine& line) const {
    switch (line.role) {
      case Role::strong:
        return A_BOLD;
      case Role::critical:
        return colour_ ? A_BOLD | static_cast<chtype>(COLOR_PAIR(kRed)) : A_BOLD;
      case Role::warning:
        return colour_ ? static_cast<chtype>(COLOR_PAIR(kYellow)) : A_NORMAL;
      case Role::aside:
        return A_DIM;
      default:
        return A_NORMAL;
    }
  }

  bool usable_ = false;
  bool colour_ = false;
};

std::optional<ScreenInput> input_of(int key) {
  switch (key) {
    case KEY_UP:
    case 'k':
      return ScreenInput{ScreenKey::up, static_cast<char>(key == 'k' ? 'k' : '\0')};
    case KEY_DOWN:
    case 'j':
      return ScreenInput{ScreenKey::down, static_cast<char>(key == 'j' ? 'j' : '\0')};
    case KEY_PPAGE:
      return ScreenInput{ScreenKey::page_up, '\0'};
    case KEY_NPAGE:
      return ScreenInput{ScreenKey::page_down, '\0'};
    case KEY_HOME:
      return ScreenInput{ScreenKey::home, '\0'};
    case KEY_END:
      return ScreenInput{ScreenKey::end, '\0'};
    case KEY_ENTER:
    case '\r':
    case '\n':
      return ScreenInput{ScreenKey::enter, '\0'};
    case '\x1b':
      return ScreenInput{ScreenKey::escape, '\0'};
    case KEY_BACKSPACE:
    case '\x7f':
    case '\b':
      return ScreenInput{ScreenKey::backspace, '\0'};
    default:
      if (key < ' ' || key > '~') return std::nullopt;
      return ScreenInput{ScreenKey::letter, static_cast<char>(key)};
  }
}

class LiveScreen {
 public:
  LiveScreen(HostInput& input, const LiveOptions& options) : input_(input), options_(options) {
    state_.scope = options.scope == "all" ? "host" : options.scope;
  }

  Status run(const CursesTerminal& terminal) {
    if (Status first = look(); !first) return first;
    while (true) {
      terminal.show(screen_lines(state_, *report_, CursesTerminal::size()));
      const auto passed =
          std::chrono::duration_cast<std::chrono::milliseconds>(monotonic_time() - looked_);
      const bool due = !state_.frozen && !input_.is_kept() && passed >= options_.interval;
      if (due) {
        if (Status looked = look(); !looked) return looked;
        continue;
      }
      const bool still = state_.frozen || input_.is_kept();
      constexpr std::chrono::milliseconds kIdle{60'000};
      auto key = CursesTerminal::key_within(still ? kIdle : options_.interval - passed);
      bool refresh = false;
      while (key) {
        const auto input = state_.typing_filter ? typed(*key) : input_of(*key);
        const ScreenWish wish =
            input ? take_key(state_, *report_, *input, CursesTerminal::size()) : ScreenWish::none;
        if (wish == ScreenWish::quit) return {};
        if (wish == ScreenWish::memory_detail) read_memory();
        refresh = refresh || wish == ScreenWish::refresh;
        // What was typed while the host was read makes one reading, not one for each letter.
        key = state_.typing_filter ? CursesTerminal::key_within({}) : std::nullopt;
      }
      if (refresh && !state_.frozen) {
        if (Status looked = look(); !looked) return looked;
      }
    }
  }

 private:
  // While a filter is typed, j and k are letters like others.
  static std::optional<ScreenInput> typed(int key) {
    if (key >= ' ' && key <= '~') return ScreenInput{ScreenKey::letter, static_cast<char>(key)};
    return input_of(key);
  }

  Status look() {
    // Leaders enough for the screen; all of them where they are sorted otherwise.
    const std::size_t wanted = CursesTerminal::size().rows + state_.first_row;
    HostQuery query = HostQuery::next_victims(wanted);
    if (state_.wants_all_tasks()) {
      query.tasks.leaders.reset();
      query.tasks.kernel_scores = true;
    }
    const auto before = looked_;
    OOMKIT_TRY(Snapshot now, input_.read(query));
    looked_ = monotonic_time();
    std::optional<EarlierAmounts> earlier;
    if (report_ && !input_.is_kept()) {
      earlier.emplace(EarlierAmounts{report_->snapshot,
                                     std::chrono::duration<double>(looked_ - before).count()});
    }
    OOMKIT_TRY(TopReport report, make_top_report(std::move(now), earlier, {}));
    report_ = std::move(report);
    return {};
  }

  void read_memory() {
    if (!state_.selected_pid) return;
    MemoryDetail detail;
    detail.pid = *state_.selected_pid;
    const auto bytes = [](const std::optional<KiB>& amount) {
      return amount ? std::optional(to_bytes(*amount)) : std::nullopt;
    };
    if (const auto smaps = input_.read_smaps(detail.pid)) {
      detail.rss = bytes(smaps->rss);
      detail.pss = bytes(smaps->pss);
      detail.uss = bytes(smaps->uss);
      detail.swap_pss = bytes(smaps->swap_pss);
    } else {
      detail.problem = smaps.error();
    }
    state_.memory = std::move(detail);
  }

  HostInput& input_;
  const LiveOptions& options_;
  ScreenState state_;
  std::optional<TopReport> report_;
  std::chrono::nanoseconds looked_{0};
};

}  // namespace

Result<ExitCode> run_live_screen(HostInput& input, const LiveOptions& options) {
  LiveScreen screen(input, options);
  Status status;
  {
    const CursesTerminal terminal(options.colour);
    if (!terminal.usable()) {
      return fail(ErrorCode::unsupported, "the terminal cannot be used; --once prints instead");
    }
    status = screen.run(terminal);
  }
  if (!status) return tl::unexpected(status.error());
  return ExitCode::done;
}

}  // namespace oomkit
