#include "klog/row_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "klog/plain_bytes.h"
#include "klog/record.h"
#include "klog/task_values.h"

namespace oomkit {

#if defined(__SSE2__)

namespace {

constexpr std::size_t kPidDigitsOfRow = 7;  // As in frame_same.cc: more could be a date.

struct Bits16 {
  std::uint64_t digits = 0;
  std::uint64_t blanks_or_digits = 0;
};

inline Bits16 look_at_16(const char* at) {
  // Moved so that '0' is the lowest of all signed bytes: then one comparison is enough.
  const __m128i to_lowest = _mm_set1_epi8(static_cast<char>(0x80 - '0'));
  const __m128i behind_nine = _mm_set1_epi8(static_cast<char>(0x80 + 10));
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i digits = _mm_cmplt_epi8(_mm_add_epi8(bytes, to_lowest), behind_nine);
  const __m128i both = _mm_or_si128(digits, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
  return {static_cast<unsigned>(_mm_movemask_epi8(digits)),
          static_cast<unsigned>(_mm_movemask_epi8(both))};
}

inline Bits16 look_at_64(const char* at) {
  const Bits16 a = look_at_16(at);
  const Bits16 b = look_at_16(at + 16);
  const Bits16 c = look_at_16(at + 32);
  const Bits16 d = look_at_16(at + 48);
  return {a.digits | b.digits << 16 | c.digits << 32 | d.digits << 48,
          a.blanks_or_digits | b.blanks_or_digits << 16 | c.blanks_or_digits << 32 |
              d.blanks_or_digits << 48};
}

inline __m128i two_fields(const char* first, std::uint64_t first_mask, const char* second,
                          std::uint64_t second_mask) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::memcpy(&low, first, sizeof low);
  std::memcpy(&high, second, sizeof high);
  const __m128i bytes = _mm_set_epi64x(static_cast<std::int64_t>(high & second_mask),
                                       static_cast<std::int64_t>(low & first_mask));
  // Blanks, signs and what is masked out become zeros.
  const __m128i digits = _mm_subs_epu8(bytes, _mm_set1_epi8('0'));
  // Neighbours by pairs, then pairs of pairs: four digits in each 32 bits.
  const __m128i tens =
      _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
  const __m128i pairs = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
  return _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
}

// As many bytes for each name that the kernel can have, of which some are what follows it: that
// costs no branch on its length. kPadding bytes can be read.
inline void assign_name(std::string& name, const char* at, std::size_t size) {
  constexpr std::size_t kMost = 15;
  static_assert(kMost <= kPadding);
  name.assign(at, std::max(size, kMost));
  name.resize(size);
}

}  // namespace

inline RowScan::Look RowScan::look_at(const char* at) {
  const Bits16 low = look_at_64(at);
  const Bits16 high = look_at_64(at + 64);
  return {{low.digits, high.digits},
          {~low.blanks_or_digits, ~high.blanks_or_digits},
          {low.digits & ~(low.digits >> 1 | high.digits << 63), high.digits & ~(high.digits >> 1)}};
}

// Where the columns of this row end. False if there are not so many.
bool RowScan::learn(const Look& look, std::size_t numbers) {
  numbers_ = 0;
  region_ = ends_ = brackets_ = too_long_ = Bits();
  brackets_.set(0);
  std::size_t before = 1;  // Behind the number before and its bracket, if it has one.
  Bits left = look.ends;
  for (std::size_t i = 0; i < numbers; ++i) {
    if (!left.any()) return false;
    std::uint64_t& word = left.low != 0 ? left.low : left.high;
    const std::size_t end =
        static_cast<std::size_t>(std::countr_zero(word)) + (left.low != 0 ? 1 : 65);
    word &= word - 1;
    if (end + 1 >= Bits::kCount) return false;
    const std::size_t width = end - before;
    const std::size_t digits_max = i == 0 ? kPidDigitsOfRow : kDigitsRead;
    if (width > digits_max) too_long_.set(end - digits_max - 1);
    ends_.set(end - 1);
    end_[i] = static_cast<std::uint8_t>(end);
    mask_[i] = ~std::uint64_t{0} << (8 * (kDigitsRead - std::min(width, kDigitsRead)));
    std::fill(number_.begin() + static_cast<std::ptrdiff_t>(before),
              number_.begin() + static_cast<std::ptrdiff_t>(end), static_cast<std::uint8_t>(i));
    before = end;
    if (i == 0) brackets_.set(before++);
  }
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  region_ = before < 64 ? Bits{~(kAll << before), 0} : Bits{kAll, ~(kAll << (before - 64))};
  size_ = before;
  numbers_ = numbers;
  return true;
}

// Bytes among the numbers that are neither their own nor blanks nor the pid's brackets: each may
// be the sign of a number.
bool RowScan::may_be_signs(const char* at, const Look& look, Bits odd) const {
  const auto is_sign = [&](std::size_t i) {
    return i > end_[0] && at[i] == '-' && at[i - 1] == ' ' && look.digits.has(i + 1);
  };
  for (; odd.low != 0; odd.low &= odd.low - 1) {
    if (!is_sign(static_cast<std::size_t>(std::countr_zero(odd.low)))) return false;
  }
  for (; odd.high != 0; odd.high &= odd.high - 1) {
    if (!is_sign(static_cast<std::size_t>(std::countr_zero(odd.high)) + 64)) return false;
  }
  return true;
}

inline void RowScan::read_values(const char* at, Values& values) const {
  const char* const before = at - kDigitsRead;
  const __m128i join = _mm_set1_epi32(1 << 16 | 10'000);
  for (std::size_t i = 0; i < numbers_; i += 4) {
    const __m128i first =
        two_fields(before + end_[i], mask_[i], before + end_[i + 1], mask_[i + 1]);
    const __m128i second =
        two_fields(before + end_[i + 2], mask_[i + 2], before + end_[i + 3], mask_[i + 3]);
    const __m128i four = _mm_madd_epi16(_mm_packs_epi32(first, second), join);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(values.data() + i), four);
  }
}

inline void RowScan::negate(std::uint64_t signs, std::size_t first, Values& values) const {
  for (; signs != 0; signs &= signs - 1) {
    std::int32_t& value =
        values[number_[first + static_cast<std::size_t>(std::countr_zero(signs))]];
    value = -value;
  }
}

void RowScan::begin(const TaskColumns& columns) {
  using Column = TaskColumn;
  static constexpr std::array kSince415 = {
      Column::uid,      Column::tgid,         Column::total_vm, Column::rss, Column::pgtables_bytes,
      Column::swapents, Column::oom_score_adj};
  static constexpr std::array kSince68 = {
      Column::uid,      Column::tgid,         Column::total_vm,  Column::rss,
      Column::rss_anon, Column::rss_file,     Column::rss_shmem, Column::pgtables_bytes,
      Column::swapents, Column::oom_score_adj};
  const auto are = [&](const auto& known) {
    return columns.count == known.size() &&
           std::equal(known.begin(), known.end(), columns.at.begin());
  };
  columns_ = columns;
  form_ = are(kSince415) ? Form::since_4_15 : are(kSince68) ? Form::since_6_8 : Form::any;
}

inline void RowScan::store(const Values& values, Task& task) const {
  task.pid = values[0];
  if (form_ == Form::any) {
    for (std::size_t i = 0; i < columns_.count; ++i)
      store_column(task, columns_.at[i], values[i + 1]);
    return;
  }
  task.uid = values[1];
  task.tgid = values[2];
  task.total_vm = Pages(values[3]);
  task.rss = Pages(values[4]);
  const std::int32_t* last = values.data() + 5;
  if (form_ == Form::since_6_8) {
    task.rss_anon = Pages(values[5]);
    task.rss_file = Pages(values[6]);
    task.rss_shmem = Pages(values[7]);
    last += 3;
  }
  task.pgtables = Bytes(last[0]);
  task.swapents = Pages(last[1]);
  task.oom_score_adj = last[2];
}

const char* RowScan::read(const char* at, const char* text_end, Task& task) {
  if (*at != '[' || text_end - at < static_cast<std::ptrdiff_t>(Bits::kCount)) return nullptr;
  const Look look = look_at(at);
  const std::size_t numbers = columns_.count + 1;
  if (numbers != numbers_ || ((look.ends ^ ends_) & region_).any()) {
    if (numbers < 2 || numbers > kNumbersMax || !learn(look, numbers)) return nullptr;
  }
  const Bits odd = (look.others & region_) ^ brackets_;
  if ((look.digits & too_long_).any() || at[end_[0]] != ']' || at[end_[0] + 1] != ' ' ||
      at[size_] != ' ' || (odd.any() && !may_be_signs(at, look, odd))) {
    return nullptr;
  }
  const char* const comm = at + size_ + 1;
  const char* const end = skip_plain(comm, text_end);
  if (text_end - end < static_cast<std::ptrdiff_t>(kPadding) || *end != '\n' ||
      end - at > static_cast<std::ptrdiff_t>(PlainRow::kSizeMax)) {
    return nullptr;
  }
  const char* name_end = end;
  while (name_end != comm && name_end[-1] == ' ')
    --name_end;
  // See plain_row_size().
  const char last = end[-1];
  if (name_end == comm || last == '>' || last == '=' || last == ']') return nullptr;

  Values values;
  read_values(at, values);
  negate(odd.low, 0, values);
  negate(odd.high, 64, values);
  store(values, task);
  assign_name(task.comm, comm, static_cast<std::size_t>(name_end - comm));
  return is_possible_row(task) ? end : nullptr;
}

#else

// Elsewhere all rows are left to lines_tasks.h.
void RowScan::begin(const TaskColumns& columns) {
  columns_ = columns;
}
const char* RowScan::read(const char* /*at*/, const char* /*text_end*/, Task& /*task*/) {
  return nullptr;
}

#endif

}  // namespace oomkit
