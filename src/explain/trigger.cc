#include "explain/trigger.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/size_text.h"
#include "explain/words.h"

namespace oomkit {
namespace {

struct Activity {
  std::string_view function;  // A frame that only this activity has.
  std::string_view words;
};

// What the thread was doing, by the frames of its stack. The first that is there counts:
// the special cases stand above those they contain.
constexpr std::array<Activity, 23> kActivities = {{
    {"moom_callback", "on request by sysrq f"},
    {"memory_max_write", "while the limit itself was being lowered"},
    {"mem_cgroup_resize_max", "while the limit itself was being lowered"},
    {"pagefault_out_of_memory", "at the end of a page fault that had failed"},
    {"do_swap_page", "to bring a page back from swap"},
    {"shmem_fault", "to touch shared memory or a file in tmpfs"},
    {"shmem_file_write_iter", "to write a file in tmpfs"},
    {"shmem_write_begin", "to write a file in tmpfs"},
    {"filemap_fault", "to bring back a page of a program or file that it has mapped"},
    {"copy_process", "to start a process or thread"},
    {"_do_fork", "to start a process or thread"},
    {"kernel_clone", "to start a process or thread"},
    {"do_anonymous_page", "to use private memory for the first time"},
    {"do_huge_pmd_anonymous_page", "to use private memory for the first time"},
    {"do_wp_page", "to write to a page that it had shared"},
    {"do_cow_fault", "to write to a page that it had shared"},
    {"generic_perform_write", "to write to a file"},
    {"iomap_file_buffered_write", "to write to a file"},
    {"page_cache_sync_readahead", "to read a file"},
    {"page_cache_sync_ra", "to read a file"},
    {"generic_file_read_iter", "to read a file"},
    {"tcp_sendmsg", "to send on a socket"},
    {"bpf_map_update_elem", "to store into a BPF map"},
}};

// "filemap_fault+0x40b/0x740" and the compiler's "copy_process.isra.0" are the same function.
bool is_frame_of(std::string_view frame, std::string_view function) {
  if (frame.size() < function.size() || frame[0] != function[0]) return false;
  if (frame.compare(0, function.size(), function) != 0) return false;
  return frame.size() == function.size() || frame[function.size()] == '+' ||
         frame[function.size()] == '.';
}

std::string_view activity(const std::vector<std::string>& stack) {
  std::size_t best = kActivities.size();
  for (const std::string& frame : stack) {
    for (std::size_t i = 0; i < best; ++i) {
      if (is_frame_of(frame, kActivities[i].function)) best = i;
    }
  }
  return best < kActivities.size() ? kActivities[best].words : std::string_view();
}

// The only row with the asker's name, if there is exactly one.
std::optional<std::size_t> only_namesake(const std::vector<Task>& tasks, std::string_view comm) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].comm != comm) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

bool table_whole(const OomReport& report) {
  const bool lacks_table = std::find(report.missing.begin(), report.missing.end(),
                                     Part::task_table) != report.missing.end();
  return !report.at.tasks.empty() && !lacks_table && report.tasks_dropped == 0 && !report.elided &&
         report.damaged_lines == 0 && report.lines_lost == 0;
}

struct ThreadOwner {
  std::optional<std::size_t> row;
  bool itself = false;   // The pid is in the table: no conclusion was needed.
  bool certain = false;  // Nobody else is there whose thread it could be.
  std::string_view why;
};

ThreadOwner owner_of_trigger(const Context& context) {
  const OomReport& report = context.report;
  if (!report.trigger || !report.trigger->pid) return {};
  const std::vector<Task>& tasks = report.at.tasks;
  if (const auto row = find_row(tasks, *report.trigger->pid)) return {row, true, true, ""};
  // The table has processes, not threads, and a group's table has all of the group's: an
  // asker that is not in it, and charged to the group, is a thread of one that is.
  if (context.scope != Scope::memcg || !table_whole(report)) return {};
  if (tasks.size() == 1 && tasks[0].comm == report.trigger->comm) {
    return {std::size_t{0}, false, true,
            "it is the only process of the group and has the same name"};
  }
  if (const auto row = only_namesake(tasks, report.trigger->comm)) {
    return {row, false, false, "it is the only process of the group with that name"};
  }
  return {};
}

std::string asker_text(const Context& context, const ThreadOwner& owner) {
  const Trigger& trigger = *context.report.trigger;
  std::string name = process_text(trigger.comm, std::nullopt);
  if (!trigger.pid) return name;
  const std::string pid = std::to_string(*trigger.pid);
  if (owner.row && !owner.itself) {
    return text_of({name, " (thread ", pid, owner.certain ? " of pid " : ", most likely of pid ",
                    std::to_string(context.row(*owner.row).pid), ")"});
  }
  return text_of({name, " (pid ", pid, ")"});
}

std::string request_text(const Context& context) {
  const Trigger& trigger = *context.report.trigger;
  if (trigger.order == -1) return " by sysrq f: somebody asked for a kill";
  std::string text;
  if (trigger.order) text = text_of({", for ", pages_of_order(context.order, context.page_size)});
  const std::string_view doing = activity(context.report.stack);
  // What the thread was doing says more of a process's own page than the kind of page does.
  const bool plain = context.request.user && !doing.empty();
  if (context.request_known && !context.request.sentence.empty() && !plain) {
    text += text_of({text.empty() ? ", for " : ": ", context.request.sentence});
  }
  if (!doing.empty()) text += text_of({", ", doing});
  return text;
}

}  // namespace

std::string pages_of_order(int order, std::optional<PageSize> page_size) {
  const std::int64_t pages = std::int64_t{1} << std::clamp(order, 0, 20);
  std::string size;
  if (page_size) size = size_text(to_bytes(Pages(pages), *page_size));
  if (order <= 0) return size.empty() ? "one page" : text_of({"one page (", size, ")"});
  const std::string count = text_of({grouped(pages), " pages in a row ("});
  return text_of({count, size, size.empty() ? "order " : ", order ", std::to_string(order), ")"});
}

void identify_trigger(Explanation& explanation, const Context& context) {
  if (!context.report.trigger) return;
  const ThreadOwner owner = owner_of_trigger(context);
  explanation.trigger_task = owner.row;
  explanation.trigger_in_victim = owner.row && owner.row == context.victim_row;
  explanation.who_asked = asker_text(context, owner) + request_text(context);
}

std::string trigger_thread_sentence(const Context& context) {
  if (!context.report.trigger || !context.report.trigger->pid) return {};
  const ThreadOwner owner = owner_of_trigger(context);
  const std::string pid = std::to_string(*context.report.trigger->pid);
  if (!owner.row) {
    // On a host it may be a thread of any process, or of the kernel: nothing to say.
    const bool victim_itself =
        !context.victim || context.victim->pid == context.report.trigger->pid;
    if (context.scope != Scope::memcg || victim_itself) return {};
    return text_of({"Who asked (", process_text(context.report.trigger->comm, std::nullopt),
                    ", pid ", pid,
                    ") is not in the table, and the log does not tell which process it is a "
                    "thread of."});
  }
  if (owner.itself) return {};
  const Task& task = context.row(*owner.row);
  return text_of({"Who asked, pid ", pid, ", is not in the table of processes: it is ",
                  owner.certain ? "a thread of " : "most likely a thread of ",
                  process_text(task.comm, task.pid), ", for ", owner.why, "."});
}

}  // namespace oomkit
