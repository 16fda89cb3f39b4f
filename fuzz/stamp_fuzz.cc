// Any bytes as a time: no crash, and what is a time lies between 1970 and the year 9999.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "klog/stamp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto time = oomkit::parse_stamp({reinterpret_cast<const char*>(data), size});
  if (!time) return 0;
  // A zone may move the first and the last day's times over the border.
  constexpr std::int64_t kDay = 86'400'000'000;
  constexpr std::int64_t kLast = 253'402'300'799'999'999;
  OOMKIT_CHECK(time->since_epoch.count() >= -kDay, "a time before Unix");
  OOMKIT_CHECK(time->since_epoch.count() <= kLast + kDay, "a time beyond four-digit years");
  OOMKIT_CHECK(time->year_known || time->since_epoch.count() < 3 * 366 * kDay,
               "a year came from nowhere");
  return 0;
}
