#include "kernel/memcg_protection.h"

#include <algorithm>

#include "core/scaled.h"

namespace oomkit {
namespace {

Bytes share(Bytes amount, Bytes numerator, Bytes denominator) {
  return Bytes(scaled(amount.count(), numerator.count(), denominator.count()));
}

}  // namespace

Bytes effective_protection(const ProtectionTerms& terms) {
  const Bytes own = std::min(terms.usage, terms.setting);
  // More is promised to the children than the parent has: each gets its share of that.
  if (terms.siblings_protected > terms.parent_effective)
    return share(own, terms.parent_effective, terms.siblings_protected);
  // What no child claims goes to all, in proportion to what they use unprotected.
  const Bytes unclaimed = terms.parent_effective - terms.siblings_protected;
  const bool shares = terms.recursive && unclaimed > Bytes(0) &&
                      terms.parent_usage > terms.siblings_protected && terms.usage > own;
  if (!shares) return own;
  return own + share(unclaimed, terms.usage - own, terms.parent_usage - terms.siblings_protected);
}

Bytes scannable(Bytes size, Bytes usage, Bytes protection) {
  const Bytes kept = std::min(protection, usage);
  return size - share(size, kept, usage + Bytes(1));
}

}  // namespace oomkit
