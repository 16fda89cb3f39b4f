#include "import/import.h"

#include <array>
#include <utility>

#include "core/utf8.h"
#include "import/import_text.h"
#include "import/importers.h"
#include "policy/policy_parse.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 4> kToolNames = {"earlyoom", "oomd", "nohang",
                                                        "systemd-oomd"};

// Where the first byte is that is no text; the text's size if there is none.
std::size_t text_end(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = text[at] == '\0' ? 0 : utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

// TOML is UTF-8, so what is carried over has to be, the names of files and units among it.
void refuse_other_encodings(const ImportSource& source, std::size_t index, Imported& imported) {
  const std::size_t end = text_end(source.text);
  if (text_end(source.name) != source.name.size()) {
    ImportError error;
    error.source = index;
    error.diagnostic.message = "the file's name is no text (UTF-8)";
    imported.errors.push_back(std::move(error));
  } else if (end != source.text.size()) {
    imported.errors.push_back(
        {index, ImportPlaces(source.text).diagnostic(end, 1, "this byte is no text (UTF-8)", "")});
  }
}

// What does not parse is not handed out, whatever it was made of.
void check_policy(Imported& imported) {
  if (imported.policy.empty()) return;
  const ParsedPolicy parsed = parse_policy(imported.policy);
  if (parsed.diagnostics.empty()) return;
  const Diagnostic& first = parsed.diagnostics.front();
  ImportError error;
  error.diagnostic.message = "what comes of it is refused: " + first.message +
                             (first.hint.empty() ? "" : " (" + first.hint + ")");
  imported.errors.push_back(std::move(error));
  imported.policy.clear();
}

}  // namespace

std::span<const std::string_view> import_tool_names() {
  return kToolNames;
}

Imported import_policy(ImportTool tool, std::span<const ImportSource> sources) {
  Imported imported;
  for (std::size_t index = 0; index < sources.size(); ++index)
    refuse_other_encodings(sources[index], index, imported);
  if (!imported.errors.empty()) return imported;
  switch (tool) {
    case ImportTool::earlyoom:
      import_earlyoom(sources, imported);
      break;
    case ImportTool::oomd:
      import_oomd(sources, imported);
      break;
    case ImportTool::nohang:
      import_nohang(sources, imported);
      break;
    case ImportTool::systemd_oomd:
      import_systemd_oomd(sources, imported);
      break;
  }
  check_policy(imported);
  return imported;
}

Imported import_earlyoom_arguments(std::span<const std::string> arguments) {
  Imported imported;
  std::string all;
  for (const std::string& argument : arguments)
    all += argument + ' ';
  refuse_other_encodings({"arguments", all}, 0, imported);
  if (!imported.errors.empty()) return imported;
  import_earlyoom_words(arguments, imported);
  check_policy(imported);
  return imported;
}

std::string note_text(const ImportNote& note, std::span<const ImportSource> sources) {
  std::string text = note.source < sources.size() ? sources[note.source].name : "arguments";
  if (note.line > 0 && !sources.empty()) text += ":" + std::to_string(note.line);
  text += ": " + note.what;
  if (!note.why.empty()) text += ": " + note.why;
  if (!note.nearest.empty()) text += "; nearest: " + note.nearest;
  return text;
}

}  // namespace oomkit
