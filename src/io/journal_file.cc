#include "io/journal_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {
namespace {

// Fields longer than this are cut: no kernel message is.
constexpr std::size_t kFieldMax = 64UL * 1024;

// Those who kill, or tell of kills, when memory runs out.
constexpr const char* kKillers[] = {"earlyoom", "systemd-oomd", "oomd", "nohang", "kubelet",
                                    "oomkit",   "bustd",        "lmkd", "k3s",    "thrash-protect"};

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string name_of(const JournalQuery& query) {
  if (!query.files.empty()) {
    return query.files.size() == 1 ? query.files.front()
                                   : std::to_string(query.files.size()) + " journal files";
  }
  return query.directory ? *query.directory : "journal";
}

}  // namespace

Journal::~Journal() {
  if (journal_ != nullptr) sd_journal_close(journal_);
}

Error Journal::journal_error(std::string_view what, int negative_errno) const {
  return system_error(name_, what, -negative_errno);
}

Result<std::unique_ptr<Journal>> Journal::open(const JournalQuery& query) {
  auto journal = std::make_unique<Journal>(name_of(query));
  OOMKIT_TRY(auto opened, journal->open_handle(query).map([] { return true; }));
  static_cast<void>(opened);
  if (Status filtered = journal->add_filters(query); !filtered) {
    return tl::unexpected(filtered.error());
  }
  journal->until_us_ = query.until_us;
  sd_journal* const handle = journal->journal_;
  const int sought =
      query.since_us
          ? sd_journal_seek_realtime_usec(
                handle, static_cast<std::uint64_t>(std::max<std::int64_t>(0, *query.since_us)))
          : sd_journal_seek_head(handle);
  if (sought < 0) return tl::unexpected(journal->journal_error("cannot seek", sought));
  return journal;
}

Status Journal::open_handle(const JournalQuery& query) {
  int opened = 0;
  if (!query.files.empty()) {
    std::vector<const char*> paths;
    for (const std::string& file : query.files)
      paths.push_back(file.c_str());
    paths.push_back(nullptr);
    opened = sd_journal_open_files(&journal_, paths.data(), 0);
  } else if (query.directory) {
    opened = sd_journal_open_directory(&journal_, query.directory->c_str(), 0);
  } else {
    opened = sd_journal_open(&journal_, SD_JOURNAL_LOCAL_ONLY);
  }
  if (opened == -EBADMSG || opened == -EPROTONOSUPPORT) {
    return fail(ErrorCode::malformed,
                name_ +
                    ": is no journal file that this libsystemd can read; journalctl --file "
                    "FILE -o export made where it comes from can be read instead");
  }
  if (opened < 0) return tl::unexpected(journal_error("cannot open the journal", opened));
  sd_journal_set_data_threshold(journal_, kFieldMax);
  return check_files(query);
}

// The library opens nothing without a word where it may read nothing.
Status Journal::check_files(const JournalQuery& query) const {
  const int persistent = sd_journal_has_persistent_files(journal_);
  const int runtime = sd_journal_has_runtime_files(journal_);
  if (persistent != 0 || runtime != 0) return {};
  if (!query.files.empty()) return {};
  if (query.directory) {
    // Files in a directory count as neither; whether there are any shows in the boots.
    return {};
  }
  if (::geteuid() != 0) {
    return fail(ErrorCode::denied,
                name_ +
                    ": no journal may be read; run with sudo, or as a member of the group "
                    "systemd-journal");
  }
  return fail(ErrorCode::not_found,
              name_ +
                  ": this machine keeps none (no /run/log/journal, no /var/log/journal); "
                  "--kmsg reads the kernel's own log");
}

Status Journal::add_match(std::string_view match) {
  const int added = sd_journal_add_match(journal_, match.data(), match.size());
  if (added < 0) return tl::unexpected(journal_error("cannot filter", added));
  return {};
}

Status Journal::add_filters(const JournalQuery& query) {
  if (query.boot) {
    OOMKIT_TRY(const std::string boot, find_boot(*query.boot));
    if (Status added = add_match("_BOOT_ID=" + boot); !added) return added;
    sd_journal_add_conjunction(journal_);
  }
  if (Status added = add_match("_TRANSPORT=kernel"); !added) return added;
  sd_journal_add_disjunction(journal_);
  for (const char* const killer : kKillers) {
    if (Status added = add_match(std::string("SYSLOG_IDENTIFIER=") + killer); !added) return added;
  }
  // The service manager says which unit a kill has hit.
  sd_journal_add_disjunction(journal_);
  if (Status added = add_match("SYSLOG_IDENTIFIER=systemd"); !added) return added;
  return add_match("_PID=1");
}

Result<std::vector<Journal::Boot>> Journal::list_boots() {
  std::vector<Boot> boots;
  const int queried = sd_journal_query_unique(journal_, "_BOOT_ID");
  if (queried < 0) return tl::unexpected(journal_error("cannot list its boots", queried));
  const void* data = nullptr;
  std::size_t length = 0;
  while (sd_journal_enumerate_unique(journal_, &data, &length) > 0) {
    const std::string_view match(static_cast<const char*>(data), length);
    boots.push_back({std::string(match.substr(match.find('=') + 1)), 0});
  }
  for (Boot& boot : boots) {
    sd_journal_flush_matches(journal_);
    if (Status added = add_match("_BOOT_ID=" + boot.id); !added) {
      return tl::unexpected(added.error());
    }
    sd_journal_seek_head(journal_);
    if (sd_journal_next(journal_) > 0) sd_journal_get_realtime_usec(journal_, &boot.first_us);
  }
  sd_journal_flush_matches(journal_);
  std::sort(boots.begin(), boots.end(), [](const Boot& a, const Boot& b) {
    return std::pair(a.first_us, a.id) < std::pair(b.first_us, b.id);
  });
  return boots;
}

// "0" is the last boot, "-1" the one before it, "1" the first; or a boot's id.
Result<std::string> Journal::find_boot(const std::string& wanted) {
  OOMKIT_TRY(const std::vector<Boot> boots, list_boots());
  const auto count = static_cast<std::int64_t>(boots.size());
  const auto number = number_in<std::int64_t>(wanted);
  if (number && wanted.size() < 10) {
    const std::int64_t index = *number > 0 ? *number - 1 : count - 1 + *number;
    if (index >= 0 && index < count) return boots[static_cast<std::size_t>(index)].id;
  } else {
    sd_id128_t id{};
    std::array<char, SD_ID128_STRING_MAX> plain{};
    if (sd_id128_from_string(wanted.c_str(), &id) < 0) {
      return fail(ErrorCode::usage,
                  wanted + ": is no boot; 0 is the last one, -1 the one before, or give its id");
    }
    const std::string_view digits = sd_id128_to_string(id, plain.data());
    for (const Boot& boot : boots) {
      if (boot.id == digits) return boot.id;
    }
  }
  return fail(ErrorCode::not_found, name_ + ": has no boot " + wanted + ", but " +
                                        std::to_string(count) + (count == 1 ? " boot" : " boots"));
}

// The field's value, copied; "" if the entry has none.
std::string_view Journal::field(const char* name, std::string& storage) const {
  const void* data = nullptr;
  std::size_t length = 0;
  storage.clear();
  if (sd_journal_get_data(journal_, name, &data, &length) < 0) return {};
  std::string_view text(static_cast<const char*>(data), length);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  storage.assign(text.substr(equals + 1, kFieldMax));
  return storage;
}

Result<bool> Journal::next(JournalEntry& entry) {
  while (true) {
    const int moved = sd_journal_next(journal_);
    if (moved == 0) return false;
    if (moved < 0) return tl::unexpected(journal_error("cannot read the next entry", moved));
    std::uint64_t realtime = 0;
    if (sd_journal_get_realtime_usec(journal_, &realtime) < 0) continue;
    entry = {};
    entry.realtime_us = static_cast<std::int64_t>(
        std::min<std::uint64_t>(realtime, 253'402'300'799'999'999));  // The year 9999's end.
    if (until_us_ && entry.realtime_us > *until_us_) return false;
    entry.message = field("MESSAGE", message_);
    if (entry.message.empty()) continue;
    entry.host = field("_HOSTNAME", host_);
    entry.ident = field("SYSLOG_IDENTIFIER", ident_);
    entry.pid = field("_PID", pid_);
    entry.from_kernel = field("_TRANSPORT", scratch_) == "kernel";
    if (const auto level = number_in<int>(field("PRIORITY", scratch_)); level && *level <= 7) {
      entry.level = level;
    }
    if (entry.from_kernel) {
      const auto monotonic =
          number_in<std::int64_t>(field("_SOURCE_MONOTONIC_TIMESTAMP", scratch_));
      if (monotonic && *monotonic >= 0) entry.monotonic_us = monotonic;
    }
    return true;
  }
}

}  // namespace oomkit
