// The journal as entries, by libsystemd: the part that touches the library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/byte_source.h"
#include "io/journal_text.h"

struct sd_journal;

namespace oomkit {

class Journal {
 public:
  // Opened and filtered as the query says, standing before its first entry.
  static Result<std::unique_ptr<Journal>> open(const JournalQuery& query);

  explicit Journal(std::string name) : name_(std::move(name)) {}
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // False at the end. Views in the entry live until the next call.
  Result<bool> next(JournalEntry& entry);
  const std::string& name() const { return name_; }

 private:
  struct Boot {
    std::string id;  // 32 digits.
    std::uint64_t first_us = 0;
  };

  Status open_handle(const JournalQuery& query);
  Status check_files(const JournalQuery& query) const;
  Status add_filters(const JournalQuery& query);
  Result<std::string> find_boot(const std::string& wanted);
  Result<std::vector<Boot>> list_boots();
  Status add_match(std::string_view match);
  std::string_view field(const char* name, std::string& storage) const;
  Error journal_error(std::string_view what, int negative_errno) const;

  std::string name_;
  sd_journal* journal_ = nullptr;
  std::optional<std::int64_t> until_us_;
  // Fields of the current entry: the library's own memory is gone when the next is asked for.
  std::string message_, host_, ident_, pid_, scratch_;
};

}  // namespace oomkit
