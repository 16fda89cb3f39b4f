#include "guard/process_sensor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/fixed_text.h"
#include "core/text.h"
#include "guard/sensor_text.h"
#include "io/kept_folder.h"

namespace oomkit {
namespace {

constexpr std::size_t kBufferSize = std::size_t{4} * 1024;
constexpr std::size_t kListSize = std::size_t{32} * 1024;
constexpr std::size_t kCmdlineMax = 512;  // More of it is cut.

// What a process weighs for the question who is large.
std::int64_t weight_of(const SmallProcess& row) {
  if (row.oom_score) return std::int64_t{*row.oom_score} << 40;
  return row.whole().rss.value_or(Bytes(0)).count();
}

}  // namespace

ProcessSensor::ProcessSensor(FileDescriptor proc, const TickNeeds& needs, const TableRoom& room,
                             std::size_t leaders)
    : proc_(std::move(proc)),
      needs_(needs),
      page_size_(static_cast<PageSize>(machine_page_size())),
      room_(room.most),
      close_(std::min(leaders, room.most)),
      texts_(needs.cmdline || needs.exe ? close_.size() * kCmdlineMax : 0),
      buffer_(kBufferSize),
      list_(kListSize) {
  take_room(rows_, room);
  take_room(order_, room);
}

Result<ProcessSensor> ProcessSensor::create(const std::string& root, const TickNeeds& needs,
                                            const TableRoom& room, std::size_t leaders) {
  FileDescriptor proc = open_kept_folder(root + "/proc");
  if (proc.get() < 0)
    return fail(ErrorCode::unsupported, root + "/proc: cannot open: " + std::strerror(errno));
  return ProcessSensor(std::move(proc), needs, {std::max<std::size_t>(room.most, 1), room.now},
                       leaders);
}

void ProcessSensor::keep_spare(std::size_t processes) {
  oomkit::keep_spare(rows_, room_, processes);
  oomkit::keep_spare(order_, room_, processes);
}

void ProcessSensor::begin() {
  breath_.begin();
  row_count_ = 0;
  texts_used_ = 0;
  is_cut_ = false;
}

void ProcessSensor::read_all(const CgroupSensor* cgroups, bool swap_in_use) {
  begin();
  if (cgroups == nullptr || cgroups->is_cut() || cgroups->rows().empty()) {
    list_proc();
  } else {
    for (std::uint32_t row = 0; row < cgroups->rows().size(); ++row)
      list_members(*cgroups, row);
  }
  read_closely(swap_in_use);
}

void ProcessSensor::read_some(const CgroupSensor& cgroups, std::span<const std::uint64_t> ids,
                              bool swap_in_use) {
  begin();
  const auto rows = cgroups.rows();
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    // Itself or one above it is among them.
    bool is_wanted = false;
    for (std::uint32_t at = row; at != kNoRow && !is_wanted; at = rows[at].parent)
      is_wanted = std::find(ids.begin(), ids.end(), rows[at].id) != ids.end();
    if (is_wanted) list_members(cgroups, row);
  }
  read_closely(swap_in_use);
}

void ProcessSensor::list_proc() {
  FolderList list(proc_.get(), list_);
  FolderEntry entry;
  while (list.next(entry)) {
    Cursor cursor{std::string_view(entry.name)};
    const auto pid = cursor.take_integer<std::int32_t>();
    if (pid && cursor.at_end()) add(*pid, kNoRow);
  }
}

void ProcessSensor::list_members(const CgroupSensor& cgroups, std::uint32_t row) {
  const DoorText procs = read_kept_folder(cgroups.folder_of(row), "cgroup.procs", list_);
  if (procs.error != 0) return;
  is_cut_ = is_cut_ || procs.is_cut;
  Cursor cursor(procs.text);
  while (const auto pid = cursor.take_integer<std::int32_t>()) {
    if (!cursor.take("\n")) break;  // Cut in the middle of a number.
    if (*pid > 0) add(*pid, row);   // 0: a process that our pid namespace does not see.
  }
}

std::string_view ProcessSensor::file(std::int32_t pid, const char* name) {
  const FixedText<32> path(pid, "/", name);
  const DoorText text = read_kept_folder(proc_.get(), path.c_str(), buffer_);
  return text.error == 0 ? text.text : std::string_view();
}

std::string_view ProcessSensor::keep(std::string_view text) {
  if (texts_used_ + text.size() > texts_.size()) return {};
  char* const begin = texts_.data() + texts_used_;
  std::copy(text.begin(), text.end(), begin);
  texts_used_ += text.size();
  return {begin, text.size()};
}

void ProcessSensor::add(std::int32_t pid, std::uint32_t cgroup) {
  if (row_count_ == room_) {
    is_cut_ = true;
    return;
  }
  TickProcess row;
  row.pid = pid;
  row.cgroup = cgroup;
  // It may have ended since it was listed.
  if (!read_process_stat(file(pid, "stat"), page_size_, row)) return;
  keep_spare(row_count_ + 1);
  rows_[row_count_++] = SmallProcess(row);
  breath_.take_if_needed();
}

void ProcessSensor::read_closely(bool swap_in_use) {
  std::size_t count = 0;
  for (std::uint32_t index = 0; index < row_count_; ++index) {
    SmallProcess& row = rows_[index];
    if (row.whole().kernel_thread == Fact::yes) continue;
    if (swap_in_use) {
      row.oom_score = read_small_number(file(row.pid(), "oom_score"));
      breath_.take_if_needed();
    }
    order_[count++] = index;
  }
  const auto end = order_.begin() + static_cast<std::ptrdiff_t>(count);
  auto last = end;
  if (count > close_.size()) {
    last = order_.begin() + static_cast<std::ptrdiff_t>(close_.size());
    std::nth_element(order_.begin(), last, end, [&](std::uint32_t a, std::uint32_t b) {
      return weight_of(rows_[a]) > weight_of(rows_[b]);
    });
  }
  std::uint32_t close = 0;
  for (auto at = order_.begin(); at != last; ++at, ++close) {
    close_[close] = rows_[*at].whole();
    read_details(close_[close]);
    rows_[*at].close = close;
    breath_.take_if_needed();
  }
}

void ProcessSensor::read_details(TickProcess& row) {
  read_process_status(file(row.pid, "status"), row);
  row.oom_score_adj = read_small_number(file(row.pid, "oom_score_adj"));
  if (!row.oom_score) row.oom_score = read_small_number(file(row.pid, "oom_score"));
  if (needs_.cmdline) {
    const std::string_view text = file(row.pid, "cmdline").substr(0, kCmdlineMax);
    const std::string_view kept = keep(text.substr(0, text.find_last_not_of('\0') + 1));
    // Arguments end with a NUL each; here they are joined by blanks.
    if (!kept.empty()) {
      char* const begin = texts_.data() + (kept.data() - texts_.data());
      std::replace(begin, begin + kept.size(), '\0', ' ');
    }
    row.cmdline = kept;
  }
  if (needs_.exe) {
    const FixedText<32> path(row.pid, "/exe");
    const DoorText link = read_link(proc_.get(), path.c_str(), buffer_);
    if (link.error == 0) row.exe = keep(link.text);
  }
}

std::size_t ProcessSensor::count(const std::string& root) {
  const FileDescriptor proc = open_kept_folder(root + "/proc");
  if (proc.get() < 0) return 0;
  std::vector<char> buffer(kListSize);
  FolderList list(proc.get(), buffer);
  FolderEntry entry;
  std::size_t processes = 0;
  while (list.next(entry))
    processes += entry.name[0] >= '1' && entry.name[0] <= '9' ? 1 : 0;
  return processes;
}

}  // namespace oomkit
