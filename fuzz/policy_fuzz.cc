// Policy files, conditions, patterns and actions of any bytes: no crash, no hang, and what is
// taken can be run over a few ticks.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "core/diagnostic.h"
#include "policy/engine.h"
#include "policy/expression.h"
#include "policy/pattern.h"
#include "policy/pick.h"
#include "policy/policy_parse.h"

using namespace oomkit;  // NOLINT(google-build-using-namespace): a fuzzer is one file.

namespace {

void run(const Policy& policy) {
  const auto engine = Engine::create(policy, {4, 8, 4}, HostTime(0));
  for (int i = 1; i < 4; ++i) {
    TickCgroup cgroups[2];
    cgroups[0].path = "/";
    cgroups[1].path = "/system.slice/db.service";
    cgroups[1].parent = 0;
    cgroups[1].id = 1;
    cgroups[1].max = Bytes(1 << 20);
    cgroups[1].usage = Bytes(i << 18);
    TickProcess process;
    process.pid = 100;
    process.comm = "db";
    process.rss = Bytes(i << 18);
    process.cgroup = 1;
    Tick tick;
    tick.now = std::chrono::seconds(i);
    tick.host.mem_total = Bytes(1 << 30);
    tick.host.mem_available = Bytes((1 << 30) / (i * i * i * i));
    tick.host.swap_total = Bytes(0);
    tick.host.swap_free = Bytes(0);
    tick.has_cgroups = true;
    tick.cgroups = cgroups;
    tick.processes_read = ProcessesRead::all;
    tick.processes = {&process, 1};
    const StepResult result = engine->step(tick);
    for (const Decision& decision : result.decisions)
      engine->still_holds(decision, tick.host);
  }
}

void check_place(const ExpressionError& error, std::string_view text) {
  OOMKIT_CHECK(error.offset <= text.size(), "an error is where the text is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: {
      const ParsedPolicy parsed = parse_policy(text);
      for (const Diagnostic& diagnostic : parsed.diagnostics)
        diagnostic_text(diagnostic, "p", text);
      if (parsed.diagnostics.empty()) run(parsed.policy);
      break;
    }
    case 1: {
      const auto compiled = compile_expression(text, (data[0] & 4) != 0);
      if (!compiled) check_place(compiled.error(), text);
      break;
    }
    case 2: {
      const std::size_t half = text.size() / 2;
      const auto pattern = Pattern::create(text.substr(0, half));
      if (pattern) pattern->found_in(text.substr(half));
      break;
    }
    default: {
      const auto pick = parse_pick(text);
      if (!pick) check_place(pick.error(), text);
      const auto action = parse_action(text);
      if (!action) check_place(action.error(), text);
    }
  }
  return 0;
}
