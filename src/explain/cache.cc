// What fills a group or a host without being a process's private memory: sockets, tmpfs,
// locked pages, file pages that wait for a disk, file pages that are read again and again.
#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/ledger.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
namespace {

Severity graded(Bytes part, Bytes whole, double warning, double critical) {
  if (at_least(part, critical, whole)) return Severity::critical;
  return at_least(part, warning, whole) ? Severity::warning : Severity::notice;
}

std::optional<Bytes> amount_of(const Context& context, std::optional<Bytes> MemcgAmounts::*in_memcg,
                               std::string_view on_host) {
  if (context.in_group()) {
    return context.amounts ? (*context.amounts).*in_memcg : std::optional<Bytes>();
  }
  return context.host != nullptr ? host_amount(*context.host, on_host, context.page_size)
                                 : std::nullopt;
}

// Shared memory that processes have mapped, by the table's own column (6.8 on).
std::optional<Bytes> mapped_shmem(const Context& context) {
  std::optional<Bytes> sum;
  for (const Task& task : context.report.at.tasks) {
    if (const auto part = bytes_of_pages(task.rss_shmem, context.page_size)) {
      sum = plus(sum.value_or(Bytes(0)), *part);
    }
  }
  return sum;
}

std::optional<std::int64_t> event(const Context& context, std::string_view name) {
  if (context.memcg == nullptr) return std::nullopt;
  const auto total = context.memcg->stat.find("total_" + std::string(name));
  return total ? total : context.memcg->stat.find(name);
}

}  // namespace

std::optional<Finding> find_socket_memory(const Context& context) {
  if (!context.in_group() || !context.amounts || !context.amounts->sock || !context.whole) {
    return std::nullopt;
  }
  const Bytes sock = *context.amounts->sock;
  if (!at_least(sock, 10, *context.whole)) return std::nullopt;
  const std::string share = share_text(sock, *context.whole);
  auto finding = say(
      FindingId::socket_memory, graded(sock, *context.whole, 20, 50),
      text_of({size_text(sock), " of ", context.whole_text(), " (", share, ") are socket buffers"}),
      text_of({grouped(sock.count()), " of ", grouped(context.whole->count()), " bytes (", share,
               ") are data that arrived and was not read yet, or was written and not sent yet. "
               "They belong to the group's sockets and are in no process's rss."}));
  finding.numbers = {bytes_number("sock_bytes", sock), bytes_number("limit_bytes", *context.whole),
                     share_number("share_percent", sock, *context.whole)};
  if (context.amounts->anon) {
    finding.detail += text_of(
        {" Anonymous memory of all its processes is ", size_text(*context.amounts->anon), "."});
    finding.numbers.push_back(bytes_number("anon_bytes", *context.amounts->anon));
  }
  finding.lines =
      evidence({context.memcg->stat_line, context.memcg->memory ? context.memcg->memory->line : 0});
  finding.advice = {
      "find out why the data is not taken: ss -tmp inside the container shows the queues of each "
      "socket; a larger heap or limit only lets them grow further",
      "cap what one socket may queue: net.ipv4.tcp_rmem and tcp_wmem (third value), SO_RCVBUF and "
      "SO_SNDBUF, or fewer connections at a time",
      "watch `sock` in memory.stat and `max` in memory.events, which rise before the limit kills"};
  return finding;
}

std::optional<Finding> find_shmem_heavy(const Context& context) {
  if (!context.whole) return std::nullopt;
  const auto shmem = amount_of(context, &MemcgAmounts::shmem, "shmem");
  if (!shmem || !at_least(*shmem, 10, *context.whole)) return std::nullopt;
  auto finding =
      say(FindingId::shmem_heavy, graded(*shmem, *context.whole, 20, 50),
          text_of({size_text(*shmem), " of ", context.whole_text(), " (",
                   share_text(*shmem, *context.whole), ") are tmpfs files and shared memory"}),
          "They stay until the file or the segment is removed: killing a process does not "
          "free them, and without swap the kernel cannot give them up.");
  finding.numbers = {
      bytes_number("shmem_bytes", *shmem),
      bytes_number(context.in_group() ? "limit_bytes" : "total_bytes", *context.whole),
      share_number("share_percent", *shmem, *context.whole)};
  if (const auto mapped = mapped_shmem(context)) {
    finding.numbers.push_back(bytes_number("mapped_by_tasks_bytes", *mapped));
    finding.detail += *mapped < *shmem / 2
                          ? text_of({" Processes have only ", size_text(*mapped),
                                     " of it mapped: most are files."})
                          : text_of({" Processes have ", size_text(*mapped),
                                     " of it mapped, counted once for each that shares it."});
  }
  finding.lines = evidence({context.statistics_line()});
  finding.advice = {
      "look for the files: df -t tmpfs, du on /dev/shm and /tmp, ipcs -m; in "
      "Kubernetes emptyDir volumes with medium: Memory"};
  finding.advice.emplace_back("cap them: size= of the tmpfs mount, sizeLimit of the emptyDir");
  return finding;
}

std::optional<Finding> find_dirty_cache(const Context& context) {
  if (!context.whole) return std::nullopt;
  const auto dirty = amount_of(context, &MemcgAmounts::dirty, "dirty");
  const auto writeback = amount_of(context, &MemcgAmounts::writeback, "writeback");
  const Bytes unwritten = plus(dirty.value_or(Bytes(0)), writeback.value_or(Bytes(0)));
  if (unwritten <= Bytes(0) || !at_least(unwritten, 20, *context.whole)) return std::nullopt;
  auto finding = say(FindingId::dirty_cache, graded(unwritten, *context.whole, 30, 60),
                     text_of({size_text(unwritten), " of ", context.whole_text(), " (",
                              share_text(unwritten, *context.whole),
                              ") are file pages that were not on disk yet"}),
                     text_of({size_text(dirty.value_or(Bytes(0))), " dirty and ",
                              size_text(writeback.value_or(Bytes(0))),
                              " on their way to the disk: such pages cannot be dropped, and they "
                              "came faster than the disk took them."}));
  const bool v1 = context.in_group() && context.memcg->version == 1;
  if (v1) {
    finding.detail += " A cgroup v1 does not slow down who writes to fit its own limit; v2 does.";
    finding.advice.emplace_back("use cgroup v2, where the io controller slows down the writer");
  }
  finding.advice.emplace_back(
      "write in smaller steps (fsync, O_DIRECT, or a limit on the writer's speed), or lower "
      "vm.dirty_bytes and vm.dirty_background_bytes");
  finding.numbers = {bytes_number("dirty_bytes", dirty.value_or(Bytes(0))),
                     bytes_number("writeback_bytes", writeback.value_or(Bytes(0))),
                     share_number("share_percent", unwritten, *context.whole)};
  finding.lines = evidence({context.statistics_line()});
  return finding;
}

std::optional<Finding> find_unevictable_heavy(const Context& context) {
  if (!context.whole) return std::nullopt;
  const auto locked = amount_of(context, &MemcgAmounts::unevictable, "unevictable");
  if (!locked || *locked <= Bytes(0) || !at_least(*locked, 20, *context.whole)) return std::nullopt;
  auto finding =
      say(FindingId::unevictable_heavy, graded(*locked, *context.whole, 40, 70),
          text_of({size_text(*locked), " of ", context.whole_text(), " (",
                   share_text(*locked, *context.whole), ") may not be moved out or dropped"}),
          "Pages locked with mlock(), of locked shared memory or of ramfs: neither swap "
          "nor reclaim can touch them, and the reaper cannot free them before the "
          "process is gone.");
  finding.numbers = {bytes_number("unevictable_bytes", *locked),
                     share_number("share_percent", *locked, *context.whole)};
  finding.lines = evidence({context.statistics_line()});
  finding.advice = {"cap what may be locked: ulimit -l, LimitMEMLOCK= of the unit"};
  return finding;
}

std::optional<Finding> find_page_cache_thrash(const Context& context) {
  if (!context.in_group() || !context.amounts || !context.whole) return std::nullopt;
  auto refaults = event(context, "workingset_refault_file");
  if (!refaults) refaults = event(context, "workingset_refault");  // Up to 5.8: of files only.
  const auto stolen = event(context, "pgsteal");
  const auto scanned = event(context, "pgscan");
  const auto& active = context.amounts->active_file;
  const auto& inactive = context.amounts->inactive_file;
  if (!refaults || !stolen || !scanned || (!active && !inactive)) return std::nullopt;
  const Bytes lists = plus(active.value_or(Bytes(0)), inactive.value_or(Bytes(0)));
  // Few pages of files are left, and what is taken from them is soon read back: each of
  // these events is a page that had to come from the disk again.
  constexpr std::int64_t kRefaultsMin = 1024;
  const bool tiny = !at_least(lists, 5, *context.whole);
  const bool again = *refaults >= kRefaultsMin && *stolen > 0 && *refaults >= *stolen / 2;
  if (!tiny || !again) return std::nullopt;
  auto finding =
      say(FindingId::page_cache_thrash, Severity::warning,
          text_of({"Pages of files were thrown out and read back ", grouped(*refaults), " times"}),
          text_of({"Only ", size_text(lists), " of file pages were left. Of ", grouped(*stolen),
                   " pages that reclaim took since the group began, ", grouped(*refaults),
                   " were soon needed again (workingset_refault_file); it looked at ",
                   grouped(*scanned),
                   " pages for that. The processes were slow before the kill "
                   "came: programs and libraries are such pages."}));
  finding.numbers = {count_number("refaults", *refaults), count_number("pgsteal", *stolen),
                     count_number("pgscan", *scanned), bytes_number("file_lists_bytes", lists)};
  finding.lines = evidence({context.memcg->stat_line});
  finding.advice = {
      "what filled the group has to shrink, or the limit to grow by the files in use; "
      "memory.pressure (full) and workingset_refault_file show it minutes before the "
      "kill"};
  return finding;
}

}  // namespace oomkit
