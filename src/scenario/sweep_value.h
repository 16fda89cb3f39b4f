// Values of a sweep: numbers with a unit, as text and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.h"
#include "scenario/sweep.h"

namespace oomkit {

// "10M", "5s", "20%": the number and its unit; nothing for other text.
std::optional<std::pair<std::int64_t, SweepUnit>> parse_sweep_amount(std::string_view text);

// A value that stands as text, or as a bare number, in a file.
SweepValue text_value(std::string_view text);
SweepValue number_value(std::int64_t number);
SweepValue amount_value(std::int64_t amount, SweepUnit unit);

// `count` of them from low to high, both included; by equal factors, or by equal differences.
std::vector<SweepValue> spread_values(const SweepDraw& range, std::int64_t count);

SweepValue draw_value(const SweepDraw& draw, Random& random);

}  // namespace oomkit
