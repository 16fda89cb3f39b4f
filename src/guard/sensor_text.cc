#include "guard/sensor_text.h"

#include <algorithm>
#include <array>
#include <concepts>

#include "core/lines.h"
#include "core/text.h"

namespace oomkit {
namespace {

constexpr std::int64_t kKiB = 1024;

// The number after `separator`, if the line has one there.
struct NamedNumber {
  std::string_view name;
  std::int64_t number = 0;
  bool is_there = false;
};
NamedNumber named_number(std::string_view line, char separator) {
  const std::size_t end = line.find(separator);
  if (end == std::string_view::npos || end == 0) return {};
  Cursor cursor(line.substr(end + 1));
  cursor.skip_spaces();
  const auto number = cursor.take_integer<std::int64_t>();
  if (!number) return {};
  return {line.substr(0, end), *number, true};
}

template <class Row, class Value>
struct Field {
  std::string_view name;
  Known<Value> Row::*member;
};

// One pass over the text; of the table only what begins alike is compared.
template <class Row, class Value, std::size_t Size>
void read_fields(std::string_view text, char separator, std::int64_t factor,
                 const std::array<Field<Row, Value>, Size>& fields, Row& row) {
  while (!text.empty()) {
    const NamedNumber said = named_number(take_line(text), separator);
    if (!said.is_there) continue;
    for (const Field<Row, Value>& field : fields) {
      if (field.name != said.name) continue;
      if constexpr (std::same_as<Value, Bytes>) {
        row.*(field.member) = saturated_product(said.number, factor);
      } else {
        row.*(field.member) = static_cast<Value>(said.number);
      }
      break;
    }
  }
}

using HostBytes = Field<TickHost, Bytes>;
using HostCount = Field<TickHost, std::int64_t>;
using GroupBytes = Field<TickCgroup, Bytes>;
using GroupCount = Field<TickCgroup, std::int64_t>;

constexpr std::array<HostBytes, 10> kMeminfo = {{
    {"MemTotal", &TickHost::mem_total},
    {"MemFree", &TickHost::mem_free},
    {"MemAvailable", &TickHost::mem_available},
    {"SwapCached", &TickHost::swap_cached},
    {"SwapTotal", &TickHost::swap_total},
    {"SwapFree", &TickHost::swap_free},
    {"Dirty", &TickHost::dirty},
    {"AnonPages", &TickHost::anon},
    {"Shmem", &TickHost::shmem},
    {"SUnreclaim", &TickHost::slab_unreclaimable},
}};

constexpr std::array<HostCount, 10> kVmstat = {{
    {"workingset_refault_anon", &TickHost::refault_anon},
    {"workingset_refault_file", &TickHost::refault_file},
    {"pswpin", &TickHost::pswpin},
    {"pswpout", &TickHost::pswpout},
    {"pgmajfault", &TickHost::pgmajfault},
    {"pgsteal_kswapd", &TickHost::pgsteal_kswapd},
    {"pgsteal_direct", &TickHost::pgsteal_direct},
    {"pgscan_kswapd", &TickHost::pgscan_kswapd},
    {"pgscan_direct", &TickHost::pgscan_direct},
    {"oom_kill", &TickHost::oom_kill},
}};

constexpr std::array<GroupBytes, 12> kMemoryStat = {{
    {"anon", &TickCgroup::anon},
    {"shmem", &TickCgroup::shmem},
    {"inactive_anon", &TickCgroup::inactive_anon},
    {"active_anon", &TickCgroup::active_anon},
    {"inactive_file", &TickCgroup::inactive_file},
    {"active_file", &TickCgroup::active_file},
    {"unevictable", &TickCgroup::unevictable},
    {"slab_unreclaimable", &TickCgroup::slab_unreclaimable},
    {"kernel_stack", &TickCgroup::kernel_stack},
    {"pagetables", &TickCgroup::pagetables},
    {"sock", &TickCgroup::sock},
    {"swapcached", &TickCgroup::swapcached},
}};
constexpr std::array<GroupCount, 4> kMemoryStatCounts = {{
    {"pgscan", &TickCgroup::pgscan},
    {"workingset_refault_anon", &TickCgroup::refault_anon},
    {"workingset_refault_file", &TickCgroup::refault_file},
    {"pgmajfault", &TickCgroup::pgmajfault},
}};

constexpr std::array<GroupBytes, 8> kMemoryStatV1 = {{
    {"total_rss", &TickCgroup::anon},
    {"total_shmem", &TickCgroup::shmem},
    {"total_swap", &TickCgroup::swap},
    {"total_inactive_anon", &TickCgroup::inactive_anon},
    {"total_active_anon", &TickCgroup::active_anon},
    {"total_inactive_file", &TickCgroup::inactive_file},
    {"total_active_file", &TickCgroup::active_file},
    {"total_unevictable", &TickCgroup::unevictable},
}};
constexpr std::array<GroupCount, 1> kMemoryStatV1Counts = {{
    {"total_pgmajfault", &TickCgroup::pgmajfault},
}};

constexpr std::array<GroupCount, 4> kMemoryEvents = {{
    {"high", &TickCgroup::events_high},
    {"max", &TickCgroup::events_max},
    {"oom", &TickCgroup::events_oom},
    {"oom_kill", &TickCgroup::events_oom_kill},
}};

constexpr std::array<Field<TickProcess, Bytes>, 6> kStatus = {{
    {"VmRSS", &TickProcess::rss},
    {"RssAnon", &TickProcess::rss_anon},
    {"RssFile", &TickProcess::rss_file},
    {"RssShmem", &TickProcess::rss_shmem},
    {"VmPTE", &TickProcess::pagetables},
    {"VmSwap", &TickProcess::swap},
}};

// "12.34" as 1234; the kernel prints two digits.
Known<std::int32_t> take_centipercent(Cursor& cursor) {
  constexpr std::int32_t kWholeMax = 1'000'000;
  constexpr std::int32_t kHundred = 100;
  const auto whole = cursor.take_integer<std::int32_t>();
  if (!whole || *whole < 0 || *whole > kWholeMax || !cursor.take(".")) return {};
  const std::size_t begin = cursor.offset();
  const auto part = cursor.take_integer<std::int32_t>();
  if (!part || *part < 0 || cursor.offset() != begin + 2) return {};
  return *whole * kHundred + *part;
}

TickPressureLine pressure_of_line(Cursor cursor) {
  TickPressureLine line;
  const auto average = [&](std::string_view name, Known<std::int32_t>& member) {
    cursor.skip_spaces();
    if (cursor.take(name)) member = take_centipercent(cursor);
  };
  average("avg10=", line.avg10_centipercent);
  average("avg60=", line.avg60_centipercent);
  average("avg300=", line.avg300_centipercent);
  cursor.skip_spaces();
  if (cursor.take("total=")) {
    if (const auto total = cursor.take_integer<std::int64_t>()) line.total = Microseconds(*total);
  }
  return line;
}

void add(Known<Bytes>& sum, Bytes more) {
  sum = sum.value_or(Bytes(0)) + more;
}

}  // namespace

void read_meminfo(std::string_view text, TickHost& host) {
  read_fields(text, ':', kKiB, kMeminfo, host);
  Known<Bytes> active;
  Known<Bytes> inactive;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (!line.starts_with("Active(file)") && !line.starts_with("Inactive(file)")) continue;
    const NamedNumber said = named_number(line, ':');
    if (!said.is_there) continue;
    (line.front() == 'A' ? active : inactive) = saturated_product(said.number, kKiB);
  }
  host.file = active + inactive;
}

void read_vmstat(std::string_view text, TickHost& host) {
  read_fields(text, ' ', 1, kVmstat, host);
}

TickPressure read_pressure(std::string_view text) {
  TickPressure pressure;
  while (!text.empty()) {
    Cursor cursor(take_line(text));
    if (cursor.take("some ")) pressure.some = pressure_of_line(cursor);
    if (cursor.take("full ")) pressure.full = pressure_of_line(cursor);
  }
  return pressure;
}

void read_zoneinfo(std::string_view text, TickHost& host) {
  const auto page = static_cast<std::int64_t>(host.page_size);
  host.watermark_min = host.watermark_low = host.watermark_high = {};
  while (!text.empty()) {
    const std::string_view line = trim_left(take_line(text));
    const auto member = [&](std::string_view name, Known<Bytes>& sum) {
      // "min      11", and not "min_unmapped_pages 3".
      if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') return;
      Cursor cursor(trim_left(line.substr(name.size())));
      if (const auto pages = cursor.take_integer<std::int64_t>(); pages && *pages >= 0)
        add(sum, saturated_product(*pages, page));
    };
    member("min", host.watermark_min);
    member("low", host.watermark_low);
    member("high", host.watermark_high);
  }
}

void read_arcstats(std::string_view text, TickHost& host) {
  while (!text.empty()) {
    // "size                            4    1234": a name, a type, the value.
    const std::string_view line = take_line(text);
    const std::string_view name = line.substr(0, line.find(' '));
    if (name != "size" && name != "c_min") continue;
    Cursor cursor(line.substr(name.size()));
    cursor.skip_spaces();
    if (!cursor.take_integer<int>()) continue;
    cursor.skip_spaces();
    if (const auto value = cursor.take_integer<std::int64_t>())
      (name == "size" ? host.arc_size : host.arc_min) = Bytes(*value);
  }
}

void add_zram(std::string_view mm_stat, std::string_view disksize, TickHost& host) {
  // Original, compressed, memory used, limit, ...
  std::array<std::int64_t, 4> numbers{};
  Cursor cursor(mm_stat);
  for (std::int64_t& number : numbers) {
    cursor.skip_spaces();
    const auto said = cursor.take_integer<std::int64_t>();
    if (!said) return;
    number = *said;
  }
  add(host.zram_original, Bytes(numbers[0]));
  add(host.zram_memory, Bytes(numbers[2]));
  add(host.zram_limit, Bytes(numbers[3]));
  Cursor size(disksize);
  if (const auto bytes = size.take_integer<std::int64_t>()) add(host.zram_disksize, Bytes(*bytes));
}

void read_memory_stat(std::string_view text, TickCgroup& cgroup) {
  read_fields(text, ' ', 1, kMemoryStat, cgroup);
  read_fields(text, ' ', 1, kMemoryStatCounts, cgroup);
}

void read_memory_stat_v1(std::string_view text, TickCgroup& cgroup) {
  read_fields(text, ' ', 1, kMemoryStatV1, cgroup);
  read_fields(text, ' ', 1, kMemoryStatV1Counts, cgroup);
}

void read_memory_events(std::string_view text, TickCgroup& cgroup) {
  read_fields(text, ' ', 1, kMemoryEvents, cgroup);
}

void read_cgroup_events(std::string_view text, TickCgroup& cgroup) {
  while (!text.empty()) {
    const NamedNumber said = named_number(take_line(text), ' ');
    const Fact fact = said.number != 0 ? Fact::yes : Fact::no;
    if (said.is_there && said.name == "populated") cgroup.populated = fact;
    if (said.is_there && said.name == "frozen") cgroup.frozen = fact;
  }
}

Known<Bytes> read_amount(std::string_view text) {
  text = trim(text);
  if (text == "max") return kUnlimited;
  Cursor cursor(text);
  const auto bytes = cursor.take_integer<std::int64_t>();
  if (!bytes || !cursor.at_end()) return {};
  // Version 1 prints the largest number of whole pages; pages have up to 64 KiB.
  constexpr std::int64_t kAlmostAll = INT64_MAX - 65536;
  return *bytes >= kAlmostAll ? kUnlimited : Bytes(*bytes);
}

bool read_process_stat(std::string_view text, PageSize page_size, TickProcess& row) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return false;
  row.comm = text.substr(open + 1, close - open - 1);
  Cursor cursor(text.substr(close + 1));
  cursor.skip_spaces();
  row.state = cursor.peek();
  cursor.advance(1);
  // From the fourth field, the parent, to the 24th, the resident pages. Some of those between
  // are larger than any signed number.
  constexpr std::size_t kFirst = 4;
  constexpr std::size_t kLast = 24;
  std::array<std::int64_t, kLast + 1> field{};
  for (std::size_t index = kFirst; index <= kLast; ++index) {
    cursor.skip_spaces();
    if (const auto number = cursor.take_integer<std::int64_t>()) {
      field[index] = *number;
    } else if (!cursor.take_integer<std::uint64_t>()) {
      return false;
    }
  }
  row.ppid = static_cast<std::int32_t>(field[4]);
  row.pgid = static_cast<std::int32_t>(field[5]);
  row.session = static_cast<std::int32_t>(field[6]);
  constexpr std::int64_t kKernelThread = 0x200000;  // PF_KTHREAD
  row.kernel_thread = (field[9] & kKernelThread) != 0 ? Fact::yes : Fact::no;
  row.threads = static_cast<std::int32_t>(field[20]);
  constexpr std::int64_t kTickNs = 10'000'000;  // A hundredth of a second, whatever HZ is.
  row.start = HostTime(saturated_product(field[22], kTickNs).count());
  row.rss = saturated_product(field[24], static_cast<std::int64_t>(page_size));
  return true;
}

void read_process_status(std::string_view text, TickProcess& row) {
  read_fields(text, ':', kKiB, kStatus, row);
  while (!text.empty()) {
    Cursor cursor(take_line(text));
    if (!cursor.take("Uid:")) continue;
    cursor.skip_spaces();
    static_cast<void>(cursor.take_integer<std::int64_t>());  // The real one.
    cursor.skip_spaces();
    if (const auto effective = cursor.take_integer<std::int64_t>()) row.uid = *effective;
    return;
  }
}

Known<std::int32_t> read_small_number(std::string_view text) {
  Cursor cursor(trim(text));
  const auto number = cursor.take_integer<std::int32_t>();
  return number && cursor.at_end() ? Known<std::int32_t>(*number) : Known<std::int32_t>();
}

}  // namespace oomkit
