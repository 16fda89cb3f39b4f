#include "sources/score_files.h"

#include <algorithm>
#include <span>
#include <utility>

#include "io/kept_file.h"
#include "io/own_process.h"

namespace oomkit {
namespace {

// What the kernel holds for an open file that was read, beside the page for its text.
constexpr std::int64_t kFileBytes = 512;
// At most this much in all, with which the whole program stays below 16 MiB, and at most this
// part of the host's memory.
constexpr std::int64_t kKeptBytesMax = std::int64_t{10} << 20;
constexpr std::int64_t kPartOfMemory = 128;
// For all other files that this program opens.
constexpr std::size_t kOtherFiles = 64;
constexpr std::size_t kTextMax = 64;

}  // namespace

std::size_t ScoreFiles::room(Bytes host_memory, PageSize page_size) {
  const std::int64_t bytes = std::min(kKeptBytesMax, host_memory.count() / kPartOfMemory);
  const std::int64_t files = bytes / (bytes_of(page_size).count() + kFileBytes);
  return static_cast<std::size_t>(std::max<std::int64_t>(files, 0));
}

void ScoreFiles::begin(std::size_t room) {
  at_ = 0;
  now_.clear();
  room_ = 0;
  if (!std::exchange(looked_, true) || room == 0) return;
  if (file_limit() < room + kOtherFiles) raise_file_limit();
  const std::size_t limit = file_limit();
  room_ = std::min(room, limit > kOtherFiles ? limit - kOtherFiles : 0);
}

ScoreFiles::Score ScoreFiles::read(const OpenFolder& proc, std::int64_t pid, std::string_view path,
                                   std::vector<char>& buffer) {
  if (buffer.size() < kTextMax) buffer.resize(kTextMax);
  const std::span<char> space(buffer.data(), buffer.size());
  // Who is passed is not there any more.
  while (at_ < kept_.size() && kept_[at_].pid < pid)
    kept_[at_++].file = FileDescriptor();
  if (at_ < kept_.size() && kept_[at_].pid == pid) {
    Kept& kept = kept_[at_++];
    const DoorText text = read_from_start(kept.file.get(), space);
    if (text.error == 0) {
      now_.push_back(std::move(kept));
      return {text.text, now_.back().kernel_thread};
    }
    kept.file = FileDescriptor();
  }
  if (now_.size() < room_) {
    Kept kept{pid, proc.keep(path), false};
    if (kept.file.get() >= 0) {
      const DoorText text = read_from_start(kept.file.get(), space);
      if (text.error == 0) {
        now_.push_back(std::move(kept));
        return {text.text, false};
      }
    }
  }
  return {proc.read_once(path, buffer), false};
}

void ScoreFiles::end() {
  kept_.swap(now_);
  now_.clear();
}

void ScoreFiles::note_kernel_thread(std::int64_t pid) {
  const auto place =
      std::lower_bound(kept_.begin(), kept_.end(), pid,
                       [](const Kept& kept, std::int64_t number) { return kept.pid < number; });
  if (place != kept_.end() && place->pid == pid) place->kernel_thread = true;
}

}  // namespace oomkit
