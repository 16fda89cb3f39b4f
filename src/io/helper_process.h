// A program that leaves a copy of this process behind as its helper.
//
// And a second copy between them, the keeper, which does nothing but wait for the helper and start
// another one when it has come to an early end, or was stopped, or when the program says that it
// hangs: so the program itself, which may be the one that acts when memory is short, never has to
// fork. What the keeper forks is as small as it was at the start; if there is no memory even for
// that, it tries again a second later. A helper that waits in the kernel and cannot be ended is
// left behind: it ends where it is, and does nothing more.
#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"

namespace oomkit {

// By the program to the keeper, its child: the helper hangs.
inline constexpr int kSignalHelperHangs = SIGUSR1;

// What became of the helper before.
enum class HelperEnd { ended, stopped, hung };

struct WithHelper {
  std::string program;
  // Its arguments without its name; one that is "%" becomes the keeper's pid.
  std::vector<std::string> arguments;
  // Runs in the helper, which ends when it returns. The descriptor can be read (it is at its end)
  // as soon as the program is gone. Signals that end others are ignored there.
  // `restarts`: so many before it have come to an early end.
  std::function<void(int program_gone, int restarts, HelperEnd last)> helper;
  // Runs in the keeper when program and helper are gone.
  std::function<void()> clean_up = [] {};
  int not_for_helper = -1;  // A descriptor of the program's alone.
};

// This process goes on as the program. Only an error comes back. Only while it has one thread.
Error become_with_helper(const WithHelper& plan);

// Appends to a file that is made if need be; the kernel's number, or 0.
int append_to_file(const std::string& path, const std::string& text);

}  // namespace oomkit
