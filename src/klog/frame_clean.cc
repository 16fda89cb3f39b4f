#include "klog/frame_clean.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "core/text.h"
#include "klog/frame_blanks.h"
#include "klog/frame_head.h"
#include "klog/frame_kernel_text.h"

namespace oomkit {
namespace {

constexpr char kEscape = '\x1b';

// Sixteen bytes compared at once, by the compilers' own vectors: no instruction set is named.
// As signed numbers bytes from 0x80 on are below zero, and so below the blank.
using Bytes16 = std::int8_t __attribute__((vector_size(16)));

bool any_set(Bytes16 mask) {
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), &mask, sizeof mask);
  return (halves[0] | halves[1]) != 0;
}

Bytes16 control_in(Bytes16 bytes) {
  return (bytes >= 0) & (bytes < 0x20) & (bytes != '\t');
}

Bytes16 odd_in(Bytes16 bytes) {
  return ((bytes < 0x20) & (bytes != '\t')) | (bytes == '&') | (bytes == '\\') | (bytes == '#');
}

void add_kinds(OddBytes& odd, Bytes16 bytes) {
  if (any_set(control_in(bytes))) odd.add(OddBytes::control);
  if (any_set(bytes < 0)) odd.add(OddBytes::high);
  if (any_set(bytes == '&')) odd.add(OddBytes::ampersand);
  if (any_set(bytes == '\\')) odd.add(OddBytes::backslash);
  if (any_set(bytes == '#')) odd.add(OddBytes::hash);
}

struct Entity {
  std::string_view name;
  char value;
};
constexpr Entity kEntities[] = {
    {"&lt;", '<'},   {"&gt;", '>'},    {"&amp;", '&'},  {"&quot;", '"'},  {"&apos;", '\''},
    {"&#39;", '\''}, {"&#039;", '\''}, {"&#34;", '"'},  {"&#38;", '&'},   {"&#60;", '<'},
    {"&#62;", '>'},  {"&nbsp;", ' '},  {"&#160;", ' '}, {"&#x27;", '\''}, {"&#x2F;", '/'},
};

const Entity* entity_at(std::string_view text) {
  for (const Entity& entity : kEntities) {
    if (text.substr(0, entity.name.size()) == entity.name) return &entity;
  }
  return nullptr;
}

// KERN_SOH and a level's digit, "c" or "d": printk() takes them off at the front of a message
// and leaves those that stand behind a line break of the writer's own.
constexpr char kStartOfHeader = '\x01';

bool is_level(std::string_view text) {
  return !text.empty() && ((text[0] >= '0' && text[0] <= '7') || text[0] == 'c' || text[0] == 'd');
}

// Byte order marks of UTF-8 and of UTF-16, whose NUL bytes are left out like any.
std::size_t byte_order_mark_length(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return 3;
  return text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF" ? 2 : 0;
}

// Bytes to leave out at the front of `text`, and what to write for them.
struct Mend {
  std::size_t length = 0;
  char write = '\0';  // '\0': nothing.
};

Mend mend_at(std::string_view text, bool at_begin, bool from_web_page) {
  const char first = text[0];
  if (first == '\0') return {1, '\0'};
  if (first == kEscape) return {escape_sequence_length(text), '\0'};
  if (first == kStartOfHeader && is_level(text.substr(1))) return {2, '\0'};
  if (first == '&') {
    const Entity* entity = from_web_page ? entity_at(text) : nullptr;
    return entity == nullptr ? Mend{} : Mend{entity->name.size(), entity->value};
  }
  if (text.substr(0, 2) == "\xC2\xA0") return {2, ' '};
  if (at_begin) return {byte_order_mark_length(text), '\0'};
  return {};
}

std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// The byte that "\x0a" at the front of `text` stands for.
std::optional<char> hex_escape(std::string_view text) {
  if (text.size() < 4 || text[0] != '\\' || text[1] != 'x') return std::nullopt;
  const auto high = hex_digit(text[2]);
  const auto low = hex_digit(text[3]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(static_cast<std::uint8_t>(*high * 16 + *low));
}

// The control character that rsyslog's "#012" stands for.
std::optional<char> octal_escape(std::string_view text) {
  if (text.size() < 4 || text[0] != '#' || text[1] != '0') return std::nullopt;
  if (text[2] < '0' || text[2] > '3' || text[3] < '0' || text[3] > '7') return std::nullopt;
  if (text.size() > 4 && is_digit(text[4])) return std::nullopt;
  return static_cast<char>((text[2] - '0') * 8 + (text[3] - '0'));
}

// A control character that stood written out at the front of `text`, and how long that was.
Mend written_escape_at(std::string_view text, bool syslog) {
  std::optional<char> byte = hex_escape(text);
  if (!byte && syslog) byte = octal_escape(text);
  if (byte) {
    // Only what changes how the text is to be read: other bytes stay as somebody wrote them.
    if (*byte == '\n' || *byte == '\t') return {4, *byte};
    if (*byte == '\r') return {4, '\0'};
    if (*byte == kStartOfHeader && is_level(text.substr(4))) return {5, '\0'};
    if (*byte != kEscape || text.size() < 6 || text[4] != '[') return {};
    std::string sequence(1, kEscape);
    sequence += text.substr(4, 32);
    const std::size_t length = escape_sequence_length(sequence);
    return length < 2 ? Mend{} : Mend{length + 3, '\0'};
  }
  if (text.substr(0, 2) == "\\n") {
    const std::string_view behind = text.substr(2);
    if (behind.empty() || begins_with_log_head(behind) || begins_like_kernel_text(behind)) {
      return {2, '\n'};
    }
  }
  return {};
}

}  // namespace

OddBytes odd_bytes(std::string_view text) {
  OddBytes odd;
  Bytes16 tail{};
  tail |= ' ';
  const std::size_t whole = text.size() - text.size() % sizeof tail;
  if (whole != text.size()) std::memcpy(&tail, text.data() + whole, text.size() - whole);
  Bytes16 any = odd_in(tail);
  Bytes16 bytes{};
  for (std::size_t at = 0; at < whole; at += sizeof bytes) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    any |= odd_in(bytes);
  }
  if (!any_set(any)) return odd;

  add_kinds(odd, tail);
  for (std::size_t at = 0; at < whole; at += sizeof bytes) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    add_kinds(odd, bytes);
  }
  return odd;
}

std::size_t escape_sequence_length(std::string_view text) {
  if (text.empty() || text[0] != kEscape) return 0;
  if (text.size() == 1) return 1;
  const char kind = text[1];
  if (kind == '[') {
    std::size_t at = 2;
    while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3f)
      ++at;
    return at < text.size() && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : at;
  }
  if (kind == ']') {
    // A title's text, up to BEL or ESC \. Without an end only the introducer goes.
    constexpr std::size_t kTitleMax = 256;
    const std::size_t end = text.substr(0, kTitleMax).find_first_of("\x07\x1b", 2);
    if (end == std::string_view::npos) return 2;
    return text[end] == kEscape && text.substr(end + 1, 1) == "\\" ? end + 2 : end + 1;
  }
  std::size_t at = 1;
  while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x2f)
    ++at;
  return at < text.size() && text[at] >= 0x30 && text[at] <= 0x7e ? at + 1 : at;
}

bool shows_web_page(std::string_view text) {
  if (entity_at(without_blanks(text)) != nullptr) return true;
  for (const std::string_view sign :
       {"&lt;TASK&gt;", "&lt;/TASK&gt;", "&lt;IRQ&gt;", "[&lt;", "&nbsp;"}) {
    if (text.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

std::string_view clean_text(std::string_view text, OddBytes odd, bool from_web_page,
                            std::string& buffer, DamageCounts& damage) {
  while (!text.empty() && text.back() == '\r')
    text.remove_suffix(1);
  while (!text.empty() && text.front() == '\r')
    text.remove_prefix(1);
  if (!odd.has_any(OddBytes::control | OddBytes::high | OddBytes::ampersand)) return text;

  std::size_t copied = 0;  // Up to here `text` is in the buffer.
  std::uint64_t nuls = 0;
  buffer.clear();
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[at]);
    if (byte >= 0x20 && byte < 0x80 && byte != '&') {
      ++at;
      continue;
    }
    const Mend mend = mend_at(text.substr(at), at == 0, from_web_page);
    if (mend.length == 0) {
      ++at;
      continue;
    }
    if (text[at] == '\0') ++nuls;
    buffer.append(text, copied, at - copied);
    if (mend.write != '\0') buffer += mend.write;
    at += mend.length;
    copied = at;
  }
  if (nuls != 0) damage.add(Damage::nul_bytes, nuls);
  if (copied == 0) return text;
  buffer.append(text, copied);
  return buffer;
}

std::string_view undo_written_escapes(std::string_view text, OddBytes odd, bool syslog,
                                      std::string& buffer) {
  if (!odd.has(OddBytes::backslash) && !(odd.has(OddBytes::hash) && syslog)) return text;
  std::size_t copied = 0;
  buffer.clear();
  for (std::size_t at = text.find_first_of("\\#"); at != std::string_view::npos;
       at = text.find_first_of("\\#", at)) {
    const Mend mend = written_escape_at(text.substr(at), syslog);
    if (mend.length == 0) {
      ++at;
      continue;
    }
    buffer.append(text, copied, at - copied);
    if (mend.write != '\0') buffer += mend.write;
    at += mend.length;
    copied = at;
  }
  if (copied == 0) return text;
  buffer.append(text, copied);
  return buffer;
}

std::string_view undo_kmsg_escapes(std::string_view text, std::string& buffer) {
  std::size_t at = text.find("\\x");
  if (at == std::string_view::npos) return text;
  std::size_t copied = 0;
  buffer.clear();
  while (at != std::string_view::npos) {
    const auto byte = hex_escape(text.substr(at));
    if (!byte) {
      at = text.find("\\x", at + 1);
      continue;
    }
    buffer.append(text, copied, at - copied);
    const bool level = *byte == kStartOfHeader && is_level(text.substr(at + 4));
    if (*byte != '\0' && !level) buffer += *byte;
    copied = at + (level ? 5 : 4);
    at = text.find("\\x", copied);
  }
  buffer.append(text, copied);
  return buffer;
}

}  // namespace oomkit
