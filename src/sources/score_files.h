// /proc/PID/oom_score of all processes, scan by scan.
//
// To open and close a file of procfs costs five times what reading it does, so whoever looks
// again and again keeps the files open, from its second scan on. An open file belongs to one
// process and not to its number: when that has ended, reading fails, and whoever has the
// number then is opened anew. So nothing is ever assumed to be as it was: each scan reads the
// score of every process.
//
// Every file that was read holds a page in the kernel. Therefore only so many are kept as are
// a small part of the host's memory; the others are opened each time, as in a first scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "io/file_descriptor.h"
#include "io/file_tree.h"

namespace oomkit {

class ScoreFiles {
 public:
  // For how many files a host of that memory has room.
  static std::size_t room(Bytes host_memory, PageSize page_size);

  // A scan begins: its processes come in ascending order, each once. At most `room` files are
  // kept, and none by the first scan: it may be the only one.
  void begin(std::size_t room);

  struct Score {
    OpenFolder::Reading text;
    // It was found to be a kernel thread, and is the same process still.
    bool was_kernel_thread = false;
  };
  // `path` is "PID/oom_score".
  Score read(const OpenFolder& proc, std::int64_t pid, std::string_view path,
             std::vector<char>& buffer);
  void end();

  bool has_looked() const { return looked_; }

  // After the scan. Remembered only where the file is kept, for that proves who it is.
  void note_kernel_thread(std::int64_t pid);

  std::size_t kept() const { return kept_.size(); }

 private:
  struct Kept {
    std::int64_t pid = 0;
    FileDescriptor file;
    bool kernel_thread = false;
  };

  std::vector<Kept> kept_;  // By the last scan, ascending.
  std::vector<Kept> now_;   // By this one.
  std::size_t at_ = 0;      // In `kept_`: who comes next.
  std::size_t room_ = 0;
  bool looked_ = false;  // There was a scan.
};

}  // namespace oomkit
