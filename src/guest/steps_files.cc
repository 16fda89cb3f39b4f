// Steps that fill the page cache, and those that fill the slab: files.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "guest/pace.h"
#include "guest/steps.h"

namespace oomkit::guest {
namespace {

constexpr std::int64_t kBlock = 64 << 10;

// Where the block with number `index` of a pass lies.
std::int64_t place_of(Actor& actor, const Step& step, std::int64_t index, std::int64_t blocks) {
  if (step.pattern == AccessPattern::sequential) return index * kBlock;
  return actor.random().between(0, blocks - 1) * kBlock;
}

// Goes over the file in blocks, as often, in the order and at the rate that the step says.
template <class Block>
int for_each_block(Actor& actor, const Step& step, Block block) {
  const std::int64_t size = step.size.count();
  const std::int64_t blocks = (size + kBlock - 1) / kBlock;
  const auto rate = step.rate ? std::optional(step.rate->count()) : std::nullopt;
  const Pace pace(rate, now_ns());
  std::int64_t done = 0;
  for (int pass = 0; pass < step.passes; ++pass) {
    for (std::int64_t i = 0; i < blocks; ++i) {
      if (rate) sleep_until_ns(pace.due_ns(done));
      const std::int64_t at = place_of(actor, step, i, blocks);
      const std::int64_t length = std::min(kBlock, size - at);
      if (const int error = block(at, length); error != 0) return error;
      done += length;
    }
  }
  return 0;
}

}  // namespace

void do_read_file(Actor& actor, const Step& step) {
  static char buffer[kBlock];
  repeat(step, [&] {
    const int file = open(data_path(*actor.plan().stage, step.name).c_str(), O_RDONLY | O_CLOEXEC);
    int error = file < 0 ? errno : 0;
    if (error == 0) {
      error = for_each_block(actor, step, [&](std::int64_t at, std::int64_t length) {
        return pread(file, buffer, static_cast<std::size_t>(length), at) < 0 ? errno : 0;
      });
      close(file);
    }
    if (error != 0) actor.report(ActorTask::steps, error);
    return error == 0;
  });
}

void do_write_file(Actor& actor, const Step& step) {
  static char buffer[kBlock];
  repeat(step, [&] {
    const int file = open(data_path(*actor.plan().stage, step.name).c_str(),
                          O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    int error = file < 0 ? errno : 0;
    if (error == 0) {
      error = for_each_block(actor, step, [&](std::int64_t at, std::int64_t length) {
        for (std::int64_t i = 0; i < length; i += 512) {
          const std::uint64_t word = actor.random().next();
          std::memcpy(buffer + i, &word, sizeof word);
        }
        return pwrite(file, buffer, static_cast<std::size_t>(length), at) < 0 ? errno : 0;
      });
      close(file);
    }
    if (error == ENOSPC || error == ENOMEM) actor.refused(error);
    if (error != 0 && error != ENOSPC && error != ENOMEM) actor.report(ActorTask::steps, error);
    return error == 0;
  });
}

// Each costs a dentry and an inode, and no page.
void do_files(Actor& actor, const Step& step) {
  const std::string& folder = actor.plan().stage->scratch;
  repeat(step, [&] {
    for (int i = 0; i < step.children; ++i) {
      const PathText path(folder, "/", actor.random().next());
      const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
      if (file < 0) {
        actor.refused(errno);
        return false;
      }
      close(file);
    }
    return true;
  });
}

}  // namespace oomkit::guest
