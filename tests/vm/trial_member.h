// A process of a test's machine that holds memory of some kind, and takes more when it is told.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace oomkit {

enum class MemberKind {
  plain,      // Anonymous memory.
  shared,     // Memory that is shared, and charged to whom it began with.
  huge,       // Anonymous memory in transparent huge pages, where there are any.
  tables,     // Page tables with next to nothing in them.
  threads,    // Anonymous memory and four threads.
  headless,   // The same, and the first thread has ended.
  locked,     // Anonymous memory that is neither swapped nor moved.
  paged_out,  // Anonymous memory, half of it asked to be swapped.
};
constexpr int kMemberKinds = 8;

const char* name_of(MemberKind kind);

struct MemberPlan {
  std::string name;  // comm: at most 15 bytes.
  MemberKind kind = MemberKind::plain;
  std::int64_t pages = 0;
  int adj = 0;
  std::string cgroup;  // A path below the mount of cgroups, "" for the root.
};

class Member {
 public:
  // Returns when it holds its memory; one that is not there if it ended before.
  static Member start(const MemberPlan& plan);

  bool is_there() const { return pid_ > 0; }
  // How it ended, as waitpid() has it.
  int status() const { return status_; }

  // Has it take so many pages more. It answers with a byte in answers() when it has them.
  void grow(std::int64_t pages) const;
  int answers() const { return answers_; }
  // Ends it, wherever it is.
  void end();

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  int orders_ = -1;
  int answers_ = -1;
};

}  // namespace oomkit
