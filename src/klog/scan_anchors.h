// The words that some line of every report, kill line or killer's message holds.
//
// A report is found if one of its lines has an anchor, so what counts is that each
// damaged rest of a report keeps one: the table is chosen by families of lines (trigger,
// stack, memory dump, task table, choice, kill, reaper, panic, the userspace killers),
// not by the best line of a whole report. No anchor holds a newline, and none depends on
// a blank at which mail programs wrap unless another anchor stands on the same line.
//
// What an anchor costs is paid by logs without any report, so two things are asked:
//
// - Its key, four bytes that the scanner looks for, is rare in ordinary logs. "oom" alone
//   is in rooms and zooms, "d p" in every "Failed password"; "oom-" and "d pr" are not.
// - The whole word with its edges is rarer still: each false anchor makes the reader
//   parse some hundred kilobytes for nothing. So "Killed process" wants a number after
//   it, and names of daemons that write a line every minute (earlyoom, nohang) are no
//   anchors; what they write when they kill is.
//
// Upper and lower case are different words: the formats are known letter by letter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace oomkit::scan {

enum class Before { anything, no_letter, no_capital };
enum class After { anything, no_word, number };  // number: " 1", or the line ends here.

struct Anchor {
  std::string_view word;
  std::size_t key;  // Where in the word its key begins.
  unsigned bucket;  // Keys of one bucket share a bit in the vector scanners' tables, and
                    // any mix of their letters passes: put together what is alike.
  Before before = Before::anything;
  After after = After::anything;

  constexpr std::string_view key_text() const { return word.substr(key, 4); }
};

inline constexpr auto kAnchors = std::to_array<Anchor>({
    {"oom-kill", 0, 0},  // "invoked oom-killer:", "oom-kill:constraint=", "result 'oom-kill'"
    {"oom_kill", 0, 0},  // oom_kill_process in stacks and in "N callbacks suppressed"
    {"oom_reaper", 0, 0},
    {"oom_score_adj", 0, 0},  // Trigger lines, task tables, kill lines, earlyoom, lmkd.
    {"oom_adj", 0, 0},        // The same before 2.6.36.
    {"oomkilladj", 0, 0},     // The same before 2.6.31.
    {"oomd", 0, 0, Before::no_letter, After::no_word},  // systemd-oomd[1]:, "oomd kill:"
    {"oom.group", 0, 0, Before::no_letter},
    {"OOM ", 0, 1, Before::no_capital},  // OOM killer, victim, request, execution, encountered
    {"OOM-kill", 0, 1, Before::no_capital},
    {"OOMKill", 0, 1},
    {"ut of memory", 4, 2},
    {"ut of Memory", 4, 2},
    {"out_of_memory", 5, 2},  // Stacks.
    {"sult of limit", 6, 2},  // "Task in ... killed as a result of limit of ..."
    {"illed process", 4, 3, Before::anything, After::number},
    {"Kill process", 3, 3, Before::anything, After::number},
    {"kill process", 3, 3, Before::anything, After::number},
    {"oom killer", 2, 3, Before::no_letter},
    {"not enough memory for", 9, 4},  // Overcommit's refusal.
    {"due to memory pressure for", 5, 4},
    {"due to memory used (", 5, 4},
    {"deadlocked on memory", 3, 5},
    {"allocation failure", 1, 5},
    {"allocation stall", 1, 5},
    {"vmalloc error", 3, 5},
    {"corrective action", 2, 5},  // nohang
    {"anon-rss", 3, 6},
    {"total-vm", 4, 6},
    {"Mem-Info", 2, 6, Before::no_letter},
    {"Mem-info", 2, 6, Before::no_letter},  // Before 2.6.25.
    {"lowmemorykiller", 7, 5},
    {"low memory! at", 9, 1},  // earlyoom
    {"SIGTERM to process", 6, 7},
    {"SIGKILL to process", 6, 7},
    {"SIGTERM to the victim", 6, 7},  // nohang
    {"SIGKILL to the victim", 6, 7},
    {"SLUB: Unable", 1, 7},
});

inline constexpr std::size_t kKeyBytes = 4;
inline constexpr unsigned kBuckets = 8;

constexpr bool anchors_are_sound() {
  for (const Anchor& anchor : kAnchors) {
    if (anchor.key + kKeyBytes > anchor.word.size() || anchor.bucket >= kBuckets) return false;
    for (const char c : anchor.word)
      if (c == '\n' || c == '\0' || static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}
static_assert(anchors_are_sound());

constexpr bool edges_fit(const Anchor& anchor, std::string_view block, std::size_t begin) {
  if (anchor.before != Before::anything && begin > 0) {
    const char c = block[begin - 1];
    if (anchor.before == Before::no_letter ? is_alpha(c) : (c >= 'A' && c <= 'Z')) return false;
  }
  const std::string_view rest = block.substr(begin + anchor.word.size());
  if (anchor.after == After::anything || rest.empty()) return true;
  if (anchor.after == After::no_word) return !is_alpha(rest[0]) && !is_digit(rest[0]);
  const auto ends = [&](std::size_t i) {
    return i >= rest.size() || rest[i] == '\n' || rest[i] == '\r';
  };
  return ends(0) || (rest[0] == ' ' && (ends(1) || is_digit(rest[1])));
}

constexpr std::uint32_t key_number(const char* key) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < kKeyBytes; ++i)
    number |= std::uint32_t{static_cast<unsigned char>(key[i])} << (8 * i);
  return number;
}

// For each of 64 hashes of a key, the anchors (bit by index) that it may belong to.
constexpr std::size_t key_hash(std::uint32_t number) {
  return (number * 0x9e3779b1U) >> 26U;
}
static_assert(kAnchors.size() <= 64);
inline constexpr std::array<std::uint64_t, 64> kAnchorsByHash = [] {
  std::array<std::uint64_t, 64> anchors{};
  for (std::size_t i = 0; i < kAnchors.size(); ++i)
    anchors[key_hash(key_number(kAnchors[i].key_text().data()))] |= std::uint64_t{1} << i;
  return anchors;
}();

// Is an anchor's key at block[at], with the rest of the anchor around it?
inline bool anchor_at(std::string_view block, std::size_t at) {
  if (block.size() - at < kKeyBytes) return false;
  std::uint64_t maybe = kAnchorsByHash[key_hash(key_number(block.data() + at))];
  for (; maybe != 0; maybe &= maybe - 1) {
    const Anchor& anchor = kAnchors[static_cast<std::size_t>(__builtin_ctzll(maybe))];
    if (at < anchor.key) continue;
    const std::size_t begin = at - anchor.key;
    if (block.substr(begin, anchor.word.size()) == anchor.word && edges_fit(anchor, block, begin))
      return true;
  }
  return false;
}

}  // namespace oomkit::scan
