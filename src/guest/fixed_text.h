// Paths and short sentences in buffers of fixed size (core/fixed_text.h), by the guest's names.
#pragma once

#include "core/fixed_text.h"

namespace oomkit::guest {

using oomkit::FixedText;
using PathText = FixedText<512>;

}  // namespace oomkit::guest
