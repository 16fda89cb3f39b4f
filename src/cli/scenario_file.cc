#include "cli/scenario_file.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cli/diagnostics.h"
#include "core/diagnostic.h"
#include "io/machine.h"
#include "render/escape.h"
#include "scenario/parse.h"

namespace oomkit {
namespace {

constexpr std::size_t kSourceMax = std::size_t{4} << 20;

std::string file_name(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<ScenarioFile> read_scenario_file(const std::string& path) {
  OOMKIT_TRY(std::string source, read_whole(path, kSourceMax));
  ParsedScenario parsed = parse_scenario(source);
  if (!parsed.diagnostics.empty()) {
    std::string text;
    for (const Diagnostic& diagnostic : parsed.diagnostics)
      text += diagnostic_text(diagnostic, path, source);
    return fail(ErrorCode::malformed, std::move(text));
  }
  return ScenarioFile{path, file_name(path), std::move(source), folder_of(path),
                      std::move(parsed.scenario)};
}

void complain_in_full(std::string_view command, const Error& error) {
  if (error.what.find('\n') == std::string::npos) return complain(command, error.what);
  std::string text;
  for (std::size_t begin = 0; begin < error.what.size();) {
    const std::size_t end = std::min(error.what.find('\n', begin), error.what.size());
    append_visible(text, std::string_view(error.what).substr(begin, end - begin));
    text += '\n';
    begin = end + 1;
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace oomkit
