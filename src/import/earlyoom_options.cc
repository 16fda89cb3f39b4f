// The options of earlyoom 1.3 to 1.9, as getopt_long() reads them.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "import/earlyoom.h"
#include "import/import_text.h"

namespace oomkit {
namespace {

struct EarlyoomOption {
  char letter;  // Of the long ones that have none, one that nobody can type.
  std::string_view name;
  bool has_value;
};
constexpr char kPrefer = '\1';
constexpr char kAvoid = '\2';
constexpr char kIgnore = '\3';
constexpr char kDryRun = '\4';
constexpr char kSpareRoot = '\5';
constexpr char kByRss = '\6';
constexpr char kSyslog = '\7';
constexpr char kKernelOom = '\x0e';

constexpr std::array<EarlyoomOption, 26> kEarlyoomOptions = {
    {{'m', "", true},
     {'s', "", true},
     {'M', "", true},
     {'S', "", true},
     {'k', "", false},
     {'i', "", false},
     {'n', "", false},
     {'g', "", false},
     {'N', "", true},
     {'P', "", true},
     {'d', "debug", false},
     {'v', "version", false},
     {'r', "", true},
     {'p', "", false},
     {'w', "", true},
     {'h', "help", false},
     {kPrefer, "prefer", true},
     {kAvoid, "avoid", true},
     {kIgnore, "ignore", true},
     {kDryRun, "dryrun", false},
     {kByRss, "sort-by-rss", false},
     {kSpareRoot, "ignore-root-user", false},
     {kSyslog, "syslog", false},
     {kKernelOom, "kernel-oom", false},
     {'n', "notify", false},
     {'g', "kill-group", false}}};

constexpr double kPercentMost = 100;
constexpr double kKibMost = 1e13;

class EarlyoomReader {
 public:
  EarlyoomReader(std::string_view source, std::size_t index, std::span<const PlacedText> words,
                 std::vector<ImportError>& errors)
      : places_(source), index_(index), words_(words), errors_(errors) {}

  EarlyoomSettings read() {
    while (at_ < words_.size()) {
      const PlacedText& word = words_[at_++];
      if (word.text == "--") {
        if (at_ < words_.size())
          refuse(words_[at_], 0, "an argument that earlyoom does not take", "");
        break;
      }
      if (word.text.starts_with("--")) {
        long_option(word);
      } else if (word.text.size() > 1 && word.text.front() == '-') {
        letters(word);
      } else {
        refuse(word, 0, "an argument that earlyoom does not take: " + word.text, "");
      }
    }
    return std::move(settings_);
  }

 private:
  void refuse(const PlacedText& word, std::size_t byte, std::string message, std::string hint) {
    const std::size_t begin = word.offset_at(byte);
    const std::size_t end = word.offset_at(word.text.size());
    if (errors_.size() == kImportErrorsMax) return;
    errors_.push_back({index_, places_.diagnostic(begin, end > begin ? end - begin : 1,
                                                  std::move(message), std::move(hint))});
  }
  std::size_t line_of(const PlacedText& word) const { return places_.line(word.offset_at(0)); }

  void long_option(const PlacedText& word) {
    const std::string_view text = std::string_view(word.text).substr(2);
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const EarlyoomOption* found = nullptr;
    std::size_t fitting = 0;
    for (const EarlyoomOption& option : kEarlyoomOptions) {
      if (name.empty() || !option.name.starts_with(name)) continue;
      const bool is_exact = option.name == name;
      if (found == nullptr || is_exact) found = &option;
      fitting = is_exact ? 1 : fitting + 1;
      if (is_exact) break;
    }
    if (found == nullptr || fitting > 1)
      return refuse(word, 0, "earlyoom has no option --" + std::string(name), known_names(name));
    if (equals != std::string_view::npos && !found->has_value)
      return refuse(word, 0, "--" + std::string(found->name) + " takes no value", "");
    if (equals != std::string_view::npos) return option(*found, word, part(word, 3 + equals));
    value_or_flag(*found, word);
  }

  static std::string known_names(std::string_view name) {
    std::array<std::string_view, kEarlyoomOptions.size()> names;
    std::transform(kEarlyoomOptions.begin(), kEarlyoomOptions.end(), names.begin(),
                   [](const EarlyoomOption& option) { return option.name; });
    const std::string_view meant = nearest(name, names);
    return meant.empty() ? "" : "did you mean --" + std::string(meant) + "?";
  }

  void letters(const PlacedText& word) {
    for (std::size_t i = 1; i < word.text.size(); ++i) {
      const char letter = word.text[i];
      const auto* const found =
          std::find_if(kEarlyoomOptions.begin(), kEarlyoomOptions.end(),
                       [&](const EarlyoomOption& option) { return option.letter == letter; });
      const bool is_typed = letter >= ' ';
      if (found == kEarlyoomOptions.end() || !is_typed)
        return refuse(word, i, "earlyoom has no option -" + comment_text({&letter, 1}), "");
      if (found->has_value && i + 1 < word.text.size())
        return option(*found, word, part(word, i + 1));
      value_or_flag(*found, word);
    }
  }

  void value_or_flag(const EarlyoomOption& found, const PlacedText& word) {
    if (!found.has_value) return option(found, word, {});
    if (at_ == words_.size()) return refuse(word, 0, "a value is missing after " + word.text, "");
    option(found, word, words_[at_++]);
  }

  static PlacedText part(const PlacedText& word, std::size_t begin) {
    PlacedText rest;
    rest.text = word.text.substr(begin);
    rest.offsets.assign(word.offsets.begin() + static_cast<std::ptrdiff_t>(begin),
                        word.offsets.end());
    return rest;
  }

  void option(const EarlyoomOption& which, const PlacedText& word, const PlacedText& value) {
    switch (which.letter) {
      case 'm':
        settings_.has_mem = limit(value, settings_.mem, kPercentMost);
        return;
      case 's':
        settings_.has_swap = limit(value, settings_.swap, kPercentMost);
        return;
      case 'M':
        limit(value, settings_.mem_kib.emplace(), kKibMost);
        return;
      case 'S':
        limit(value, settings_.swap_kib.emplace(), kKibMost);
        return;
      case 'n':
        settings_.notify = true;
        return;
      case 'g':
        settings_.group = true;
        return;
      case 'N':
        return program(value, settings_.after);
      case 'P':
        return program(value, settings_.before);
      case 'w':
        return wait(value);
      case kPrefer:
        settings_.prefer = {value.text, line_of(value)};
        return;
      case kAvoid:
        settings_.avoid = {value.text, line_of(value)};
        return;
      case kIgnore:
        settings_.ignore = {value.text, line_of(value)};
        return;
      case kDryRun:
        settings_.dry_run = true;
        return;
      case kByRss:
        settings_.by_rss = true;
        return;
      case kSpareRoot:
        settings_.spare_root = true;
        return;
      case kKernelOom:
        settings_.kernel_oom = true;
        return;
      default:
        return other(which, word, value);
    }
  }

  // What is no matter of a policy.
  void other(const EarlyoomOption& which, const PlacedText& word, const PlacedText& value) {
    const auto note = [&](std::string what, std::string why, std::string instead) {
      settings_.notes.push_back(
          {index_, line_of(word), std::move(what), std::move(why), std::move(instead)});
    };
    switch (which.letter) {
      case 'r':
        if (!import_number(value.text)) refuse(value, 0, "expected seconds here", "as in -r 3600");
        return note("-r " + value.text, "the guard prints no reports now and then",
                    "oom guard --record FILE");
      case 'd':
        return note("-d", "it is about earlyoom's own words", "oom guard --record FILE");
      case 'p':
        return note("-p", "the guard always takes the first turn and is never chosen", "");
      case 'k':
      case 'i':
        return note(std::string("-") + which.letter, "earlyoom itself ignores it", "");
      case kSyslog:
        return note("--syslog", "decisions go to the journal where there is one",
                    "oom guard --record FILE");
      default:
        return refuse(word, 0,
                      "with " + word.text + " earlyoom guards nothing: it says it and ends", "");
    }
  }

  // "10", "10,5"; whether it makes sense.
  bool limit(const PlacedText& value, EarlyoomLimit& limit, double most) {
    const std::size_t comma = value.text.find(',');
    const auto term = import_number(std::string_view(value.text).substr(0, comma));
    if (!term || *term > most) {
      refuse(value, 0, "expected a number" + range_text(most) + " here", "as in -m 10,5");
      return false;
    }
    limit.term = *term;
    limit.kill = *term / 2;
    if (comma != std::string::npos) {
      const auto kill = import_number(std::string_view(value.text).substr(comma + 1));
      if (!kill || *kill > most) {
        refuse(value, comma + 1, "expected a number" + range_text(most) + " here", "as in -m 10,5");
        return false;
      }
      limit.kill = *kill;
    }
    if (limit.term < limit.kill) {
      settings_.notes.push_back({index_, line_of(value), value.text,
                                 "below the limit for SIGKILL nothing is left for SIGTERM; "
                                 "earlyoom takes the second for both, and so does this",
                                 ""});
      limit.term = limit.kill;
    }
    if (limit.term == 0) {
      refuse(value, 0, "at 0 earlyoom would never act, and refuses it", "");
      return false;
    }
    return true;
  }
  static std::string range_text(double most) {
    return most == kPercentMost ? " from 0 to 100" : " of KiB";
  }

  void program(const PlacedText& value, std::optional<EarlyoomProgram>& program) {
    if (!value.text.starts_with('/'))
      return refuse(value, 0, "expected a program with its whole path here", "");
    program = {value.text, line_of(value)};
  }

  void wait(const PlacedText& value) {
    const auto seconds = import_number(value.text);
    if (!seconds) return refuse(value, 0, "expected seconds here", "as in -w 10");
    settings_.wait_s = *seconds;
  }

  ImportPlaces places_;
  std::size_t index_;
  std::span<const PlacedText> words_;
  std::vector<ImportError>& errors_;
  EarlyoomSettings settings_;
  std::size_t at_ = 0;
};

}  // namespace

EarlyoomSettings read_earlyoom(std::string_view source, std::size_t source_index,
                               std::span<const PlacedText> words,
                               std::vector<ImportError>& errors) {
  return EarlyoomReader(source, source_index, words, errors).read();
}

}  // namespace oomkit
