// The driver of the experiments (oomkit_pages): takes blocks of pages in the kernel, and may give
// them back when it is told of a shortage. What its files in /sys/module do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel.h"

namespace oomkit::sim {

class Driver {
 public:
  explicit Driver(Kernel& kernel) : kernel_(kernel) {}

  bool is_loaded() const { return loaded_; }
  // An errno, or 0.
  int load(std::string_view parameters);
  int unload();
  Co<int> put(Process& writer, std::string_view parameter, std::string_view value);
  std::optional<std::string> read(std::string_view parameter);

 private:
  struct Block {
    std::size_t zone = 0;
    int order = 0;
  };
  Co<int> take(Process& writer, std::int64_t wanted);
  int thin(std::int64_t nth);
  Pages release_all();
  bool set(std::string_view parameter, std::int64_t value);

  Kernel& kernel_;
  bool loaded_ = false;
  bool give_back_ = false;
  int order_ = 0;
  std::vector<Block> blocks_;
  std::int64_t notified_ = 0;
  Pages given_back_;
};

}  // namespace oomkit::sim
