// What an engine hands over, as a text.
#pragma once

#include <string>
#include <string_view>

#include "policy/state_archive.h"

namespace oomkit {

struct KnowledgeText final : StateSink {
  bool write(std::string_view bytes) override {
    text.append(bytes);
    return true;
  }

  std::string text;
};

}  // namespace oomkit
