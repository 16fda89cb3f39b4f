#include "lab/kernel_payload.h"

#include <cstdint>
#include <memory>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "core/check.h"

namespace oomkit {
namespace {

constexpr std::size_t kKernelMax = std::size_t{512} << 20;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

// Unsigned and little endian; nothing beyond the end.
std::optional<std::uint64_t> number_at(std::string_view bytes, std::uint64_t offset,
                                       std::size_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

// A part of `bytes`, or nothing if it is not all there.
std::optional<std::string_view> part_of(std::string_view bytes, std::uint64_t offset,
                                        std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.substr(offset, size);
}

// Documentation/arch/x86/boot.rst: setup_sects, version, payload_offset, payload_length.
std::optional<std::string_view> payload_of(std::string_view image) {
  constexpr std::uint64_t kPayloadVersion = 0x208;  // Since protocol 2.08.
  const auto sectors = number_at(image, 0x1f1, 1);
  const auto version = number_at(image, 0x206, 2);
  const auto offset = number_at(image, 0x248, 4);
  const auto length = number_at(image, 0x24c, 4);
  if (!sectors || !version || !offset || !length || *version < kPayloadVersion) return std::nullopt;
  const std::uint64_t protected_mode = ((*sectors == 0 ? 4 : *sectors) + 1) * 512;
  return part_of(image, protected_mode + *offset, *length);
}

struct CloseReader {
  void operator()(archive* it) const { archive_read_free(it); }
};

std::optional<std::string> decompressed(std::string_view payload) {
  // All but gzip, which has it already, are followed by the size of what they hold.
  if (!payload.starts_with("\x1f\x8b") && payload.size() > 4) payload.remove_suffix(4);
  const std::unique_ptr<archive, CloseReader> reader(archive_read_new());
  OOMKIT_CHECK(reader != nullptr, "there is memory for an archive");
  for (const auto support : {archive_read_support_filter_gzip, archive_read_support_filter_xz,
                             archive_read_support_filter_lz4, archive_read_support_filter_zstd,
                             archive_read_support_format_raw}) {
    if (support(reader.get()) != ARCHIVE_OK) return std::nullopt;
  }
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), payload.data(), payload.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return std::nullopt;
  }
  std::string kernel;
  std::vector<char> block(kBlockBytes);
  while (true) {
    const la_ssize_t got = archive_read_data(reader.get(), block.data(), block.size());
    if (got < 0) return std::nullopt;
    if (got == 0) return kernel;
    kernel.append(block.data(), static_cast<std::size_t>(got));
    if (kernel.size() > kKernelMax) return std::nullopt;
  }
}

// In the notes of one segment: a header of three words, the name and the description, each
// filled up to four bytes.
bool has_pvh_note(std::string_view notes) {
  constexpr std::uint64_t kPhys32Entry = 18;
  const auto filled = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
  for (std::uint64_t at = 0; at < notes.size();) {
    const auto name_size = number_at(notes, at, 4);
    const auto description_size = number_at(notes, at + 4, 4);
    const auto type = number_at(notes, at + 8, 4);
    if (!name_size || !description_size || !type) return false;
    const auto name = part_of(notes, at + 12, *name_size);
    if (name == std::string_view("Xen\0", 4) && type == kPhys32Entry) return true;
    at += 12 + filled(*name_size) + filled(*description_size);
  }
  return false;
}

}  // namespace

bool has_pvh_entry(std::string_view elf) {
  constexpr std::uint64_t kNoteSegment = 4;
  if (!elf.starts_with("\x7f"
                       "ELF\x02\x01"))
    return false;  // 64 bits, little endian.
  const auto table = number_at(elf, 0x20, 8);
  const auto entry_size = number_at(elf, 0x36, 2);
  const auto count = number_at(elf, 0x38, 2);
  if (!table || !entry_size || !count || *table > elf.size()) return false;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const std::uint64_t header = *table + i * *entry_size;
    const auto type = number_at(elf, header, 4);
    const auto offset = number_at(elf, header + 8, 8);
    const auto size = number_at(elf, header + 32, 8);
    if (!type || !offset || !size) return false;
    if (*type != kNoteSegment) continue;
    const auto notes = part_of(elf, *offset, *size);
    if (notes && has_pvh_note(*notes)) return true;
  }
  return false;
}

std::optional<std::string> unpack_kernel(std::string_view image) {
  const auto payload = payload_of(image);
  if (!payload) return std::nullopt;
  std::optional<std::string> kernel = decompressed(*payload);
  return kernel && has_pvh_entry(*kernel) ? std::move(kernel) : std::nullopt;
}

}  // namespace oomkit
