#include "sources/task_text.h"

#include "core/lines.h"

namespace oomkit {
namespace {

constexpr std::size_t kCommMax = 64;  // A kernel thread's may be longer than 15 (kworker/...).
constexpr std::size_t kNodesTextMax = 1024;
constexpr std::size_t kPathMax = 4096;
constexpr std::uint64_t kExitingFlag = 0x4;            // PF_EXITING
constexpr std::uint64_t kKernelThreadFlag = 0x200000;  // PF_KTHREAD

// "Name:" has newlines and backslashes spelled out.
std::string unescaped_name(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size() && name.size() < kCommMax; ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == 'n' || next == '\\')) {
      name += next == 'n' ? '\n' : '\\';
      ++i;
    } else {
      name += text[i];
    }
  }
  return name;
}

// Reads one "Name:<tab>value" line into its field. One pass over the fields would read each
// line a dozen times; the first letter leaves two or three candidates.
class StatusReader {
 public:
  explicit StatusReader(StatusText& status) : status_(status) {}

  bool take(std::string_view line) {
    switch (line.empty() ? '\0' : line.front()) {
      case 'V':
        return amount(line, "VmSize:", status_.vm_size) || amount(line, "VmRSS:", status_.rss) ||
               amount(line, "VmPTE:", status_.pte) || amount(line, "VmSwap:", status_.swap) ||
               amount(line, "VmLck:", status_.locked) || amount(line, "VmPMD:", status_.pmd) ||
               sound_;
      case 'R':
        return amount(line, "RssAnon:", status_.rss_anon) ||
               amount(line, "RssFile:", status_.rss_file) ||
               amount(line, "RssShmem:", status_.rss_shmem) || sound_;
      case 'T':
        return number(line, "Tgid:", status_.tgid) || number(line, "Threads:", status_.threads) ||
               sound_;
      case 'P':
        return number(line, "PPid:", status_.parent) || sound_;
      case 'U':
        return number(line, "Uid:", status_.uid) || sound_;  // The first of four: the real one.
      case 'H':
        return amount(line, "HugetlbPages:", status_.hugetlb) || sound_;
      case 'S':
      case 'K':
      case 'M':
        take_word_field(line);
        return sound_;
      default:
        return true;
    }
  }

 private:
  static bool starts(std::string_view line, std::string_view name) {
    return line.substr(0, name.size()) == name;
  }

  template <class T>
  bool number(std::string_view line, std::string_view name, std::optional<T>& field) {
    if (!starts(line, name)) return false;
    std::string_view words = line.substr(name.size());
    const auto value = whole_number<std::int64_t>(take_word(words));
    if (!value) sound_ = false;
    if (value && !field) field = T(*value);
    return sound_;
  }

  bool amount(std::string_view line, std::string_view name, std::optional<KiB>& field) {
    std::optional<std::int64_t> value;
    if (!number(line, name, value)) return false;
    if (value && *value < 0) sound_ = false;
    if (value && !field) field = KiB(*value);
    return sound_;
  }

  void take_word_field(std::string_view line) {
    if (starts(line, "State:")) {
      const std::string_view state = trim(line.substr(6));
      if (!state.empty()) status_.state = state.front();
    } else if (starts(line, "Kthread:")) {
      status_.kernel_thread = trim(line.substr(8)) == "1";
    } else if (starts(line, "Mems_allowed_list:")) {
      status_.mems_allowed = trim(line.substr(18)).substr(0, kNodesTextMax);
    }
  }

  StatusText& status_;
  bool sound_ = true;
};

}  // namespace

std::optional<StatusText> parse_status(std::string_view text) {
  constexpr std::string_view kName = "Name:\t";
  if (text.substr(0, kName.size()) != kName) return std::nullopt;
  StatusText status;
  status.name = unescaped_name(take_line(text).substr(kName.size()));
  StatusReader reader(status);
  while (!text.empty()) {
    if (!reader.take(take_line(text))) return std::nullopt;
  }
  return status;
}

std::optional<StatText> parse_stat(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  StatText stat;
  const auto pid = whole_number<std::int64_t>(trim(text.substr(0, open)));
  if (!pid) return std::nullopt;
  stat.pid = *pid;
  stat.name = text.substr(open + 1, std::min(close - open - 1, kCommMax));
  std::string_view words = text.substr(close + 1);
  const std::string_view state = take_word(words);
  if (state.size() != 1) return std::nullopt;
  stat.state = state.front();
  const auto parent = whole_number<std::int64_t>(take_word(words));
  // Group, session, terminal, its group; then the flags.
  for (int i = 0; i < 4; ++i)
    take_word(words);
  const auto flags = whole_number<std::uint64_t>(take_word(words));
  // Faults, times, priorities, threads: twelve words up to the start time.
  for (int i = 0; i < 12; ++i)
    take_word(words);
  const auto ticks = whole_number<std::int64_t>(take_word(words));
  constexpr std::int64_t kTicksMax = std::int64_t{1} << 36;  // Of 10 ms each: 21 years.
  if (!parent || !flags || !ticks || *ticks < 0 || *ticks > kTicksMax) return std::nullopt;
  stat.parent = *parent;
  stat.exiting = (*flags & kExitingFlag) != 0;
  stat.kernel_thread = (*flags & kKernelThreadFlag) != 0;
  stat.start = std::chrono::milliseconds(*ticks * 10);
  return stat;
}

std::optional<StatmText> parse_statm(std::string_view text) {
  const auto size = whole_number<std::int64_t>(take_word(text));
  const auto resident = whole_number<std::int64_t>(take_word(text));
  const auto shared = whole_number<std::int64_t>(take_word(text));
  if (!size || !resident || !shared || *size < 0 || *resident < 0 || *shared < 0) {
    return std::nullopt;
  }
  return StatmText{Pages(*size), Pages(*resident), Pages(*shared)};
}

std::optional<SmapsText> parse_smaps_rollup(std::string_view text) {
  SmapsText smaps;
  // The first line is the range of addresses.
  if (take_line(text).find("[rollup]") == std::string_view::npos) return std::nullopt;
  while (!text.empty()) {
    std::string_view words = take_line(text);
    const std::string_view name = take_word(words);
    const auto value = whole_number<std::int64_t>(take_word(words));
    if (!value || *value < 0) continue;
    if (name == "Rss:") smaps.rss = KiB(*value);
    if (name == "Pss:") smaps.pss = KiB(*value);
    if (name == "SwapPss:") smaps.swap_pss = KiB(*value);
    if (name == "Private_Clean:" || name == "Private_Dirty:") {
      smaps.uss = smaps.uss.value_or(KiB(0)) + KiB(*value);
    }
  }
  if (!smaps.rss) return std::nullopt;
  return smaps;
}

std::optional<std::string> parse_cgroup_path(std::string_view text, std::string_view controller) {
  while (!text.empty()) {
    // "4:memory:/a", "0::/b"; the path itself may have colons.
    std::string_view line = take_line(text);
    const std::size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    line.remove_prefix(first + 1);
    const std::size_t second = line.find(':');
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(0, second);
    std::string_view path = line.substr(second + 1, kPathMax);
    const bool ours = controller.empty() ? controllers.empty() : list_has(controllers, controller);
    if (!ours || path.empty() || path.front() != '/') continue;
    constexpr std::string_view kGone = " (deleted)";
    if (path.size() > kGone.size() && path.substr(path.size() - kGone.size()) == kGone) {
      path.remove_suffix(kGone.size());
    }
    return std::string(path);
  }
  return std::nullopt;
}

}  // namespace oomkit
