#include "lab/initramfs.h"

#include <cstdlib>
#include <map>
#include <string>

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "io/machine.h"
#include "lab/kernel_module.h"

namespace oomkit {
namespace {

struct Member {
  std::string bytes;
  bool folder = false;
  bool program = false;
};

std::map<std::string, Member> members_of(const TemporaryFile& file) {
  std::map<std::string, Member> members;
  archive* const reader = archive_read_new();
  archive_read_support_format_cpio(reader);
  EXPECT_EQ(archive_read_open_filename(reader, file.path().c_str(), 65536), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    Member& member = members[archive_entry_pathname(entry)];
    member.folder = archive_entry_filetype(entry) == AE_IFDIR;
    member.program = (archive_entry_perm(entry) & 0111U) != 0;
    member.bytes.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    EXPECT_EQ(archive_read_data(reader, member.bytes.data(), member.bytes.size()),
              static_cast<la_ssize_t>(member.bytes.size()));
  }
  EXPECT_EQ(std::string(archive_format_name(reader)), "ASCII cpio (SVR4 with no CRC)");
  archive_read_free(reader);
  return members;
}

TEST(Initramfs, HoldsTheGuestTheScenarioAndTheModulesInOrder) {
  const std::string init(300'000, 'i');
  const std::vector<KernelModule> modules = {{"zsmalloc", "first"}, {"zram", "second"}};
  const std::vector<ExtraFile> extra = {{"mine.ko", "third"}};
  const auto file = make_initramfs({init, "schema = 1\n", modules, extra});
  ASSERT_TRUE(file.has_value()) << file.error().what;
  const auto members = members_of(*file);
  EXPECT_EQ(members.at("init").bytes, init);
  EXPECT_TRUE(members.at("init").program);
  EXPECT_EQ(members.at("scenario.toml").bytes, "schema = 1\n");
  EXPECT_TRUE(members.at("modules").folder);
  EXPECT_EQ(members.at("modules/order").bytes, "zsmalloc.ko\nzram.ko\n");
  EXPECT_EQ(members.at("modules/zram.ko").bytes, "second");
  EXPECT_EQ(members.at("extra/mine.ko").bytes, "third");
}

TEST(Initramfs, ThatCannotBeMadeSaysWhere) {
  const std::string before = environment_variable("TMPDIR").value_or("");
  ::setenv("TMPDIR", "/nonexistent/folder", 1);
  const auto file = make_initramfs({"init", "", {}, {}});
  if (before.empty()) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", before.c_str(), 1);
  }
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, ErrorCode::io);
  EXPECT_NE(file.error().what.find("/nonexistent/folder"), std::string::npos) << file.error().what;
}

// Modules as files name each other.
std::string module_bytes(const std::string& depends) {
  std::string bytes(
      "\x7f"
      "ELF license=GPL");
  bytes += '\0';
  bytes += "depends=" + depends;
  bytes += '\0';
  return bytes + "name=x";
}

ModuleSource source_of(const std::map<std::string, std::string>& modules) {
  return [modules](const std::string& name) -> Result<std::optional<std::string>> {
    const auto it = modules.find(name);
    if (it == modules.end()) return std::nullopt;
    return it->second;
  };
}

std::string names_of(const std::vector<KernelModule>& modules) {
  std::string names;
  for (const KernelModule& module : modules)
    names += module.name + " ";
  return names;
}

TEST(KernelModules, ComeAfterWhatTheyDependOnAndOnce) {
  const auto source = source_of({{"zram", module_bytes("zsmalloc,lz4-compress")},
                                 {"zsmalloc", module_bytes("")},
                                 {"lz4_compress", module_bytes("")},
                                 {"virtio_blk", module_bytes("virtio")},
                                 {"virtio", module_bytes("")}});
  const auto order = modules_in_order({"virtio_blk", "zram", "virtio", "built_in"}, source);
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(names_of(*order), "virtio virtio_blk zsmalloc lz4_compress zram ");
}

TEST(KernelModules, ACircleEndsAndAFileThatIsNoneIsRefused) {
  const auto circle = source_of({{"a", module_bytes("b")}, {"b", module_bytes("a")}});
  EXPECT_EQ(names_of(modules_in_order({"a"}, circle).value()), "b a ");
  const auto wrong = modules_in_order({"a"}, source_of({{"a", "text"}}));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::malformed);
}

TEST(KernelModules, DependenciesAreReadToTheEndOfTheirNote) {
  EXPECT_EQ(module_dependencies(module_bytes("a,,b-c")), (std::vector<std::string>{"a", "b_c"}));
  EXPECT_EQ(module_dependencies(module_bytes("")), std::vector<std::string>());
  EXPECT_FALSE(module_dependencies("").has_value());
}

}  // namespace
}  // namespace oomkit
