// What filled the limit, or the RAM: the one thing that the verdict names.
#pragma once

#include <string>

#include "explain/context.h"

namespace oomkit {

enum class FillerKind {
  none,  // The log does not say, or nothing was full.
  sockets,
  shmem,
  kernel,
  slab,
  pagetables,
  stacks,
  hugetlb,
  unevictable,
  cache,
  dirty_cache,
  unaccounted,
  process,    // One process's own memory.
  workers,    // That of many of one name.
  processes,  // That of several.
};

struct Filler {
  FillerKind kind = FillerKind::none;
  Bytes amount;
  std::string sentence;  // "175.1 MiB of it (87.6 %) were network socket buffers"
  std::string brief;     // "87.6 % socket buffers"
  std::string first;     // What to do first, a sentence.
};

Filler filler_of(const Context& context);

}  // namespace oomkit
