// Any bytes through the framer: no crash, views that can be read, and never more text out
// than there were bytes in, for every frame that is taken off and every escape that is
// undone makes a line shorter.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "klog/framing.h"

namespace {

class Reader final : public oomkit::RecordSink {
 public:
  void on_record(const oomkit::LogRecord& record) override {
    text_bytes += record.text.size();
    for (const std::string_view view :
         {record.text, record.host, record.ident, record.caller, record.stamp}) {
      for (const char c : view)
        touched = touched + static_cast<unsigned char>(c);
    }
    OOMKIT_CHECK(!record.uptime || record.uptime->count() >= 0, "a time before the boot");
    OOMKIT_CHECK(!record.level || (*record.level >= 0 && *record.level <= 7), "no such level");
  }

  std::size_t text_bytes = 0;
  volatile unsigned touched = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Reader reader;
  oomkit::Framer framer(reader);
  std::string_view rest = input;
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    if (const std::size_t wanted = framer.wants_raw(); wanted != 0) {
      framer.raw(rest.substr(0, wanted));
      rest.remove_prefix(wanted < rest.size() ? wanted : rest.size());
      continue;
    }
    const std::size_t end = rest.find('\n');
    framer.line(rest.substr(0, end), number);
    if (number % 7 == 0 && end == 0) framer.skipped();
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  framer.finish();
  OOMKIT_CHECK(reader.text_bytes <= input.size(), "more text than there were bytes");
  return 0;
}
