#include "policy/action.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "core/diagnostic.h"
#include "core/size_text.h"
#include "policy/words.h"
#include "scenario/signals.h"
#include "scenario/units.h"

namespace oomkit {
namespace {

using Kind = PolicyAction::Kind;

struct ActionWord {
  std::string_view word;
  Kind kind;
};
constexpr std::array<ActionWord, 17> kActionWords = {{{"log", Kind::log},
                                                      {"notify", Kind::notify},
                                                      {"warn", Kind::warn},
                                                      {"hook", Kind::hook},
                                                      {"exec", Kind::exec},
                                                      {"reclaim", Kind::reclaim},
                                                      {"memory.high", Kind::memory_high},
                                                      {"freeze", Kind::freeze},
                                                      {"thaw", Kind::thaw},
                                                      {"signal", Kind::signal},
                                                      {"term", Kind::signal},
                                                      {"kill", Kind::kill},
                                                      {"cgroup.kill", Kind::kill},
                                                      {"reap", Kind::reap},
                                                      {"sysrq", Kind::sysrq_oom},
                                                      {"restart", Kind::restart},
                                                      {"stop", Kind::signal}}};

constexpr std::chrono::milliseconds kHookTimeout{200};
constexpr std::chrono::milliseconds kTermWait{2000};
constexpr std::chrono::milliseconds kWaitMax{60'000};

class ActionReader {
 public:
  explicit ActionReader(std::string_view text) : text_(text), words_(policy_words(text)) {}

  tl::expected<PolicyAction, ExpressionError> read() {
    action_.text = std::string(text_);
    if (words_.empty()) return tl::unexpected(ExpressionError{0, 1, "an action is missing", ""});
    const std::string_view verb = take().text;
    const auto* const found =
        std::find_if(kActionWords.begin(), kActionWords.end(),
                     [&](const ActionWord& known) { return known.word == verb; });
    if (found == kActionWords.end()) return unknown(verb);
    action_.kind = found->kind;
    arguments(verb);
    if (!error_ && next_ < words_.size()) refuse("this is not expected here", "");
    if (error_) return tl::unexpected(*std::move(error_));
    return action_;
  }

 private:
  static tl::expected<PolicyAction, ExpressionError> unknown(std::string_view verb) {
    std::array<std::string_view, kActionWords.size()> names;
    std::transform(kActionWords.begin(), kActionWords.end(), names.begin(),
                   [](const ActionWord& known) { return known.word; });
    std::string hint;
    if (const std::string_view meant = nearest(verb, names); !meant.empty()) {
      hint = "did you mean \"" + std::string(meant) + "\"?";
    } else {
      for (const std::string_view name : names)
        hint += (hint.empty() ? "known: " : ", ") + std::string(name);
    }
    return tl::unexpected(
        ExpressionError{0, verb.size(), "unknown action \"" + std::string(verb) + "\"", hint});
  }

  void arguments(std::string_view verb) {
    switch (action_.kind) {
      case Kind::warn:
        return warn_level();
      case Kind::hook:
      case Kind::exec:
        return command();
      case Kind::reclaim:
      case Kind::memory_high:
        return amount();
      case Kind::signal:
        if (verb == "signal") {
          named_signal();
        } else {
          action_.signal = verb == "term" ? SIGTERM : SIGSTOP;
        }
        if (action_.signal == SIGTERM) action_.wait = kTermWait;
        return wait_for("wait");
      case Kind::kill:
        action_.signal = SIGKILL;
        return wait_for("wait");
      case Kind::sysrq_oom:
        if (!take_word("f")) refuse("only \"sysrq f\" is known", "it asks the kernel to kill");
        return;
      case Kind::restart:
        if (next_ < words_.size()) action_.command.emplace_back(take().text);
        return;
      default:
        return;
    }
  }

  void warn_level() {
    constexpr int kLow = 50;
    constexpr int kMedium = 100;
    constexpr int kCritical = 255;
    if (take_word("low")) {
      action_.level = kLow;
    } else if (take_word("medium")) {
      action_.level = kMedium;
    } else if (take_word("critical")) {
      action_.level = kCritical;
    } else {
      refuse("expected low, medium or critical", "as in \"warn medium\"");
    }
  }

  void command() {
    action_.wait = kHookTimeout;
    if (next_ >= words_.size() || words_[next_].text.front() != '/')
      return refuse("expected a program with its whole path", "as in \"hook /usr/lib/x/dump\"");
    while (next_ < words_.size() && words_[next_].text != "timeout")
      action_.command.emplace_back(take().text);
    wait_for("timeout");
  }

  void amount() {
    if (action_.kind == Kind::memory_high && take_word("max")) return;
    if (next_ >= words_.size()) return refuse("expected a size", "as in \"reclaim 500M\"");
    auto size = parse_size(words_[next_].text);
    if (!size) return refuse("expected a size", "as in \"reclaim 500M\"");
    action_.amount = *size;
    ++next_;
  }

  void named_signal() {
    const auto number = next_ < words_.size() ? signal_number(words_[next_].text) : std::nullopt;
    if (!number) return refuse("expected the name of a signal", "as in \"signal TERM\"");
    action_.signal = *number;
    ++next_;
  }

  void wait_for(std::string_view word) {
    if (!take_word(word)) return;
    if (next_ >= words_.size()) return refuse("expected a time", "as in 2s or 500ms");
    auto time = parse_duration(words_[next_].text);
    if (!time || *time > kWaitMax)
      return refuse("expected a time of up to a minute", "as in 2s or 500ms");
    action_.wait = *time;
    ++next_;
  }

  PolicyWord take() { return words_[next_++]; }
  bool take_word(std::string_view word) {
    if (next_ >= words_.size() || words_[next_].text != word) return false;
    ++next_;
    return true;
  }
  void refuse(std::string message, std::string hint) {
    if (error_) return;
    const bool at_end = next_ >= words_.size();
    error_ = ExpressionError{at_end ? text_.size() : words_[next_].offset,
                             at_end ? 1 : words_[next_].text.size(), std::move(message),
                             std::move(hint)};
  }

  std::string_view text_;
  std::vector<PolicyWord> words_;
  std::size_t next_ = 0;
  PolicyAction action_;
  std::optional<ExpressionError> error_;
};

}  // namespace

bool is_destructive(PolicyAction::Kind kind) {
  return kind == Kind::signal || kind == Kind::kill || kind == Kind::sysrq_oom ||
         kind == Kind::restart;
}

bool needs_target(PolicyAction::Kind kind) {
  return kind == Kind::reclaim || kind == Kind::memory_high || kind == Kind::freeze ||
         kind == Kind::thaw || kind == Kind::signal || kind == Kind::kill || kind == Kind::reap;
}

tl::expected<PolicyAction, ExpressionError> parse_action(std::string_view text) {
  return ActionReader(text).read();
}

}  // namespace oomkit
