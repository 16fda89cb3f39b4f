// Just enough of HTTP/1.1 for a program that collects metrics: one page, one answer, no more.
//
// Why not prometheus-cpp: what is told here are numbers that another process keeps, as they are at
// the moment of the question, where the library wants counters of its own that are counted up; its
// server (civetweb) runs threads and knows no socket that is a file; and every `oom`, whichever
// command, would load it (460 KB of libraries for 100 lines of text).
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace oomkit {

// `head`: the request up to its empty line. `page` makes what is at /metrics; "" means not now.
std::string http_answer(std::string_view head, const std::function<std::string()>& page);

}  // namespace oomkit
