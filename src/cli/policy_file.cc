#include "cli/policy_file.h"

#include <utility>

#include "core/diagnostic.h"
#include "io/machine.h"
#include "policy/policy_parse.h"

namespace oomkit {

Result<Policy> read_policy_file(const std::string& path) {
  OOMKIT_TRY(const std::string source, read_whole(path, kPolicyBytesMax));
  return parse_policy_file(path, source);
}

Result<Policy> parse_policy_file(const std::string& path, const std::string& source) {
  ParsedPolicy parsed = parse_policy(source);
  if (parsed.diagnostics.empty()) return std::move(parsed.policy);
  std::string text;
  for (const Diagnostic& diagnostic : parsed.diagnostics)
    text += diagnostic_text(diagnostic, path, source);
  return fail(ErrorCode::malformed, std::move(text));
}

}  // namespace oomkit
