// What this machine is and has: its kernel, its programs, the user's folders.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace oomkit {

std::optional<std::string> environment_variable(const std::string& name);

int own_pid();
bool is_root();  // By our effective user.

std::string kernel_release();          // "6.1.0-44-amd64", of the running kernel.
std::optional<std::string> boot_id();  // Another one after each boot.
std::size_t processor_count();         // Those that we may use; at least 1.
std::string program_folder();          // Where our own executable lies.
// Another program of ours: beside it, in the build tree's folder of that room, or installed.
std::optional<std::string> program_beside(const std::string& name, const std::string& room);
std::optional<std::string> cache_folder();  // The user's, for this tool; not made yet.

bool is_file(const std::string& path);  // Also through a link.
bool is_folder(const std::string& path);
bool is_usable_device(const std::string& path);  // There, and may be read and written.

// The executable of that name in PATH, then in `folders`.
std::optional<std::string> find_program(std::string_view name,
                                        std::span<const std::string_view> folders = {});

// A folder and those above it; no error where it is there already.
Status make_folders(const std::string& path);

// The first bytes of a file, as they are: fewer if it is shorter.
Result<std::string> read_beginning(const std::string& path, std::size_t bytes);

// The whole of a file, decompressed if it is compressed; refused beyond `bytes_max`.
Result<std::string> read_whole(const std::string& path, std::size_t bytes_max);

}  // namespace oomkit
