// Which kernel wrote a log, or runs on a host: "5.14.0-333.el9.x86_64".
//
// Distributions carry features back, so a version is a hint: what the text itself
// shows (a column, a field) is stronger evidence wherever there is any.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace oomkit {

struct KernelVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend constexpr auto operator<=>(const KernelVersion&, const KernelVersion&) = default;
};

// The leading "2.6.32", "5.14.0" or "6.6" of a release string; nothing if it does not
// begin so ("6.x" of an anonymised log has no version).
std::optional<KernelVersion> parse_kernel_version(std::string_view release);

std::string to_string(const KernelVersion& version);

}  // namespace oomkit
