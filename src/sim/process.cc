#include "sim/process.h"

namespace oomkit::sim {

Pages Mm::held() const {
  Pages sum;
  for (const Region& region : regions)
    sum += region.size;
  return sum;
}

Pages Mm::anon() const {
  Pages sum = base_anon;
  if (written != nullptr) sum -= written->swapped;
  for (const Region& region : regions) {
    if (!region.shared) sum += region.object->resident;
  }
  return sum;
}

Pages Mm::shmem() const {
  Pages sum = base_shmem;
  for (const Region& region : regions) {
    if (region.shared) sum += region.object->resident;
  }
  return sum;
}

Pages Mm::swapped() const {
  Pages sum;
  if (written != nullptr) sum += written->swapped;
  for (const Region& region : regions) {
    if (!region.shared) sum += region.object->swapped;
  }
  return sum;
}

}  // namespace oomkit::sim
