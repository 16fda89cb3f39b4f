// Whose growth explains the shortage: shares of record growth among siblings.
//
// For each window from 2 to 64 s the share of each in the growth of all, then the mean over the
// windows. No time scale is preferred: a fast hog wins by the short windows, a slow leak too once
// the others have settled. A window in which all together grew by less than 1 MiB says nothing.
#pragma once

#include <cstddef>
#include <span>

#include "policy/growth_history.h"

namespace oomkit {

class GrowthShares {
 public:
  void clear() { sums_ = {}; }
  void add(const GrowthLadder& one);
  // Of one of those that were added: 0 to 1; all together 1, or 0 if nothing grew.
  double of(const GrowthLadder& one) const;
  bool any() const;

 private:
  GrowthLadder sums_{};
};

}  // namespace oomkit
