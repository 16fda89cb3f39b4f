// The one place where the code of toml++ is compiled. Debian ships it as a shared library as
// well, which a static program such as oom-guest cannot use.
//
// Its assertions are left out: the one on the first byte of a key does not hold for hostile
// input (3.3.0), where the code behind it then refuses that byte properly. With NDEBUG
// clang would take them as promises, which is worse.
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
