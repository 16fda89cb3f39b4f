// What an earlyoom command line says, before it is a policy.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "import/import.h"
#include "import/placed_words.h"

namespace oomkit {

struct EarlyoomLimit {
  double term = 0, kill = 0;
};

struct EarlyoomPattern {
  std::string text;
  std::size_t line = 0;
};

struct EarlyoomProgram {
  std::string path;
  std::size_t line = 0;
};

struct EarlyoomSettings {
  EarlyoomLimit mem{10, 5}, swap{10, 5};  // Percent.
  std::optional<EarlyoomLimit> mem_kib, swap_kib;
  bool has_mem = false, has_swap = false;  // Percentages were given.
  std::optional<EarlyoomPattern> prefer, avoid, ignore;
  std::optional<EarlyoomProgram> before, after;
  bool group = false, by_rss = false, spare_root = false, dry_run = false, notify = false,
       kernel_oom = false;
  double wait_s = 10;
  std::vector<ImportNote> notes;
};

// Reads the words behind "earlyoom". `source` is what the words' offsets are in.
EarlyoomSettings read_earlyoom(std::string_view source, std::size_t source_index,
                               std::span<const PlacedText> words, std::vector<ImportError>& errors);

}  // namespace oomkit
