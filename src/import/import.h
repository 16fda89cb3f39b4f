// The configurations of other out-of-memory killers as policies of ours.
//
// Each importer is a pure function from texts to a policy's TOML, which parse_policy() takes. It
// says what the other program would do as closely as the policy language can, and every thing that
// cannot be said becomes a note with its line: nothing is left out in silence. Habits of a program
// that are kept although they are odd, or mended, are told in comments of the policy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.h"

namespace oomkit {

enum class ImportTool : std::uint8_t { earlyoom, oomd, nohang, systemd_oomd };

// "earlyoom", "oomd", "nohang", "systemd-oomd".
std::span<const std::string_view> import_tool_names();

struct ImportSource {
  std::string name;  // Of a file; what units are called is read from it.
  std::string text;
};

// Something that the policy does not say.
struct ImportNote {
  std::size_t source = 0;
  std::size_t line = 0;  // 0: of the source as a whole.
  std::string what;      // "hard_threshold_max_psi = 90"
  std::string why;       // A sentence part; "" where `what` says it all.
  std::string nearest;   // What can be had instead; "" if nothing.
};

// What is wrong with the source itself.
struct ImportError {
  std::size_t source = 0;
  Diagnostic diagnostic;
};

struct Imported {
  std::string policy;  // Empty if there are errors, or if nothing made a rule.
  std::vector<ImportNote> notes;
  std::vector<ImportError> errors;
};

// A larger file is no configuration of any of them.
inline constexpr std::size_t kImportBytesMax = std::size_t{1} << 20;

// Of earlyoom the sources are files with EARLYOOM_ARGS=, or units; with `arguments` instead, its
// command line. Of systemd-oomd they are oomd.conf, .oomrule files, units and their drop-ins, in
// the order in which systemd reads them.
Imported import_policy(ImportTool tool, std::span<const ImportSource> sources);
Imported import_earlyoom_arguments(std::span<const std::string> arguments);

// "nohang.conf:12: psi_path = ...: why; nearest: ..."
std::string note_text(const ImportNote& note, std::span<const ImportSource> sources);

}  // namespace oomkit
