// Processes as rows of a tick: all of the host's, or those in some cgroups.
//
// Reading a process costs tens of microseconds a file, and a host has thousands. So of each the
// cheapest file that says who it is and how large (`stat`) is read, and the rest only of those
// that could matter: the largest. What is swapped out stands in `status` alone; where swap is in
// use, `oom_score`, which the kernel works out of both, says who is large.
//
// The memory of the rows is locked, so they are small (policy/process_rows.h) and no more of them
// are touched than there are processes, and some to spare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/table_room.h"
#include "guard/cgroup_sensor.h"
#include "io/file_descriptor.h"
#include "io/own_process.h"
#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

class ProcessSensor {
 public:
  static Result<ProcessSensor> create(const std::string& root, const TickNeeds& needs,
                                      const TableRoom& room, std::size_t leaders);

  // All of the host's. `cgroups` may be absent.
  void read_all(const CgroupSensor* cgroups, bool swap_in_use);
  // Those in the cgroups with these identities and below them.
  void read_some(const CgroupSensor& cgroups, std::span<const std::uint64_t> ids, bool swap_in_use);

  ProcessRows rows() const { return {std::span(rows_).first(row_count_), close_}; }
  bool is_cut() const { return is_cut_; }
  static std::size_t count(const std::string& root);

 private:
  ProcessSensor(FileDescriptor proc, const TickNeeds& needs, const TableRoom& room,
                std::size_t leaders);

  void begin();
  void list_proc();
  void list_members(const CgroupSensor& cgroups, std::uint32_t row);
  void add(std::int32_t pid, std::uint32_t cgroup);
  void read_closely(bool swap_in_use);
  void read_details(TickProcess& row);
  void keep_spare(std::size_t processes);
  std::string_view file(std::int32_t pid, const char* name);
  // Its copy in the room for texts; empty where that is full.
  std::string_view keep(std::string_view text);

  FileDescriptor proc_;
  TickNeeds needs_;
  PageSize page_size_ = PageSize::k4K;
  std::size_t room_;
  std::vector<SmallProcess> rows_;
  std::size_t row_count_ = 0;
  std::vector<std::uint32_t> order_;
  std::vector<TickProcess> close_;  // Of those that are looked at closely.
  std::vector<char> texts_;         // Theirs.
  std::size_t texts_used_ = 0;
  std::vector<char> buffer_;
  std::vector<char> list_;
  bool is_cut_ = false;
  Breath breath_;  // A swarm takes long to read.
};

}  // namespace oomkit
