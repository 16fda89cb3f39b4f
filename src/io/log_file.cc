// open_log_file(): a file or standard input, decompressed if its first bytes say so.
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "io/byte_source.h"
#include "io/decoding_source.h"
#include "io/file_source.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

Result<std::unique_ptr<FileSource>> open_plain(const std::string& path) {
  if (path != "-") return FileSource::open(path);
  // A descriptor of our own: closing it leaves the program's standard input open.
  FileDescriptor fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (fd.get() < 0) return fail(ErrorCode::usage, "standard input is closed; name a file");
  return std::make_unique<FileSource>("stdin", std::move(fd));
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_log_file(const std::string& path) {
  OOMKIT_TRY(std::unique_ptr<FileSource> file, open_plain(path));
  OOMKIT_TRY(const std::string_view first, file->peek(kMagicBytes));
  const Compression compression = compression_of(first);
  if (compression == Compression::none) return file;
  if (compression == Compression::bzip2) {
    return fail(ErrorCode::usage,
                path + ": bzip2 is not read; pipe it in: bzip2 -dc FILE | oom explain -");
  }
  std::unique_ptr<Decoder> decoder = make_decoder(compression);
  if (!decoder) return fail(ErrorCode::io, path + ": no memory to decompress it");
  return std::make_unique<DecodingSource>(std::move(file), std::move(decoder));
}

}  // namespace oomkit
