// The small pieces that the sentences of this room are made of.
//
// Sentences are for a tired person: sizes with their unit, counts with their noun,
// exact bytes only where an exact claim is made.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "model/snapshot.h"

namespace oomkit {

// The parts one after the other, in one allocation.
std::string text_of(std::initializer_list<std::string_view> parts);

// "183,623,680"; "-51,051".
std::string grouped(std::int64_t number);

// "1 task", "1,234 tasks"; the plural is the noun with an s, or what is given.
std::string count_text(std::int64_t count, std::string_view noun, std::string_view plural = {});

// "87.6 %".
std::string share_text(Bytes part, Bytes whole);
std::string percent_number(double percent);  // "87.6 %", too.

// "xray (pid 1586608)"; a name that is unknown or empty is said to be so.
std::string process_text(std::string_view comm, std::optional<std::int64_t> pid);

// "a", "a and b", "a, b and c".
std::string list_text(const std::vector<std::string>& items);

// " on 2023-08-17 at 17:29:27", " on Dec 4 at 00:01:23" (no year in the log), " 2 h 5 min
// after the host had booted"; "" if the log has no time. With its leading blank.
std::string when_text(const Snapshot& at);

// The line numbers given, ascending, each once, without the zeros that stand for none.
std::vector<std::uint64_t> evidence(std::initializer_list<std::uint64_t> lines);
void add_evidence(std::vector<std::uint64_t>& lines, std::uint64_t line);

}  // namespace oomkit
