#include "explain/processes.h"

#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
namespace {

constexpr std::size_t kWorkersMin = 8;
constexpr double kSharePercent = 25;

// A runtime's own cap covers only its heap: what is left for it is the limit less all
// that others hold.
std::optional<std::string> heap_advice(const Context& context, Bytes rss) {
  if (context.scope != Scope::memcg || !context.said.ledger || !context.memcg->memory ||
      !context.memcg->memory->limit) {
    return std::nullopt;
  }
  const Bytes others = minus(context.said.ledger->total, rss);
  const Bytes room = minus(to_bytes(*context.memcg->memory->limit), std::max(others, Bytes(0)));
  if (room <= Bytes(0)) return std::nullopt;
  std::string rest;
  if (others > Bytes(0)) {
    rest = text_of({", the limit less the ", size_text(others), " of everything else"});
  }
  return text_of(
      {"if it is one process with a heap of its own, cap the heap (-Xmx or "
       "MaxRAMPercentage, GOMEMLIMIT, --max-old-space-size): all of it, with stacks, "
       "buffers and the allocator's spare memory, has to stay below ",
       size_text(room), rest});
}

}  // namespace

bool may_be_swarm(const Context& context) {
  if (!context.whole) return false;
  // Names that fall together count together: most tables have no place where so many do.
  struct Place {
    Bytes sum;
    std::size_t count = 0;
  };
  std::array<Place, 256> places{};
  for (const ProcessUse& process : context.said.processes) {
    Place& place = places[process.comm.hash() >> 56U];
    place.sum = plus(place.sum, std::max(process.use(), Bytes(0)));
    ++place.count;
  }
  return std::any_of(places.begin(), places.end(), [&](const Place& place) {
    return place.count >= kWorkersMin && at_least(place.sum, kSharePercent, *context.whole);
  });
}

std::optional<Swarm> swarm_of(const Context& context) {
  if (context.said.by_name.empty() || !context.whole) return std::nullopt;
  const NameSum& top = context.said.by_name.front();
  Swarm swarm{top.comm, top.count, plus(top.rss, top.swap), Bytes(0)};
  if (swarm.count < kWorkersMin || !at_least(swarm.sum, kSharePercent, *context.whole)) {
    return std::nullopt;
  }
  for (const Task& task : context.report.at.tasks) {
    if (task.comm != top.comm) continue;
    swarm.largest = std::max(swarm.largest, use_bytes(task, context.page_size).value_or(Bytes(0)));
  }
  // One large process with small helpers of its name is no swarm.
  if (at_least(swarm.largest, 25, swarm.sum)) return std::nullopt;
  return swarm;
}

std::optional<Finding> find_single_process(const Context& context) {
  if (!context.largest_row || !context.largest_use || !context.whole) return std::nullopt;
  const Task& task = context.row(*context.largest_row);
  const auto rss = rss_bytes(task, context.page_size);
  if (!rss || !at_least(*rss, kSinglePercent, *context.whole)) return std::nullopt;
  const bool is_victim = context.victim_row == context.largest_row;
  auto finding =
      say(FindingId::single_process, Severity::notice,
          text_of({process_text(task.comm, task.pid), " alone held ", size_text(*rss), " of ",
                   context.whole_text(), " (", share_text(*rss, *context.whole), ")"}),
          is_victim ? "It is the one that was killed." : "It is not the one that was killed.");
  if (!context.victim) finding.detail = "Nobody is known to have been killed.";
  if (*rss > *context.whole) {
    finding.detail +=
        " It is more than the whole: pages of files that it maps count in its rss and "
        "may be charged to others.";
  }
  if (const auto anon = bytes_of_pages(task.rss_anon, context.page_size)) {
    finding.detail += text_of({" ", size_text(*anon), " of it are private (rss_anon)."});
    finding.numbers.push_back(bytes_number("rss_anon_bytes", *anon));
  }
  const auto swap = bytes_of_pages(task.swapents, context.page_size);
  if (swap && *swap > Bytes(0)) {
    finding.detail += text_of({" Another ", size_text(*swap), " of it were out in swap."});
    finding.numbers.push_back(bytes_number("swap_bytes", *swap));
  }
  finding.detail += " One report cannot tell whether it grew or has always been that large.";
  finding.numbers.push_back(bytes_number("rss_bytes", *rss));
  finding.numbers.push_back(share_number("share_percent", *rss, *context.whole));
  finding.numbers.push_back(count_number("pid", task.pid));
  finding.lines = evidence({task.line});
  if (auto advice = heap_advice(context, *rss)) {
    finding.advice.push_back(*std::move(advice));
  } else if (context.scope == Scope::host) {
    finding.advice.push_back(
        text_of({"a limit of its own (MemoryMax= of its unit) below ", size_text(*rss),
                 " would have made it fail alone, before the host was out of memory"}));
  }
  return finding;
}

std::optional<Finding> find_many_workers(const Context& context) {
  const auto swarm = swarm_of(context);
  if (!swarm) return std::nullopt;
  const auto count = static_cast<std::int64_t>(swarm->count);
  const Bytes mean = swarm->sum / count;
  const std::string share = share_text(swarm->sum, *context.whole);
  auto finding =
      say(FindingId::many_workers, Severity::warning,
          text_of({grouped(count), " processes named ", process_text(swarm->comm, std::nullopt),
                   " held ", size_text(swarm->sum), " together (", share, " of ",
                   context.whole_text(), ")"}),
          text_of({"The largest of them has ", size_text(swarm->largest), ", the mean is ",
                   size_text(mean),
                   ": none is to blame alone, and killing one frees little. What matters is how "
                   "many there are."}));
  if (!context.report.at.tasks.front().rss_anon) {
    finding.detail += " Memory that they share is counted once for each of them.";
  }
  finding.numbers = {count_number("count", count), bytes_number("sum_bytes", swarm->sum),
                     bytes_number("largest_bytes", swarm->largest),
                     share_number("share_percent", swarm->sum, *context.whole)};
  for (const Task& task : context.report.at.tasks) {
    constexpr std::size_t kLinesMax = 5;
    if (finding.lines.size() >= kLinesMax) break;
    if (task.comm == swarm->comm) add_evidence(finding.lines, task.line);
  }
  finding.advice = {text_of({"lower the number of workers: with ", grouped(count * 4 / 5),
                             " instead of ", grouped(count), ", at ", size_text(mean), " each, ",
                             size_text(mean * (count - count * 4 / 5)), " would have been free"})};
  return finding;
}

}  // namespace oomkit
