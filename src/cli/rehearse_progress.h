// What happens meanwhile, for a person at a terminal: one line on standard error that is
// written over again and again, and wiped off at the end.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/rehearse.h"

namespace oomkit {

class RehearseProgress {
 public:
  // `names`: what each run is called. Says nothing unless `on`.
  RehearseProgress(std::vector<std::string> names, bool on, int columns);
  ~RehearseProgress();
  RehearseProgress(const RehearseProgress&) = delete;
  RehearseProgress& operator=(const RehearseProgress&) = delete;

  void show(const RunProgress& progress);

 private:
  void draw();

  std::vector<std::string> names_;
  std::vector<std::string> states_;  // "" until the run begins.
  bool on_;
  std::size_t columns_;
  std::chrono::nanoseconds drawn_{0};
  std::size_t over_ = 0;
};

}  // namespace oomkit
