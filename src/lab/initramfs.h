// The guest's whole filesystem: oom-guest as /init, the scenario, the modules.
//
//   /init            oom-guest
//   /scenario.toml   the scenario's bytes
//   /modules/N.ko    and /modules/order: their file names, one a line, as they are loaded
//   /extra/NAME      files of the user's that the scenario names, and what a run adds
//
// A "newc" cpio archive, written by libarchive, not compressed: the guest would take longer
// to unpack it than the host to read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/temporary_file.h"
#include "lab/kernel_module.h"

namespace oomkit {

struct ExtraFile {
  std::string name;  // Without a folder.
  std::string bytes;
  bool is_program = false;
};

struct InitramfsContent {
  std::string_view init;
  std::string_view scenario;
  const std::vector<KernelModule>& modules;
  const std::vector<ExtraFile>& extra;
};

Result<TemporaryFile> make_initramfs(const InitramfsContent& content);

}  // namespace oomkit
