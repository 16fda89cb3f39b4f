#include "io/sealed_memory.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace oomkit {
namespace {

TEST(SealedMemory, WhatWasWrittenIsReadAndCannotBeChanged) {
  SealedMemory memory;
  const std::string much(100'000, 'm');
  ASSERT_TRUE(memory.write("begin "));
  ASSERT_TRUE(memory.write(much));
  const int file = memory.seal();
  ASSERT_GE(file, 0);
  EXPECT_LT(::pwrite(file, "x", 1, 0), 0);
  EXPECT_NE(::ftruncate(file, 3), 0);
  const auto text = SealedMemory::read(file);
  ASSERT_TRUE(text) << text.error().what;
  EXPECT_EQ(*text, "begin " + much);
  EXPECT_FALSE(SealedMemory::read(file)) << "it was taken, and is closed";
}

TEST(SealedMemory, WhatIsNotSealedIsRefused) {
  const int open_to_all = ::memfd_create("test", MFD_ALLOW_SEALING);
  ASSERT_EQ(::write(open_to_all, "text", 4), 4);
  EXPECT_FALSE(SealedMemory::read(open_to_all));
  EXPECT_FALSE(SealedMemory::read(-1));
  // Nor is what is no memory touched.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(SealedMemory::read(ends[0]));
  EXPECT_EQ(::write(ends[1], "x", 1), 1);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace oomkit
