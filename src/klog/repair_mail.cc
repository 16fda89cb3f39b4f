#include "klog/repair_mail.h"

#include <array>
#include <optional>

#include "core/text.h"

namespace oomkit {
namespace {

// Mails keep their lines to 76 columns; what is joined of them may be a kernel's longest line.
constexpr std::size_t kLineMax = 80;
constexpr std::size_t kMailJoinedMax = std::size_t{16} << 10;

std::optional<unsigned> mail_hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<char> escape_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return std::nullopt;
  const auto high = mail_hex_digit(text[at + 1]);
  const auto low = mail_hex_digit(text[at + 2]);
  if (!high || !low) return std::nullopt;
  const char byte = static_cast<char>(static_cast<std::uint8_t>(*high * 16 + *low));
  return byte == '\n' || byte == '\r' ? ' ' : byte;
}

// With all escapes undone; nothing if a "=" is none.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '=') {
      plain += text[at];
      continue;
    }
    const auto byte = escape_at(text, at);
    if (!byte) return std::nullopt;
    plain += *byte;
    at += 2;
  }
  return plain;
}

enum class Header { none, encoded, other };

// "Content-Transfer-Encoding: quoted-printable", in capitals or not.
Header header_of(std::string_view text) {
  constexpr std::string_view kName = "content-transfer-encoding:";
  std::array<char, 64> lower{};
  std::size_t size = 0;
  for (const char c : text.substr(0, lower.size()))
    lower[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string_view line(lower.data(), size);
  if (!line.starts_with(kName)) return Header::none;
  return line.find("quoted-printable") != std::string_view::npos ? Header::encoded : Header::other;
}

bool has_escaped_equals(std::string_view text) {
  return text.find("=3D") != std::string_view::npos;
}

}  // namespace

void MailRepair::take_line(std::string_view text, std::uint64_t number) {
  const Header header = header_of(text);
  if (header != Header::none) {
    pass_waiting();
    encoded_ = header == Header::encoded;
    sink_->on_whole_line(text, number);
    return;
  }
  const std::string_view bare = trim_right(text);
  if (!encoded_ && waiting_) {
    // A line ended in "=": this one decides what that meant.
    if (has_escaped_equals(waiting_text_) || has_escaped_equals(bare)) {
      encoded_ = true;
      waiting_text_.pop_back();
      if (auto plain = decoded(waiting_text_)) {
        waiting_text_ = *std::move(plain);
      } else {
        waiting_text_ += '=';
        encoded_ = false;
      }
    }
    if (!encoded_) pass_waiting();
  }
  if (encoded_) {
    take_encoded(bare, number);
  } else if (bare.ends_with('=') && bare.size() <= kLineMax) {
    waiting_ = true;
    waiting_text_.assign(bare);
    waiting_number_ = number;
  } else {
    sink_->on_whole_line(text, number);
  }
}

void MailRepair::take_encoded(std::string_view text, std::uint64_t number) {
  const bool goes_on = text.ends_with('=');
  if (goes_on) text.remove_suffix(1);
  auto plain = decoded(text);
  if (!plain || waiting_text_.size() > kMailJoinedMax) {
    // No mail any more: what was written down so far is whole.
    pass_waiting();
    encoded_ = false;
    sink_->on_whole_line(goes_on ? std::string(text) + '=' : std::string(text), number);
    return;
  }
  if (waiting_) {
    ++rejoined_;
  } else {
    waiting_text_.clear();
    waiting_number_ = number;
    waiting_ = true;
  }
  waiting_text_ += *plain;
  if (!goes_on) pass_waiting();
}

void MailRepair::pass_waiting() {
  if (!waiting_) return;
  waiting_ = false;
  sink_->on_whole_line(waiting_text_, waiting_number_);
}

void MailRepair::flush() {
  pass_waiting();
}

void MailRepair::forget() {
  pass_waiting();
  encoded_ = false;
}

}  // namespace oomkit
