// For the tests of io: a directory that goes with the test, and a source read to its end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "io/byte_source.h"

namespace oomkit {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "oomkit-io-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path(std::string_view name) const { return (path_ / name).string(); }
  std::string write(std::string_view name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

struct ReadAll {
  std::string text;
  std::string error;  // "" if the end was reached.
};

inline ReadAll read_all(ByteSource& source, std::size_t block = 65536) {
  ReadAll all;
  std::string buffer(block, '\0');
  while (true) {
    const auto count = source.read(buffer);
    if (!count) {
      all.error = count.error().what;
      return all;
    }
    if (*count == 0) return all;
    all.text.append(buffer, 0, *count);
  }
}

}  // namespace oomkit
