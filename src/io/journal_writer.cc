#include "io/journal_writer.h"

#include <cstdlib>
#include <vector>

#include <sys/uio.h>
#include <systemd/sd-journal.h>

namespace oomkit {

bool is_journal_our_output() {
  return std::getenv("JOURNAL_STREAM") != nullptr;
}

int write_journal_entry(std::span<const std::string> fields) {
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (const std::string& field : fields) {
    // It is only read, but the type does not say so.
    parts.push_back({const_cast<char*>(field.data()), field.size()});
  }
  return -::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace oomkit
