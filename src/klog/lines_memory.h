// What show_mem() prints, line by line, into a HostMemory.
//
// Every one of these lines is a stream of key:number, in an order and with a set of keys
// that changed with nearly each release. So each is read as that, by its keys: a new key
// is kept under its own name, and a token without its unit or its colon is left out.
//
// Each reader returns how many amounts it took: 0 if the line is not of its kind.
#pragma once

#include <string_view>

#include "klog/line_text.h"
#include "model/host_memory.h"

namespace oomkit {

// "active_anon:115555 inactive_anon:65 isolated_anon:0", in pages.
int read_counters(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes);

// "Node 0 active_anon:231952kB ... all_unreclaimable? no"
int read_node(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes);

// "Node 0 DMA free:15908kB min:8kB ...", or without the node. A zone is read once: the
// second line of the same zone belongs to another dump.
int read_zone(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes);

// "lowmem_reserve[]: 0 2966 128782", of the zone whose line was the last one.
int read_lowmem_reserve(std::string_view text, Zone& zone, LineNotes& notes);

// "Node 0 DMA: 5*4kB (UM) 6*8kB (UEM) ... = 7124kB"
int read_free_list(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes);

// "Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB"
int read_hugepages(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes);

// "130972 pages RAM" and its like.
int read_page_total(std::string_view text, std::uint64_t line, HostMemory& memory,
                    LineNotes& notes);

// "Free swap  = 84kB", "Total swap = 25165820kB"
int read_swap_total(std::string_view text, std::uint64_t line, HostMemory& memory,
                    LineNotes& notes);

// "kmalloc-2048           59164KB      59164KB"
int read_slab_row(std::string_view text, std::uint64_t line, HostMemory& memory, LineNotes& notes);

}  // namespace oomkit
