// The processes of a tick: whole rows, or many small ones of which some have a whole one too.
//
// A host has thousands of processes and the guard keeps all it reads in locked memory, but of most
// it only ever reads what is in `stat`. Those take 64 bytes here where a TickProcess takes 200.
// Whoever reads gets a TickProcess of either, by value; the texts in it stay where the rows are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "core/known.h"
#include "core/time.h"
#include "core/units.h"

namespace oomkit {

inline constexpr std::uint32_t kNoRow = UINT32_MAX;

enum class Fact : std::uint8_t { unknown, no, yes };

struct TickProcess {
  std::int32_t pid = 0;
  Known<HostTime> start;  // Since boot; pid and start name a process for good.
  Known<std::int32_t> ppid, pgid, session;
  Known<std::int64_t> uid;  // Effective.
  std::string_view user;    // Its name, where policies look at it and it is known.
  std::string_view comm;
  // Empty where not read: only policies that look at them have them (TickNeeds).
  std::string_view cmdline;  // Arguments joined by spaces.
  std::string_view exe;
  char state = '?';  // 'R', 'S', 'D', 'Z', ...
  Fact kernel_thread = Fact::unknown;
  Known<std::int32_t> threads;

  Known<Bytes> rss;  // All of it; the three parts where known.
  Known<Bytes> rss_anon, rss_file, rss_shmem;
  Known<Bytes> swap, pagetables;
  Known<std::int32_t> oom_score_adj;
  Known<std::int32_t> oom_score;  // The kernel's own, /proc/PID/oom_score.

  std::uint32_t cgroup = kNoRow;  // In the tick's cgroups, if it has any; else in the last ones.
};

// What is kept of a process that is not looked at closely.
class SmallProcess {
 public:
  SmallProcess() = default;
  // A name is at most 15 bytes, but for kernel threads and escapes: more of it is cut.
  explicit SmallProcess(const TickProcess& whole);

  // The name in it is in here.
  TickProcess whole() const;
  std::int32_t pid() const { return pid_; }

  Known<std::int32_t> oom_score;
  std::uint32_t close = kNoRow;  // Its whole row.

 private:
  static constexpr std::size_t kName = 16;

  Known<HostTime> start_;
  std::int32_t pid_ = 0;
  Known<std::int32_t> ppid_, pgid_, session_, threads_;
  std::uint32_t cgroup_ = kNoRow;
  std::uint32_t rss_grains_ = UINT32_MAX;  // Of 4 KiB; the largest: not known.
  std::array<char, kName> comm_{};
  char state_ = '?';
  Fact kernel_thread_ = Fact::unknown;
};
static_assert(sizeof(SmallProcess) <= 64);

class ProcessRows {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = TickProcess;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = TickProcess;

    Iterator(const ProcessRows& rows, std::size_t at) : rows_(&rows), at_(at) {}
    TickProcess operator*() const { return (*rows_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const ProcessRows* rows_;
    std::size_t at_;
  };

  ProcessRows() = default;
  // NOLINTBEGIN(google-explicit-constructor): as a span is made of them.
  ProcessRows(std::span<const TickProcess> whole) : whole_(whole), size_(whole.size()) {}
  ProcessRows(const std::vector<TickProcess>& whole) : ProcessRows(std::span(whole)) {}
  // NOLINTEND(google-explicit-constructor)
  ProcessRows(const TickProcess* whole, std::size_t count) : ProcessRows(std::span(whole, count)) {}
  ProcessRows(std::span<const SmallProcess> small, std::span<const TickProcess> close)
      : small_(small), whole_(close), size_(small.size()) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  TickProcess operator[](std::size_t row) const;
  std::int32_t pid(std::size_t row) const {
    return small_.empty() ? whole_[row].pid : small_[row].pid();
  }
  ProcessRows first(std::size_t count) const;
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size_}; }

 private:
  std::span<const SmallProcess> small_;  // Empty: all are whole.
  std::span<const TickProcess> whole_;   // All, or those that small ones point at.
  std::size_t size_ = 0;
};

}  // namespace oomkit
