// Recordings of any bytes: refused by line, or replayed by the policy that is shipped for servers;
// no crash, no hang.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "core/check.h"
#include "guard/replay.h"
#include "policy/policy_parse.h"

using namespace oomkit;  // NOLINT(google-build-using-namespace): a fuzzer is one file.

namespace {

const ReplayPolicy& server_policy() {
  static const ReplayPolicy policy = [] {
    std::ifstream file(OOMKIT_SERVER_POLICY);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    ParsedPolicy parsed = parse_policy(text);
    OOMKIT_CHECK(parsed.diagnostics.empty() && !text.empty(), "the shipped policy is good");
    return ReplayPolicy{std::move(parsed.policy), 1};
  }();
  return policy;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  // An input need not find out how a recording begins, and gets a small engine.
  std::string text =
      R"({"kind":"begin","schema":"oomkit.recording/1","policy_hash":1,"cgroups":8,"processes":16,)"
      R"("process_histories":4})"
      "\n";
  text.append(reinterpret_cast<const char*>(data), size);
  RecordingReader reading(std::make_unique<MemorySource>("fuzz", text));
  std::uint64_t acting = 0;
  const auto summary = replay(server_policy(), reading, [&](const ReplayedDecision& decision) {
    acting += decision.acts ? 1U : 0U;
  });
  if (summary) OOMKIT_CHECK(acting == summary->decided, "each decision is told once");
  return 0;
}
