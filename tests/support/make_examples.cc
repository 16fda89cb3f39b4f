// Writes the logs of examples/ into a folder: make_examples FOLDER
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "klog/writer.h"
#include "tests/support/examples.h"
#include "tests/support/frame_lines.h"

namespace oomkit::test {
namespace {

std::string three_kills_log() {
  FrameTime start;
  start.host = "node-b7";
  std::string log;
  for (const TimedReport& moment : three_kills_example()) {
    FrameTime time = start;
    time.wall += moment.after;
    time.uptime += moment.after;
    log += frame_lines(write_report(moment.report, {5, 15, 0}), FrameStyle::rfc3164, time);
  }
  return log;
}

std::string socket_log() {
  FrameTime time;
  time.host = "node-a3";
  return frame_lines(write_report(socket_memory_example(), {6, 1, 0}), FrameStyle::rfc3164, time);
}

bool save(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) std::cerr << "make_examples: cannot write " << path << "\n";
  return static_cast<bool>(file);
}

bool make_examples(const std::string& folder) {
  const bool container = save(folder + "/container-socket-memory-6.1.log", socket_log());
  const bool pod = save(folder + "/pod-three-kills-5.15.log", three_kills_log());
  const bool swap =
      save(folder + "/host-swap-full-5.10.log",
           frame_lines(write_report(swap_full_example(), {5, 10, 0}), FrameStyle::dmesg));
  const bool fragmentation =
      save(folder + "/host-fragmentation-4.15.log",
           frame_lines(write_report(fragmentation_example(), {4, 15, 0}), FrameStyle::dmesg));
  return container && pod && swap && fragmentation;
}

}  // namespace
}  // namespace oomkit::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_examples FOLDER\n";
    return 2;
  }
  return oomkit::test::make_examples(argv[1]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
