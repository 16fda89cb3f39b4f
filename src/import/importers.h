// One function for each program whose configuration can be imported.
#pragma once

#include <span>
#include <string>

#include "import/import.h"

namespace oomkit {

void import_earlyoom(std::span<const ImportSource> sources, Imported& imported);
void import_earlyoom_words(std::span<const std::string> arguments, Imported& imported);
void import_nohang(std::span<const ImportSource> sources, Imported& imported);
void import_oomd(std::span<const ImportSource> sources, Imported& imported);
void import_systemd_oomd(std::span<const ImportSource> sources, Imported& imported);

}  // namespace oomkit
