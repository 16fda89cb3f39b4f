// open_journal(): the journal's entries as a stream of text lines.
#include <algorithm>
#include <cstring>
#include <utility>

#include "io/byte_source.h"
#include "io/journal_file.h"
#include "io/journal_text.h"

namespace oomkit {
namespace {

class JournalSource final : public ByteSource {
 public:
  explicit JournalSource(std::unique_ptr<Journal> journal) : journal_(std::move(journal)) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    while (text_.size() - offset_ < buffer.size() && !ended_) {
      text_.erase(0, std::exchange(offset_, 0));
      JournalEntry entry;
      OOMKIT_TRY(const bool there, journal_->next(entry));
      ended_ = !there;
      if (there) append_journal_lines(text_, entry);
    }
    const std::size_t count = std::min(buffer.size(), text_.size() - offset_);
    std::memcpy(buffer.data(), text_.data() + offset_, count);
    offset_ += count;
    return count;
  }

  const std::string& name() const override { return journal_->name(); }

 private:
  std::unique_ptr<Journal> journal_;
  std::string text_;
  std::size_t offset_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_journal(const JournalQuery& query) {
  OOMKIT_TRY(std::unique_ptr<Journal> journal, Journal::open(query));
  return std::make_unique<JournalSource>(std::move(journal));
}

}  // namespace oomkit
