// What could not be read of a host, as every command that reads one tells it.
#pragma once

#include <string>
#include <vector>

#include "core/json_writer.h"
#include "model/source_gap.h"

namespace oomkit {

// "not known (3): ...": a sentence for each kind of gap that is a doubt about what is shown.
std::vector<std::string> gap_sentences(const SourceGaps& gaps);

// The "warnings" of a document that is an open JSON object.
void write_gaps(JsonWriter& json, const SourceGaps& gaps);

}  // namespace oomkit
