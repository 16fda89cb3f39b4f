// The tables of show_mem() and of a memcg's block; part of format_table.h.
#pragma once

#include "klog/format_table.h"

namespace oomkit {

MemoryFormat memory_format(const KernelVersion& version);
MemcgFormat memcg_format(const KernelVersion& version);

}  // namespace oomkit
