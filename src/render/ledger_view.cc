#include "core/size_text.h"
#include "render/quantity.h"
#include "render/report_view.h"

namespace oomkit {
namespace {

std::string title_of(const Ledger& ledger) {
  const std::string size = size_text(ledger.limit.value_or(ledger.total));
  if (ledger.whole == Ledger::Whole::host_ram) return "Where the " + size + " of RAM went";
  return "Where the " + size + " went";
}

// How the usage stands to the limit, for the line of the total.
std::string limit_note(const Ledger& ledger) {
  if (!ledger.limit) return "";
  const Bytes over = ledger.total - *ledger.limit;
  if (over.count() == 0) return "exactly the limit";
  if (over.count() > 0) return size_text(over) + " above the limit";
  return size_text(Bytes(0) - over) + " below the limit";
}

}  // namespace

std::optional<LedgerView> make_ledger_view(const Explanation& explanation) {
  if (!explanation.ledger) return std::nullopt;
  const Ledger& ledger = *explanation.ledger;
  const Bytes base = ledger.limit.value_or(ledger.total);
  LedgerView view;
  view.title = title_of(ledger);
  view.whole = ledger.total;
  view.limit = ledger.limit;
  for (const LedgerRow& row : ledger.rows) {
    if (row.amount.count() == 0) continue;  // JSON has these as well; a page of them says nothing.
    view.lines.push_back({LedgerLine::Kind::part, std::string(row.key), std::string(row.label),
                          row.amount, share_of(row.amount, base), row.in_no_process, row.note});
    view.some_in_no_process |= row.in_no_process;
  }
  const bool more_than_whole = ledger.unaccounted.count() < 0;
  view.lines.push_back({LedgerLine::Kind::unaccounted, "unaccounted",
                        more_than_whole ? "counted twice" : "not explained", ledger.unaccounted,
                        share_of(ledger.unaccounted, base), false,
                        more_than_whole ? "the statistics lag behind" : ""});
  const bool of_memcg = ledger.whole == Ledger::Whole::memcg_usage;
  view.lines.push_back({LedgerLine::Kind::whole, "", of_memcg ? "usage" : "RAM", ledger.total,
                        share_of(ledger.total, base), false, limit_note(ledger)});
  return view;
}

}  // namespace oomkit
