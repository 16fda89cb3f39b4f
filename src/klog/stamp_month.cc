#include "klog/stamp_month.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "core/text.h"

namespace oomkit {
namespace {

struct MonthName {
  std::string_view prefix;  // Lower case; the shortest that no other month's name begins with.
  unsigned month;
};

// English, German, French, Spanish, Italian, Portuguese, Dutch, Danish, Swedish, Norwegian,
// Russian, Ukrainian, Polish, Czech, Finnish, Turkish, Hungarian. "lis" is November in Polish
// and Czech, and October in Croatian, which is left out for it.
constexpr MonthName kMonths[] = {
    // Latin letters.
    {"jan", 1},
    {"jän", 1},
    {"ene", 1},
    {"gen", 1},
    {"sty", 1},
    {"led", 1},
    {"tammi", 1},
    {"oca", 1},
    {"feb", 2},
    {"fév", 2},
    {"fev", 2},
    {"lut", 2},
    {"úno", 2},
    {"helmi", 2},
    {"şub", 2},
    {"mar", 3},
    {"mär", 3},
    {"mrz", 3},
    {"maa", 3},
    {"mrt", 3},
    {"már", 3},
    {"bře", 3},
    {"apr", 4},
    {"avr", 4},
    {"abr", 4},
    {"ápr", 4},
    {"kwi", 4},
    {"dub", 4},
    {"huhti", 4},
    {"nis", 4},
    {"may", 5},
    {"mai", 5},
    {"maj", 5},
    {"máj", 5},
    {"mag", 5},
    {"mei", 5},
    {"kvě", 5},
    {"touko", 5},
    {"jun", 6},
    {"juin", 6},
    {"jún", 6},
    {"giu", 6},
    {"cze", 6},
    {"čen", 6},
    {"čer", 6},
    {"čvn", 6},
    {"kesä", 6},
    {"haz", 6},
    {"jul", 7},
    {"juil", 7},
    {"júl", 7},
    {"lug", 7},
    {"lip", 7},
    {"čec", 7},
    {"čvc", 7},
    {"heinä", 7},
    {"tem", 7},
    {"aug", 8},
    {"aoû", 8},
    {"aou", 8},
    {"ago", 8},
    {"sie", 8},
    {"srp", 8},
    {"elo", 8},
    {"ağu", 8},
    {"sep", 9},
    {"set", 9},
    {"sze", 9},
    {"wrz", 9},
    {"zář", 9},
    {"syys", 9},
    {"eyl", 9},
    {"oct", 10},
    {"okt", 10},
    {"ott", 10},
    {"out", 10},
    {"paź", 10},
    {"říj", 10},
    {"loka", 10},
    {"eki", 10},
    {"nov", 11},
    {"lis", 11},
    {"marras", 11},
    {"kas", 11},
    {"dec", 12},
    {"dez", 12},
    {"des", 12},
    {"dic", 12},
    {"déc", 12},
    {"gru", 12},
    {"pro", 12},
    {"joulu", 12},
    {"ara", 12},
    // Cyrillic.
    {"янв", 1},
    {"січ", 1},
    {"фев", 2},
    {"лют", 2},
    {"мар", 3},
    {"бер", 3},
    {"апр", 4},
    {"кві", 4},
    {"май", 5},
    {"мая", 5},
    {"тра", 5},
    {"июн", 6},
    {"чер", 6},
    {"июл", 7},
    {"лип", 7},
    {"авг", 8},
    {"сер", 8},
    {"сен", 9},
    {"вер", 9},
    {"окт", 10},
    {"жов", 10},
    {"ноя", 11},
    {"лис", 11},
    {"дек", 12},
    {"гру", 12},
};

// UTF-8 in lower case, as far as the letters of the table go; longer words are cut.
class LowerWord {
 public:
  explicit LowerWord(std::string_view word) {
    for (std::size_t at = 0; at < word.size() && size_ + 2 <= bytes_.size();) {
      const auto first = static_cast<std::uint8_t>(word[at]);
      if (first < 0xC0 || at + 1 >= word.size()) {
        put(first >= 'A' && first <= 'Z' ? first + 0x20U : first);
        at += 1;
        continue;
      }
      const auto second = static_cast<std::uint8_t>(word[at + 1]);
      const unsigned code = lower((first & 0x1FU) << 6U | (second & 0x3FU));
      put(0xC0U | code >> 6U);
      put(0x80U | (code & 0x3FU));
      at += 2;
    }
  }

  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  static unsigned lower(unsigned code) {
    if (code >= 0xC0 && code <= 0xDE) return code + 0x20;  // Latin-1.
    if (code >= 0x139 && code <= 0x148) return code % 2 == 1 ? code + 1 : code;
    if (code >= 0x179 && code <= 0x17E) return code % 2 == 1 ? code + 1 : code;
    if (code >= 0x100 && code <= 0x177) return code | 1U;    // Latin Extended-A.
    if (code >= 0x410 && code <= 0x42F) return code + 0x20;  // Cyrillic.
    if (code >= 0x400 && code <= 0x40F) return code + 0x50;
    return code;
  }
  void put(unsigned byte) { bytes_[size_++] = static_cast<char>(byte); }

  std::array<char, 24> bytes_{};
  std::size_t size_ = 0;
};

std::optional<unsigned> numbered_month(std::string_view word) {
  unsigned month = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), month);
  if (error != std::errc() || month < 1 || month > 12) return std::nullopt;
  const std::string_view letter(end, static_cast<std::size_t>(word.data() + word.size() - end));
  return letter == "月" || letter == "월" ? std::optional(month) : std::nullopt;
}

}  // namespace

std::optional<unsigned> month_of_name(std::string_view word) {
  if (!word.empty() && is_digit(word[0])) return numbered_month(word);
  const LowerWord lower(word);
  const MonthName* best = nullptr;
  for (const MonthName& name : kMonths) {
    const bool longer = best == nullptr || name.prefix.size() > best->prefix.size();
    if (longer && lower.view().substr(0, name.prefix.size()) == name.prefix) best = &name;
  }
  return best == nullptr ? std::nullopt : std::optional(best->month);
}

}  // namespace oomkit
