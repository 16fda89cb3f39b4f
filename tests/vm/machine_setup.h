// What the programs do first that are PID 1 of a test's machine: everything is mounted, modules
// are loaded, and there is swap, on zram, which is as good as a disk and needs none.
#pragma once

#include <string>
#include <string_view>

#include "core/units.h"

namespace oomkit {

// Ends the machine if something cannot be had: a test must not go on without.
void set_up_machine(Bytes swap);

// "WORD=VALUE" of the kernel's command line.
std::string boot_word(std::string_view word, std::string_view otherwise);

// The content of a small file; "" if it cannot be read.
std::string text_of_file(const std::string& path);
// Ends the machine if it cannot.
void must_write(const std::string& path, const std::string& value);

// "CHECK ok NAME" or "CHECK bad NAME: WHY".
void say_check(bool holds, const std::string& name, const std::string& why);
// The last words: what is missing after a machine that died early.
[[noreturn]] void end_machine();

}  // namespace oomkit
