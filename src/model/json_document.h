// A text as a JSON document, or at which byte it is none.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace oomkit {

// Names keep their order: it is that of the kernel's files.
inline Result<nlohmann::ordered_json> parse_json_document(std::string_view text) {
  using Json = nlohmann::ordered_json;
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::malformed,
                "not a JSON document: error at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range&) {
    return fail(ErrorCode::malformed, "not a JSON document: a number is beyond any double");
  }
}

}  // namespace oomkit
