// Where a log's bytes come from: a file, a pipe, a compressed file, the kernel, the journal.
//
// One of the doors to the OS: nothing above io/ opens a file.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace oomkit {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills the front of `buffer`; 0 at the end. Errors name the input.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;
  virtual const std::string& name() const = 0;
  // A compressed file that ended too early: what came before it was delivered.
  virtual bool truncated() const { return false; }
};

// One that grows: read() gives 0 when there is no more for now.
class LiveSource : public ByteSource {
 public:
  virtual int descriptor() const = 0;  // Readable when there is more.
};

// A file, or standard input for "-". .gz, .xz and .zst are recognised by their first
// bytes, not their names, and decompressed.
Result<std::unique_ptr<ByteSource>> open_log_file(const std::string& path);

struct JournalQuery {
  std::optional<std::string> directory = {};  // Below --root; absent: this machine's journal.
  std::vector<std::string> files = {};        // Or these journal files.
  std::optional<std::string> boot = {};       // "0", "-1" or a boot id.
  std::optional<std::int64_t> since_us = {};  // Since the epoch.
  std::optional<std::int64_t> until_us = {};
};

// Entries of the kernel and of known killers as text lines ("2026-11-21T12:22:51.572035+00:00
// host kernel: text"), oldest first.
Result<std::unique_ptr<ByteSource>> open_journal(const JournalQuery& query);

// /dev/kmsg from the oldest record there is to the newest, not waiting for more. A reader
// that was overtaken goes on; the gap shows in the sequence numbers.
Result<std::unique_ptr<ByteSource>> open_kmsg(const std::string& path);
// The same from the next record on.
Result<std::unique_ptr<LiveSource>> open_kmsg_from_now(const std::string& path);

// For tests: bytes in memory, delivered in pieces of a chosen size, failing where told.
class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::string bytes, std::size_t piece = SIZE_MAX)
      : name_(std::move(name)), bytes_(std::move(bytes)), piece_(piece) {}
  void fail_at(std::size_t offset, Error error);
  Result<std::size_t> read(std::span<char> buffer) override;
  const std::string& name() const override { return name_; }

 private:
  std::string name_;
  std::string bytes_;
  std::size_t piece_;
  std::size_t offset_ = 0;
  std::optional<std::size_t> fail_offset_;
  std::optional<Error> error_;
};

}  // namespace oomkit
