#include "model/damage.h"

namespace oomkit {
namespace {

constexpr std::size_t kDamageCount = static_cast<std::size_t>(Damage::kCount);

constexpr std::array<DamageKind, kDamageCount> kDamageKinds = {{
    {"line-too-long", DamageSeverity::data_loss, "lines were longer than is kept and were cut"},
    {"nul-bytes", DamageSeverity::info, "NUL bytes stood in lines and were left out"},
    {"invalid-utf8", DamageSeverity::info,
     "lines are not UTF-8; such bytes are shown as replacements"},
    {"number-overflow", DamageSeverity::doubtful,
     "numbers were too large to be real and are unknown"},
    {"row-unreadable", DamageSeverity::data_loss, "rows of a task table could not be read"},
    {"row-impossible", DamageSeverity::doubtful,
     "rows of a task table contradict themselves (two glued halves, or a digit lost)"},
    {"line-cut", DamageSeverity::doubtful,
     "lines of a report break off; what they lack is unknown"},
    {"lines-lost", DamageSeverity::data_loss, "the log itself says that lines were lost"},
    {"elided", DamageSeverity::data_loss, "places where somebody took lines out"},
    {"report-without-begin", DamageSeverity::data_loss,
     "reports whose beginning is not in the log"},
    {"report-without-end", DamageSeverity::data_loss, "reports whose verdict is not in the log"},
    {"reports-interleaved", DamageSeverity::info,
     "reports were printed at the same time and are told apart"},
    {"rows-dropped", DamageSeverity::data_loss, "task rows beyond the number that is kept"},
    {"wrapped-rejoined", DamageSeverity::info, "wrapped lines were put together again"},
    {"input-truncated", DamageSeverity::data_loss,
     "compressed inputs that end too early (of .zst the last block, up to 128 KiB, is lost too)"},
    {"journal-binary-field", DamageSeverity::info, "journal fields of a form that is not read"},
    {"incidents-dropped", DamageSeverity::data_loss,
     "histories of processes too many to follow at once"},
}};

}  // namespace

const DamageKind& describe(Damage damage) {
  return kDamageKinds[static_cast<std::size_t>(damage)];
}

}  // namespace oomkit
