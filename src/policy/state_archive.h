// Numbers one after the other, out of one engine and into the next.
//
// A guard whose policy has changed starts itself anew; what it knows of the host goes over as bytes
// from the same machine and the same boot. Both directions walk the same lists of members, so they
// cannot differ. Writing takes no memory but a small buffer: it is done by a process that is still
// guarding. The reader believes nothing: counts, times and the sum at the end are checked, and what
// is wrong makes the whole of it wrong.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "core/fnv.h"
#include "core/known.h"
#include "core/time.h"

namespace oomkit {

class StateSink {
 public:
  virtual ~StateSink() = default;
  // False if it could not be kept.
  virtual bool write(std::string_view bytes) = 0;
};

class StateWriter {
 public:
  static constexpr bool kReads = false;

  explicit StateWriter(StateSink& sink) : sink_(sink) {}

  template <class T>
  void number(T& value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof bytes);
    put({bytes, sizeof bytes});
  }
  void truth(bool& value) {
    auto byte = static_cast<std::uint8_t>(value ? 1 : 0);
    number(byte);
  }
  void past(HostTime& time) {
    std::int64_t count = time.count();
    number(count);
  }
  void until(HostTime& time, HostTime /*at_most*/) { past(time); }

  // Of all before it. Then whether all was kept.
  bool finish() {
    std::uint64_t sum = sum_;
    number(sum);
    flush();
    return good_;
  }

 private:
  static constexpr std::size_t kRoom = 4096;

  void put(std::string_view bytes) {
    sum_ = fnv1a(bytes, sum_);
    if (bytes.size() > buffer_.size() - used_) flush();
    bytes.copy(buffer_.data() + used_, bytes.size());
    used_ += bytes.size();
  }
  void flush() {
    good_ = good_ && sink_.write({buffer_.data(), used_});
    used_ = 0;
  }

  StateSink& sink_;
  std::array<char, kRoom> buffer_{};
  std::size_t used_ = 0;
  std::uint64_t sum_ = kFnvBasis;
  bool good_ = true;
};

class StateReader {
 public:
  static constexpr bool kReads = true;

  // `now`: nothing that has been can be later.
  StateReader(std::string_view bytes, HostTime now) : rest_(bytes), now_(now) {}

  // Once something was wrong, all are zeros.
  template <class T>
  void number(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    value = T{};
    if (!good_ || rest_.size() < sizeof(T)) return refuse();
    std::memcpy(&value, rest_.data(), sizeof(T));
    sum_ = fnv1a(rest_.substr(0, sizeof(T)), sum_);
    rest_.remove_prefix(sizeof(T));
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) refuse();
    }
  }
  void truth(bool& value) {
    std::uint8_t byte = 0;
    number(byte);
    value = byte == 1;
    if (byte > 1) refuse();
  }
  void past(HostTime& time) {
    std::int64_t count = 0;
    number(count);
    time = HostTime(count);
    if (count < 0 || time > now_) refuse();
  }
  // Nobody is held back for longer than he would be today.
  void until(HostTime& time, HostTime at_most) {
    std::int64_t count = 0;
    number(count);
    if (count < 0) refuse();
    time = std::min(HostTime(count), at_most);
  }
  // A count of things that take at least so many bytes each.
  std::size_t count(std::size_t least_bytes) {
    std::uint32_t count = 0;
    number(count);
    if (count > rest_.size() / least_bytes) refuse();
    return good_ ? count : 0;
  }
  void refuse() { good_ = false; }
  bool good() const { return good_; }
  HostTime now() const { return now_; }

  // True if all of it was read and nothing was wrong.
  bool finish() {
    const std::uint64_t wanted = sum_;
    std::uint64_t sum = 0;
    number(sum);
    return good_ && sum == wanted && rest_.empty();
  }

 private:
  std::string_view rest_;
  HostTime now_;
  std::uint64_t sum_ = kFnvBasis;
  bool good_ = true;
};

}  // namespace oomkit
