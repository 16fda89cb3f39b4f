// Configurations of other killers, of any bytes: no crash, no hang, and what is not refused is a
// policy.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "import/import.h"

using namespace oomkit;  // NOLINT(google-build-using-namespace): a fuzzer is one file.

namespace {

// Made of what was taken, a policy must be one: import_policy() says so if it is not.
void check(const Imported& imported, const std::vector<ImportSource>& sources) {
  for (const ImportError& error : imported.errors) {
    OOMKIT_CHECK(!error.diagnostic.message.starts_with("what comes of it is refused"),
                 "what is imported parses");
    const bool is_known = error.source < sources.size();
    diagnostic_text(error.diagnostic, "f", is_known ? sources[error.source].text : "");
  }
  for (const ImportNote& note : imported.notes)
    note_text(note, sources);
}

}  // namespace

// The first byte chooses the program; the text of systemd's begins with the file's name, a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4000) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 5 == 4) {
    std::vector<std::string> arguments;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      arguments.emplace_back(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    check(import_earlyoom_arguments(arguments), {});
    return 0;
  }
  ImportSource source{"file", ""};
  if (data[0] % 5 == 3) {
    const std::size_t end = text.find('\n');
    source.name = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  source.text = text;
  const std::vector<ImportSource> sources = {source};
  check(import_policy(static_cast<ImportTool>(data[0] % 5), sources), sources);
  return 0;
}
