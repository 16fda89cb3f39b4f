// The only source of chance: one seed, one sequence, on every compiler.
//
// splitmix64 (Steele, Lea, Flood 2014), because std:: distributions differ between
// standard libraries and a failing seed must fail again everywhere.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace oomkit {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  // Uniform in [low, high], both included. The modulo's bias is far below what a test sees.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    const std::uint64_t span =
        static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
    const std::uint64_t drawn = span == 0 ? next() : next() % span;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn);
  }

  bool chance(int percent) { return between(0, 99) < percent; }

  template <class T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + between(0, static_cast<std::int64_t>(choices.size()) - 1));
  }

 private:
  std::uint64_t state_;
};

}  // namespace oomkit
