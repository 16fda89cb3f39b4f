#include "act/protect_drop_in.h"

#include "core/lines.h"
#include "core/text.h"

namespace oomkit {
namespace {

constexpr std::string_view kHead = "# Made by \"oom protect\", which takes it back with --undo.\n";

bool take_setting(std::string_view line, DropIn& drop_in) {
  Cursor cursor(line);
  const auto size = [&](std::string_view name, std::optional<Bytes>& field) {
    if (!cursor.take(name)) return false;
    const auto bytes = cursor.take_integer<std::int64_t>();
    if (bytes && *bytes >= 0) field = Bytes(*bytes);
    return bytes.has_value();
  };
  bool taken = size("MemoryMin=", drop_in.memory_min) || size("MemoryLow=", drop_in.memory_low);
  if (!taken && cursor.take("OOMScoreAdjust=")) {
    drop_in.score = cursor.take_integer<int>();
    taken = drop_in.score.has_value();
  }
  return taken && cursor.at_end();
}

}  // namespace

std::optional<DropIn> parse_drop_in(std::string_view text) {
  if (text.substr(0, kHead.size()) != kHead) return std::nullopt;
  text.remove_prefix(kHead.size());
  const std::string_view section = take_line(text);
  if (section != "[Service]" && section != "[Slice]") return std::nullopt;
  DropIn drop_in;
  while (!text.empty()) {
    if (!take_setting(take_line(text), drop_in)) return std::nullopt;
  }
  return drop_in;
}

std::string drop_in_text(std::string_view unit, const DropIn& drop_in) {
  std::string text(kHead);
  text += unit.ends_with(".slice") ? "[Slice]\n" : "[Service]\n";
  if (drop_in.score) text += "OOMScoreAdjust=" + std::to_string(*drop_in.score) + "\n";
  if (drop_in.memory_min) text += "MemoryMin=" + std::to_string(drop_in.memory_min->count()) + "\n";
  if (drop_in.memory_low) text += "MemoryLow=" + std::to_string(drop_in.memory_low->count()) + "\n";
  return text;
}

}  // namespace oomkit
