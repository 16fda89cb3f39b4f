// Any bytes over the guest's serial ports: no crash, bounded memory, and a record that can be
// written and read back. The first half is what the guest says, the second the console.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lab/complete.h"
#include "lab/guest_protocol.h"
#include "lab/kernel_log.h"
#include "model/run_record_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oomkit;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t split = bytes.find('\x01');
  const std::string_view said = bytes.substr(0, split);
  const std::string_view console =
      split == std::string_view::npos ? std::string_view() : bytes.substr(split + 1);

  GuestProtocol whole;
  whole.feed(said);
  whole.finish();
  GuestProtocol pieces;
  for (std::size_t at = 0; at < said.size(); at += 13)
    pieces.feed(said.substr(at, 13));
  pieces.finish();
  Transcript heard = whole.take();
  const Transcript again = pieces.take();
  if (!(heard.parts == again.parts) || heard.kmsg != again.kmsg ||
      heard.malformed != again.malformed) {
    std::abort();
  }

  Scenario scenario;
  scenario.name = "fuzz";
  scenario.processes.emplace_back().name = "leak";
  const KernelLog log = make_kernel_log(heard.kmsg, console);
  const RunRecord record = complete_record(
      {.scenario = scenario, .release = "6.1.0", .seed = 1, .wall_ms = 1, .outcome = {}}, heard,
      log);
  if (!parse_run_record(to_json(record))) std::abort();
  return 0;
}
