#include "lab/disks.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "core/text.h"
#include "io/child_process.h"
#include "io/machine.h"

namespace oomkit {
namespace {

constexpr Bytes kDataDiskMin(std::int64_t{64} << 20);
constexpr std::size_t kWordsMax = 2048;

// The largest size in which each file occurs.
void collect_files(const std::vector<Step>& steps, std::map<std::string, Bytes>& files) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::read_file || step.kind == Step::Kind::write_file) {
      Bytes& size = files[step.name];
      size = std::max(size, step.size);
    }
    collect_files(step.steps, files);
  }
}

}  // namespace

Bytes data_disk_size(const Scenario& scenario) {
  std::map<std::string, Bytes> files;
  for (const ProcessSpec& process : scenario.processes)
    collect_files(process.steps, files);
  if (files.empty()) return Bytes(0);
  Bytes all(0);
  for (const auto& [name, size] : files)
    all += size;
  // ext4's own tables and the blocks that it keeps back.
  return std::max(kDataDiskMin, all + all / 4);
}

Result<std::string> find_mke2fs() {
  // Not in everybody's PATH.
  constexpr std::array<std::string_view, 2> kFolders = {"/sbin", "/usr/sbin"};
  if (auto found = find_program("mke2fs", kFolders)) return *std::move(found);
  return fail(ErrorCode::unsupported,
              "mke2fs is not here, which makes the disk for the scenario's files; install the "
              "package e2fsprogs");
}

Result<TemporaryFile> make_swap_disk(Bytes size) {
  OOMKIT_TRY(TemporaryFile file, TemporaryFile::create("the guest's swap disk"));
  if (Status made = file.extend(static_cast<std::uint64_t>(size.count())); !made)
    return tl::unexpected(made.error());
  return file;
}

Result<TemporaryFile> make_data_disk(Bytes size, const std::string& mke2fs) {
  OOMKIT_TRY(TemporaryFile file, TemporaryFile::create("the guest's data disk"));
  if (Status made = file.extend(static_cast<std::uint64_t>(size.count())); !made)
    return tl::unexpected(made.error());
  OOMKIT_TRY(Pipe words, make_pipe(4096));
  // No journal and no late initialisation: nothing shall write to it but the scenario.
  OOMKIT_TRY(
      ChildProcess child,
      ChildProcess::start({.program = mke2fs,
                           .arguments = {"-q", "-F", "-t", "ext4", "-m", "0", "-O", "^has_journal",
                                         "-E", "lazy_itable_init=0,root_owner=0:0", file.path()},
                           .inherited = {file.descriptor()},
                           .output = words.write_end.get()}));
  words.write_end = FileDescriptor();
  const std::string message = read_to_end(words.read_end.get(), kWordsMax);
  if (child.wait() == 0) return file;
  return fail(ErrorCode::io,
              "mke2fs could not make the guest's data disk: " + std::string(trim_right(message)));
}

}  // namespace oomkit
