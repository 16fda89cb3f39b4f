// A number that the host may not have told, in the space of the number alone.
//
// As std::optional in use. Tables of tasks and ticks hold thousands of them, and an optional would
// double that; the lowest value of its type, which no kernel says, stands for "not known".
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace oomkit {

template <class T>
class Known {
 public:
  constexpr Known() = default;
  // NOLINTBEGIN(google-explicit-constructor): it is to be used as std::optional is.
  constexpr Known(T value) : value_(value) {}
  constexpr Known(std::nullopt_t) {}
  constexpr Known(const std::optional<T>& value) : value_(value ? *value : nothing()) {}
  constexpr operator std::optional<T>() const { return optional(); }
  // NOLINTEND(google-explicit-constructor)

  constexpr bool has_value() const { return value_ != nothing(); }
  constexpr explicit operator bool() const { return has_value(); }
  constexpr const T& operator*() const { return value_; }
  constexpr const T* operator->() const { return &value_; }
  constexpr T value_or(T other) const { return has_value() ? value_ : other; }
  constexpr std::optional<T> optional() const {
    return has_value() ? std::optional<T>(value_) : std::nullopt;
  }
  constexpr void reset() { value_ = nothing(); }

  friend constexpr bool operator==(const Known&, const Known&) = default;

 private:
  static constexpr T nothing() {
    if constexpr (std::integral<T>) {
      return std::numeric_limits<T>::min();
    } else {
      return T(std::numeric_limits<std::int64_t>::min());
    }
  }

  T value_ = nothing();
};

template <class T>
struct IsKnown : std::false_type {};
template <class T>
struct IsKnown<Known<T>> : std::true_type {
  using Amount = T;
};

// Known if both are.
template <class T>
constexpr Known<T> operator+(Known<T> a, Known<T> b) {
  return a && b ? Known<T>(*a + *b) : Known<T>();
}
template <class T>
constexpr Known<T> operator-(Known<T> a, Known<T> b) {
  return a && b ? Known<T>(*a - *b) : Known<T>();
}

}  // namespace oomkit
