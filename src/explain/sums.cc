// The ledger as findings: the sum itself, and what it could not account for.
#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/ledger.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
namespace {

// A share of the whole from which a remainder is a finding of its own: below it, it is
// the per-cpu batches by which all such counters lag.
constexpr double kNoticePercent = 5;
constexpr double kWarningPercent = 10;

bool of_host(const Ledger& ledger) {
  return ledger.whole == Ledger::Whole::host_ram;
}

std::vector<std::uint64_t> ledger_lines(const Context& context) {
  if (of_host(*context.said.ledger)) {
    return evidence({context.host->counters_line, context.host->ram_line});
  }
  auto lines = evidence({context.memcg->memory->line, context.memcg->stat_line});
  constexpr std::size_t kSubtreeLinesMax = 8;
  for (std::size_t i = 0; i < std::min(context.memcg->subtree.size(), kSubtreeLinesMax); ++i) {
    add_evidence(lines, context.memcg->subtree[i].line);
  }
  return lines;
}

std::string remainder_sentence(const Ledger& ledger) {
  const Bytes rest = ledger.unaccounted;
  if (rest == Bytes(0)) return "It adds up exactly.";
  if (rest < Bytes(0)) {
    return text_of({"The kernel's statistics add up to ", size_text(minus(Bytes(0), rest)), " (",
                    share_text(minus(Bytes(0), rest), ledger.total), ") more than ",
                    of_host(ledger) ? "the RAM" : "the usage",
                    ": they are kept per cpu and lag behind."});
  }
  return text_of(
      {size_text(rest), " (", share_text(rest, ledger.total), ") are not accounted for."});
}

// What takes memory that no counter of the report shows.
std::string suspects(const Context& context) {
  if (of_host(*context.said.ledger)) {
    return "Who takes memory past these counters: drivers and GPUs, vmalloc, a balloon of the "
           "hypervisor, socket buffers, per-cpu data, zram, ZFS.";
  }
  if (context.said.ledger->approximate) {
    return "This kernel does not print all memory that it charges to a group for itself "
           "(page tables, per-cpu data, network), and that is what is missing.";
  }
  return "What is charged to a group and shown by no statistic: pages in the batches of single "
         "cpus, and charges of groups that were removed.";
}

}  // namespace

std::optional<Finding> find_memory_sums(const Context& context) {
  if (!context.said.ledger) return std::nullopt;
  const Ledger& ledger = *context.said.ledger;
  std::vector<std::string> parts;
  Bytes known(0);
  auto finding = say(FindingId::memory_sums, Severity::info, "", "");
  for (const LedgerRow& row : ledger.rows) {
    known = plus(known, row.amount);
    finding.numbers.push_back(bytes_number(text_of({row.key, "_bytes"}), row.amount));
    parts.push_back(text_of({row.label, " ", size_text(row.amount)}));
  }
  constexpr std::size_t kPartsMax = 6;
  if (parts.size() > kPartsMax) {
    Bytes rest(0);
    for (std::size_t i = kPartsMax; i < ledger.rows.size(); ++i)
      rest = plus(rest, ledger.rows[i].amount);
    parts.resize(kPartsMax);
    parts.push_back("all else " + size_text(rest));
  }
  const std::string whole = of_host(ledger) ? " of RAM" : " in use";
  finding.title = text_of({size_text(known), " of the ", size_text(ledger.total), whole,
                           ledger.unaccounted < Bytes(0) ? " are accounted for, and a little more"
                                                         : " are accounted for"});
  finding.detail = text_of({list_text(parts), ". ", remainder_sentence(ledger)});
  if (ledger.approximate && !of_host(ledger)) {
    finding.detail +=
        " This kernel prints no total of its own memory in a group: the parts that it "
        "prints were summed.";
  }
  finding.numbers.push_back(bytes_number("total_bytes", ledger.total));
  finding.numbers.push_back(bytes_number("unaccounted_bytes", ledger.unaccounted));
  finding.numbers.push_back(share_number("unaccounted_percent", ledger.unaccounted, ledger.total));
  finding.lines = ledger_lines(context);
  return finding;
}

std::optional<Finding> find_unaccounted_memory(const Context& context) {
  if (!context.said.ledger) return std::nullopt;
  const Ledger& ledger = *context.said.ledger;
  const Bytes rest = ledger.unaccounted;
  if (rest < kMiB || !at_least(rest, kNoticePercent, ledger.total)) return std::nullopt;
  const bool much = at_least(rest, kWarningPercent, ledger.total);
  auto finding =
      say(FindingId::unaccounted_memory, much ? Severity::warning : Severity::notice,
          text_of({size_text(rest), of_host(ledger) ? " of RAM" : " of the group's memory",
                   " appear in no counter (", share_text(rest, ledger.total), ")"}),
          text_of({size_text(ledger.total), of_host(ledger) ? " of RAM less " : " in use less ",
                   size_text(minus(ledger.total, rest)), " that the report names leave ",
                   size_text(rest), ". ", suspects(context)}));
  finding.numbers = {bytes_number("unaccounted_bytes", rest),
                     bytes_number("total_bytes", ledger.total),
                     share_number("share_percent", rest, ledger.total)};
  finding.lines = ledger_lines(context);
  if (of_host(ledger)) {
    finding.advice = {
        "look while it runs: /proc/vmallocinfo, VmallocUsed and Percpu in /proc/meminfo, "
        "/proc/net/sockstat, the driver's own statistics; on 6.10 and later /proc/allocinfo"};
  }
  return finding;
}

}  // namespace oomkit
