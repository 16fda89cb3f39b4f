#include "lab/kernel_image.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "io/machine.h"
#include "lab/kernel_payload.h"

namespace oomkit {
namespace {

// The first bytes of an image as a boot loader reads them.
std::string image_head(const std::string& version) {
  std::string head(0x400, '\0');
  head[0x1fe] = '\x55';
  head[0x1ff] = '\xaa';
  head.replace(0x202, 4, "HdrS");
  head[0x20f] = '\x01';  // The version string stands at 0x200 + 0x100.
  head.replace(0x300, version.size(), version);
  return head;
}

// A cache folder of kernels of its own.
class KernelFolder : public testing::Test {
 protected:
  KernelFolder() {
    std::string folder = testing::TempDir() + "oomkit-kernels-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    ::setenv("OOMKIT_KERNELS", folder_.c_str(), 1);
  }
  ~KernelFolder() override {
    ::unsetenv("OOMKIT_KERNELS");
    std::filesystem::remove_all(folder_);
  }

  void put(const std::string& name, const std::string& release) const {
    std::filesystem::create_directories(folder_ / name / "modules");
    std::ofstream(folder_ / name / "release") << release << '\n';
    std::ofstream(folder_ / name / "vmlinuz", std::ios::binary)
        << image_head(release + " (somebody@somewhere) #1 SMP");
  }

  std::filesystem::path folder_;
};

TEST(KernelImage, TellsItsVersionInItsHeader) {
  EXPECT_EQ(release_of_image(image_head("6.1.0-50-cloud-amd64 (x@y) #1 SMP")).value(),
            "6.1.0-50-cloud-amd64");
}

TEST(KernelImage, WhatIsNoneIsRefused) {
  const std::string head = image_head("6.1.0 x");
  EXPECT_FALSE(release_of_image("").has_value());
  EXPECT_FALSE(release_of_image("\x7f"
                                "ELF, a vmlinux")
                   .has_value());
  EXPECT_FALSE(release_of_image(std::string(4096, '\0')).has_value());
  EXPECT_FALSE(release_of_image(image_head("not a version")).has_value());
  for (std::size_t length = 0; length <= 0x300; ++length)
    EXPECT_FALSE(release_of_image(head.substr(0, length)).has_value()) << length;
}

TEST(KernelImage, NoByteOfTheHeaderIsTrusted) {
  const std::string head = image_head("6.1.0 x");
  for (std::size_t at = 0x1f0; at < 0x310; ++at) {
    for (const char c : {'\0', '\xff', '\x80'}) {
      std::string changed = head;
      changed[at] = c;
      const auto release = release_of_image(changed);
      if (release) {
        EXPECT_LE(release->size(), 256U);
      }
    }
  }
}

TEST_F(KernelFolder, AKernelIsFoundByItsNameOrItsVersion) {
  put("6.1", "6.1.0-50-cloud-amd64");
  put("6.12", "6.12.107-cloud-amd64");
  put("5.10", "5.10.0-32-cloud-amd64");
  EXPECT_EQ(fetched_kernels(), (std::vector<std::string>{"5.10", "6.1", "6.12"}));
  const auto by_name = find_kernel("6.1");
  ASSERT_TRUE(by_name.has_value()) << by_name.error().what;
  EXPECT_EQ(by_name->release, "6.1.0-50-cloud-amd64");
  EXPECT_EQ(by_name->modules_folder, (folder_ / "6.1" / "modules").string());
  EXPECT_EQ(find_kernel("6").value().label, "6.12") << "the newest that begins so";
  EXPECT_EQ(find_kernel("6.12.107").value().label, "6.12");
}

TEST_F(KernelFolder, AMissingOneIsToldWithThoseThatAreThere) {
  put("6.1", "6.1.0-50-cloud-amd64");
  const auto missing = find_kernel("6.6");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::unsupported);
  EXPECT_NE(missing.error().what.find("there are 6.1"), std::string::npos);
  EXPECT_NE(missing.error().what.find("./dev kernels"), std::string::npos);
}

TEST_F(KernelFolder, AnyFileCanBeNamedByItsPath) {
  put("6.1", "6.1.0-50-cloud-amd64");
  const auto image = find_kernel((folder_ / "6.1" / "vmlinuz").string());
  ASSERT_TRUE(image.has_value()) << image.error().what;
  EXPECT_EQ(image->label, "vmlinuz");
  EXPECT_EQ(image->modules_folder, (folder_ / "6.1" / "modules").string());
  const auto none = find_kernel((folder_ / "6.1" / "release").string());
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::malformed);
  EXPECT_NE(none.error().what.find("release: is no Linux kernel image"), std::string::npos);
}

TEST(KernelPayload, IsFoundInTheFetchedKernels) {
  const auto names = fetched_kernels();
  if (names.empty()) GTEST_SKIP() << "no kernels are fetched (./dev kernels)";
  for (const std::string& name : names) {
    const auto image = read_whole(kernels_folder() + "/" + name + "/vmlinuz", 64UL << 20);
    ASSERT_TRUE(image.has_value()) << image.error().what;
    const auto kernel = unpack_kernel(*image);
    ASSERT_TRUE(kernel.has_value()) << name;
    EXPECT_TRUE(has_pvh_entry(*kernel)) << name;
    EXPECT_GT(kernel->size(), image->size()) << name;
  }
}

TEST(KernelPayload, OfAnythingElseIsNothing) {
  EXPECT_FALSE(unpack_kernel("").has_value());
  EXPECT_FALSE(unpack_kernel(image_head("6.1.0 x")).has_value());
  std::string hostile = image_head("6.1.0 x");
  hostile.replace(0x206, 2, "\x0f\x02");
  for (std::size_t at = 0x1f1; at < 0x250; ++at) {
    std::string changed = hostile;
    changed.replace(at, 4, "\xff\xff\xff\x7f");
    EXPECT_FALSE(unpack_kernel(changed).has_value()) << at;
  }
}

TEST(KernelPayload, AHostileElfFileIsReadWithinItsBounds) {
  std::string elf(64, '\0');
  elf.replace(0, 6,
              "\x7f"
              "ELF\x02\x01");
  for (std::size_t at = 6; at < elf.size(); ++at) {
    std::string changed = elf;
    changed[at] = '\xff';
    changed[0x38] = '\xff';
    EXPECT_FALSE(has_pvh_entry(changed)) << at;
  }
}

}  // namespace
}  // namespace oomkit
