#include "policy/pick.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/diagnostic.h"

namespace oomkit {
namespace {

constexpr std::array<RankerEntry, 13> kRankers = {{
    {Ranker::culprit, "culprit", kShare, true, true,
     "its share of all record growth, the mean over 2, 4, 8, 16, 32 and 64 s"},
    {Ranker::growth, "growth", kSize, true, true,
     "by how much it is above all that it ever used up to 64 s ago"},
    {Ranker::badness, "badness", kNumber, true, false,
     "the kernel's points: memory, swap and page tables per mille of RAM and swap, and "
     "oom_score_adj"},
    {Ranker::oom_score, "oom_score", kNumber, true, false, "what /proc/PID/oom_score says"},
    {Ranker::rss, "rss", kSize, true, false, "resident memory"},
    {Ranker::anon, "anon", kSize, true, true, "anonymous memory"},
    {Ranker::swap, "swap", kSize, true, true, "what it has in swap"},
    {Ranker::usage, "usage", kSize, true, true, "memory and swap"},
    {Ranker::size, "size", kSize, true, true, "rss, or memory.current of a cgroup"},
    {Ranker::excess, "excess", kSize, false, true,
     "memory.current above its memory.min and memory.low"},
    {Ranker::pressure, "pressure", kShare, false, true,
     "how much of the last 10 s and 60 s all in it waited for memory (their mean)"},
    {Ranker::pgscan, "pgscan", kPerTime, false, true, "pages scanned in it per second"},
    {Ranker::age, "age", kTime, true, false, "the youngest first"},
}};

constexpr std::size_t kOrderMax = 4;
constexpr std::size_t kTermsMax = 4;

class PickReader {
 public:
  explicit PickReader(std::string_view text) : text_(text), reader_(text) { advance(); }

  tl::expected<PolicyPick, ExpressionError> read() {
    pick_.text = std::string(text_);
    kind();
    if (!error_ && take("by")) order();
    if (!error_ && take("at")) at_least();
    if (!error_ && take("recursive")) {
      pick_.recursive = true;
      if (pick_.kind != TargetKind::cgroup && pick_.kind != TargetKind::unit)
        refuse("only cgroups are picked recursively", "");
    }
    if (!error_ && token_.kind != Token::Kind::end)
      refuse("expected \"by\", \"at least\" or the end here", "as in \"process by badness\"");
    if (error_) return tl::unexpected(*std::move(error_));
    return std::move(pick_);
  }

 private:
  void kind() {
    if (take("culprit")) {
      pick_.descent = true;
      pick_.order = {{{{1.0, Ranker::culprit}}}};
    } else if (take("process")) {
      pick_.kind = take("group") ? TargetKind::process_group : TargetKind::process;
    } else if (take("cgroup")) {
      pick_.kind = TargetKind::cgroup;
    } else if (take("unit")) {
      pick_.kind = TargetKind::unit;
    } else {
      return refuse("expected culprit, process, process group, cgroup or unit here",
                    "as in \"process by badness\"");
    }
    if (!pick_.descent && !(token_.kind == Token::Kind::name && token_.text == "by"))
      refuse("by what?", "as in \"process by badness\", \"cgroup by culprit\"");
  }

  void order() {
    if (pick_.descent) return refuse("the culprit is found by growth alone", "");
    do {
      take("then");
      RankSum sum;
      do {
        term(sum);
      } while (!error_ && take_sign("+") && sum.terms.size() < kTermsMax);
      pick_.order.push_back(std::move(sum));
    } while (!error_ && take_sign(",") && pick_.order.size() < kOrderMax);
  }

  void term(RankSum& sum) {
    double weight = 1;
    if (token_.kind == Token::Kind::number) {
      weight = token_.number;
      if (!(token_.unit == kNumber)) return refuse("a weight is a plain number", "");
      advance();
      if (!take_sign("*")) return refuse("expected \"*\" here", "as in 2 * swap + rss");
    }
    const bool processes =
        pick_.kind == TargetKind::process || pick_.kind == TargetKind::process_group;
    std::vector<std::string_view> names;
    for (const RankerEntry& known : kRankers) {
      if (!(processes ? known.of_processes : known.of_cgroups)) continue;
      names.push_back(known.name);
      if (known.name != token_.text) continue;
      sum.terms.emplace_back(weight, known.ranker);
      return advance();
    }
    std::string hint;
    if (const std::string_view meant = nearest(token_.text, names); !meant.empty()) {
      hint = "did you mean \"" + std::string(meant) + "\"?";
    } else {
      for (const std::string_view name : names)
        hint += (hint.empty() ? "known: " : ", ") + std::string(name);
    }
    refuse(std::string("a ") + (processes ? "process" : "cgroup") + " has no \"" +
               std::string(token_.text) + "\"",
           hint);
  }

  void at_least() {
    if (!take("least")) return refuse("expected \"least\" here", "");
    if (token_.kind != Token::Kind::number)
      return refuse("expected an amount here", "as in at least 50M, at least 5% of swap.total");
    const Token amount = token_;
    pick_.at_least = token_.number;
    const PolicyUnit unit =
        pick_.order.empty() ? kShare : ranker_entry(pick_.order.front().terms.front().second).unit;
    advance();
    if (take("of")) {
      using Whole = PolicyPick::Whole;
      if (take("mem.total")) {
        pick_.at_least_of = Whole::mem_total;
      } else if (take("swap.total")) {
        pick_.at_least_of = Whole::swap_total;
      } else if (take("scope.capacity")) {
        pick_.at_least_of = Whole::capacity;
      } else {
        return refuse("expected mem.total, swap.total or scope.capacity here", "");
      }
      if (!amount.unit.share) refuse_at(amount, "\"of\" needs a share before it");
      return;
    }
    if (pick_.descent && amount.unit == kShare) {
      pick_.at_least_of = PolicyPick::Whole::capacity;
    } else if (amount.unit != (pick_.descent ? kSize : unit)) {
      refuse_at(amount, "this is " + unit_name(amount.unit) + ", and what is ranked by is " +
                            unit_name(pick_.descent ? kSize : unit));
    }
  }

  void advance() {
    if (error_) return;
    auto next = reader_.next();
    if (next) {
      token_ = *next;
    } else {
      error_ = next.error();
      token_ = {};
    }
  }
  bool take(std::string_view word) {
    if (token_.kind != Token::Kind::name || token_.text != word) return false;
    advance();
    return true;
  }
  bool take_sign(std::string_view sign) {
    if (token_.kind != Token::Kind::sign || token_.text != sign) return false;
    advance();
    return true;
  }
  void refuse(std::string message, std::string hint) {
    if (error_) return;
    error_ = ExpressionError{token_.offset, std::max<std::size_t>(1, token_.text.size()),
                             std::move(message), std::move(hint)};
  }
  void refuse_at(const Token& token, std::string message) {
    if (error_) return;
    error_ = ExpressionError{token.offset, token.text.size(), std::move(message), ""};
  }

  std::string_view text_;
  TokenReader reader_;
  Token token_;
  PolicyPick pick_;
  std::optional<ExpressionError> error_;
};

}  // namespace

std::span<const RankerEntry> ranker_table() {
  return kRankers;
}

const RankerEntry& ranker_entry(Ranker ranker) {
  return kRankers.at(static_cast<std::size_t>(ranker));
}

tl::expected<PolicyPick, ExpressionError> parse_pick(std::string_view text) {
  return PickReader(text).read();
}

}  // namespace oomkit
