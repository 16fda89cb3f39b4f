// Sizes as people read and write them: "175.1 MiB" out, "80M" and "1.5G" in.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/units.h"

namespace oomkit {

// Binary units, one decimal from KiB up, "-3.3 MiB" for a negative amount; exact
// bytes below 1 KiB ("84 B").
std::string size_text(Bytes bytes);

// "80M", "80MiB", "1.5G", "4096": all binary, as the kernel reads them. Errors name
// the byte at which the text stops making sense.
Result<Bytes> parse_size(std::string_view text);

// 37.4 for numerator / denominator * 100 with one decimal; "-" when the denominator is 0.
std::string percent_text(Bytes part, Bytes whole);

}  // namespace oomkit
