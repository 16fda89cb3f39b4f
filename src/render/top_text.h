// `oom top --once` on a terminal: the verdict first, then why and how far away.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "render/paint.h"
#include "render/top_report.h"

namespace oomkit {

struct TopTextOptions {
  std::size_t columns = 80;
  std::size_t tasks_max = 10;
  bool colour = false;
};

std::string top_text(const TopReport& report, const TopTextOptions& options);

// The parts that the live screen shows as well.

// "next to die: mysqld (2211)", or what happens instead.
std::string verdict_text(const Snapshot& snapshot, const std::optional<Prediction>& prediction);
// "web-17, kernel 6.12.107, 23.5 GiB RAM, no swap"
std::string host_text(const Snapshot& snapshot);
// "available 3.1 GiB", "2.9 GiB to the low watermark", ...: to be put side by side.
std::vector<std::string> headroom_texts(const TopReport& report);

// In a column of numbers: there is none.
inline constexpr std::string_view kDash = "\u2013";
// "9.1 GiB", "582 MiB": for columns, a decimal only where it tells something.
std::string brief_size(Bytes bytes);
// "6.2 of 6.4 GiB", "900 KiB of 1.0 GiB"
std::string brief_share(Bytes part, Bytes whole);
// Whom a scope would kill: "java (4410)", "java (4410) +1", "nginx (7) or nginx (8)".
std::string would_kill_text(const Snapshot& snapshot, const TopScope& scope);

// The end of a path that fits: "…/mariadb.service".
std::string path_end(std::string_view path, std::size_t columns);

}  // namespace oomkit
