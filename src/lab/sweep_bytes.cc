// Results of a sweep as bytes. Both ends have the same plan, so that what a run is needs no words.
#include <cstring>

#include "lab/sweep.h"

namespace oomkit {
namespace {

void put_number(std::string& out, std::int64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof bytes);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<std::int64_t>(text.size()));
  out += text;
}

class BytesReader {
 public:
  explicit BytesReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool failed() const { return failed_; }

  std::int64_t number() {
    std::int64_t number = 0;
    if (rest_.size() < sizeof number) {
      failed_ = true;
      return 0;
    }
    std::memcpy(&number, rest_.data(), sizeof number);
    rest_.remove_prefix(sizeof number);
    return number;
  }
  std::string text() {
    const auto size = static_cast<std::size_t>(number());
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::string pack_runs(const std::vector<SweepRun>& runs) {
  std::string out;
  for (const SweepRun& run : runs) {
    put_number(out, run.index);
    put_text(out, run.outcome);
    put_number(out, static_cast<std::int64_t>(run.victims.size()));
    for (const std::string& victim : run.victims)
      put_text(out, victim);
    put_number(out, run.first_kill_ms ? 1 : 0);
    put_number(out, run.first_kill_ms.value_or(0));
    put_number(out, run.duration_ms);
    put_text(out, run.problem);
  }
  return out;
}

Result<std::vector<SweepRun>> unpack_runs(const SweepPlan& plan, std::string_view bytes) {
  const auto damaged = fail(ErrorCode::malformed, "the runs of another rank cannot be read");
  std::vector<SweepRun> runs;
  BytesReader reader(bytes);
  while (!reader.at_end()) {
    const std::int64_t index = reader.number();
    if (reader.failed() || index < 0 || index >= count_runs(plan)) return damaged;
    SweepRun run = begin_run(plan, index);
    run.outcome = reader.text();
    const std::int64_t victims = reader.number();
    for (std::int64_t i = 0; i < victims && !reader.failed(); ++i)
      run.victims.push_back(reader.text());
    const bool killed = reader.number() != 0;
    const std::int64_t first = reader.number();
    if (killed) run.first_kill_ms = first;
    run.duration_ms = reader.number();
    run.problem = reader.text();
    if (reader.failed()) return damaged;
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace oomkit
