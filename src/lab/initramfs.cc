#include "lab/initramfs.h"

#include <cstdint>
#include <memory>
#include <optional>

#include <archive.h>
#include <archive_entry.h>

#include "core/check.h"

namespace oomkit {
namespace {

constexpr unsigned kFolderMode = 0755;
constexpr unsigned kProgramMode = 0755;
constexpr unsigned kFileMode = 0644;
constexpr int kArchiveBlockBytes = 64 << 10;

struct CloseWriter {
  void operator()(archive* it) const { archive_write_free(it); }
};
struct CloseEntry {
  void operator()(archive_entry* it) const { archive_entry_free(it); }
};

// The archive's bytes, into a file without a name.
struct Output {
  TemporaryFile file;
  std::optional<Error> error;
};

la_ssize_t write_block(archive* /*it*/, void* context, const void* block, size_t size) {
  auto& output = *static_cast<Output*>(context);
  const Status written =
      output.file.append(std::string_view(static_cast<const char*>(block), size));
  if (written) return static_cast<la_ssize_t>(size);
  output.error = written.error();
  return -1;
}

class Writer {
 public:
  explicit Writer(Output& output) : output_(output), archive_(archive_write_new()) {
    OOMKIT_CHECK(archive_ != nullptr, "there is memory for an archive");
    archive_write_set_format_cpio_newc(archive_.get());
    archive_write_set_bytes_per_block(archive_.get(), kArchiveBlockBytes);
    archive_write_set_bytes_in_last_block(archive_.get(), 1);
    open_ =
        archive_write_open(archive_.get(), &output_, nullptr, write_block, nullptr) == ARCHIVE_OK;
  }

  void folder(const std::string& path) { add(path, AE_IFDIR, kFolderMode, ""); }
  void program(const std::string& path, std::string_view bytes) {
    add(path, AE_IFREG, kProgramMode, bytes);
  }
  void file(const std::string& path, std::string_view bytes) {
    add(path, AE_IFREG, kFileMode, bytes);
  }

  Status finish() {
    const bool closed = open_ && archive_write_close(archive_.get()) == ARCHIVE_OK;
    if (output_.error) return tl::unexpected(*output_.error);
    if (closed) return {};
    const char* const reason = archive_error_string(archive_.get());
    return fail(ErrorCode::io, std::string("the initramfs cannot be written: ") +
                                   (reason != nullptr ? reason : "libarchive does not say why"));
  }

 private:
  void add(const std::string& path, unsigned type, unsigned mode, std::string_view bytes) {
    if (!open_) return;
    const std::unique_ptr<archive_entry, CloseEntry> entry(archive_entry_new());
    OOMKIT_CHECK(entry != nullptr, "there is memory for an entry");
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), mode);
    archive_entry_set_size(entry.get(), static_cast<std::int64_t>(bytes.size()));
    open_ = archive_write_header(archive_.get(), entry.get()) == ARCHIVE_OK &&
            archive_write_data(archive_.get(), bytes.data(), bytes.size()) ==
                static_cast<la_ssize_t>(bytes.size());
  }

  Output& output_;
  std::unique_ptr<archive, CloseWriter> archive_;
  bool open_ = false;
};

}  // namespace

Result<TemporaryFile> make_initramfs(const InitramfsContent& content) {
  OOMKIT_TRY(TemporaryFile file, TemporaryFile::create("the guest's initramfs"));
  Output output{std::move(file), std::nullopt};
  Writer writer(output);
  writer.program("init", content.init);
  writer.file("scenario.toml", content.scenario);
  writer.folder("modules");
  std::string order;
  for (const KernelModule& module : content.modules) {
    writer.file("modules/" + module.name + ".ko", module.bytes);
    order += module.name + ".ko\n";
  }
  writer.file("modules/order", order);
  writer.folder("extra");
  for (const ExtraFile& extra : content.extra) {
    const std::string path = "extra/" + extra.name;
    extra.is_program ? writer.program(path, extra.bytes) : writer.file(path, extra.bytes);
  }
  if (Status finished = writer.finish(); !finished) return tl::unexpected(finished.error());
  return std::move(output.file);
}

}  // namespace oomkit
