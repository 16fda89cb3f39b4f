#include <algorithm>

#include "core/text.h"
#include "render/redact.h"

namespace oomkit {
namespace {

bool is_word(char c) {
  return is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_digit);
}

// The word before `at`: "guest" in "LXC guest 104".
std::string_view word_before(std::string_view sentence, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && !is_word(sentence[end - 1]))
    --end;
  std::size_t begin = end;
  while (begin > 0 && is_alpha(sentence[begin - 1]))
    --begin;
  return sentence.substr(begin, end - begin);
}

// A bare number is a name only after a word that says of what: "1000" may as well be an
// oom_score_adj.
bool names_something(std::string_view word) {
  constexpr std::string_view kWords[] = {"guest", "LXC", "lxc",     "user", "uid",
                                         "UID",   "job", "session", "task", "container"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// Length of a UUID at the beginning of `text`, with dashes or, as in unit names, with
// underscores; 0 if there is none.
std::size_t uuid_length(std::string_view text) {
  constexpr std::size_t kLength = 36;
  if (text.size() < kLength) return 0;
  for (std::size_t i = 0; i < kLength; ++i) {
    const bool mark = i == 8 || i == 13 || i == 18 || i == 23;
    if (mark ? text[i] != '-' && text[i] != '_' : !is_hex(text[i])) return 0;
  }
  return text.size() > kLength && is_word(text[kLength]) ? 0 : kLength;
}

// Length of a container's id, or the beginning of one: twelve hexadecimal digits or more
// that are not a plain number.
std::size_t hex_id_length(std::string_view text) {
  constexpr std::size_t kShortest = 12;
  std::size_t length = 0;
  bool letter = false;
  while (length < text.size() && is_hex(text[length])) {
    letter |= !is_digit(text[length]);
    ++length;
  }
  if (length < text.size() && is_word(text[length])) return 0;
  return length >= kShortest && (letter || length >= 32) ? length : 0;
}

// Length of a number after "uid" or "user"; 0 for those that name nobody.
std::size_t user_id_length(std::string_view sentence, std::size_t at) {
  const std::string_view word = word_before(sentence, at);
  if (word != "uid" && word != "UID" && word != "user") return 0;
  std::size_t length = 0;
  while (at + length < sentence.size() && is_digit(sentence[at + length]))
    ++length;
  const std::string_view number = sentence.substr(at, length);
  return number == "0" || number == "65534" ? 0 : length;
}

// Length of an absolute path; 0 for a slash on its own.
std::size_t path_length(std::string_view text) {
  if (text.size() < 2 || text[0] != '/' || !(is_word(text[1]) || text[1] == '.' || text[1] == '_'))
    return 0;
  const std::size_t end = text.find_first_of(" \t\n\"'`,;()<>|");
  std::size_t length = end == std::string_view::npos ? text.size() : end;
  while (length > 1 && (text[length - 1] == '.' || text[length - 1] == ':'))
    --length;
  return length;
}

// Places that every machine has: settings that advice names.
bool is_common_place(std::string_view path) {
  constexpr std::string_view kCommon[] = {"/proc/", "/sys/", "/dev/", "/etc/", "/var/log/pods"};
  return std::any_of(std::begin(kCommon), std::end(kCommon), [path](std::string_view common) {
    return path.substr(0, common.size()) == common;
  });
}

}  // namespace

std::string StandIns::of(std::string_view kind, std::string_view name) {
  auto kind_names = names_.find(kind);
  if (kind_names == names_.end()) kind_names = names_.try_emplace(std::string(kind)).first;
  auto& names = kind_names->second;
  if (const auto found = names.find(name); found != names.end()) return found->second;
  if (names.size() >= kNamesMax || name_bytes_ + name.size() > kNameBytesMax)
    return std::string(kind) + "-other";
  std::string stand_in = std::string(kind) + "-" + std::to_string(names.size() + 1);
  names.emplace(std::string(name), stand_in);
  name_bytes_ += name.size();
  return stand_in;
}

std::string StandIns::learned(std::string_view name, std::string stand_in) {
  if (name.empty() || known_.size() >= kKnownMax) return stand_in;
  const auto longer = [&](const Known& known) { return known.name.size() <= name.size(); };
  const auto place = std::find_if(known_.begin(), known_.end(), longer);
  if (place == known_.end() || place->name != name)
    known_.insert(place, {std::string(name), stand_in});
  return stand_in;
}

std::string StandIns::path(const std::string& name) {
  if (name.empty() || name == "/") return name;
  const std::string stand_in = of("cgroup", name);
  // Sentences name a cgroup by the last part of its path, too.
  constexpr std::size_t kTellingMin = 4;
  const std::size_t slash = name.find_last_of('/');
  if (slash != std::string::npos && name.size() - slash - 1 >= kTellingMin)
    learned(std::string_view(name).substr(slash + 1), stand_in);
  return learned(name, "/" + stand_in);
}

std::string StandIns::id(std::string_view kind, const std::string& id) {
  std::string stand_in = learned(id, of(kind, id));
  // Twelve characters are customary for containers, eight for anything.
  for (const std::size_t length : {std::size_t{12}, std::size_t{8}}) {
    if (id.size() > length) learned(std::string_view(id).substr(0, length), stand_in);
  }
  std::string spelled_in_unit = id;
  std::replace(spelled_in_unit.begin(), spelled_in_unit.end(), '-', '_');
  learned(spelled_in_unit, stand_in);
  return stand_in;
}

std::int64_t StandIns::user(std::int64_t uid) {
  if (uid == 0 || uid == -1 || uid == 65534) return uid;
  constexpr std::int64_t kFirst = 1001;
  const std::string stand_in = of("user", std::to_string(uid));
  Cursor cursor(stand_in);
  cursor.take("user-");
  return kFirst - 1 + cursor.take_integer<std::int64_t>().value_or(kNamesMax + 1);
}

std::size_t StandIns::replace_known(std::string_view sentence, std::size_t at,
                                    std::string& out) const {
  const bool in_word = at > 0 && is_word(sentence[at - 1]);
  for (const Known& known : known_) {
    const std::string_view name = known.name;
    if (sentence.substr(at, name.size()) != name) continue;
    if (in_word && is_word(name.front())) continue;
    const std::size_t end = at + name.size();
    if (end < sentence.size() && is_word(sentence[end]) && is_word(name.back()) &&
        static_cast<unsigned char>(sentence[end]) < 0x80) {
      continue;
    }
    if (all_digits(name) && !names_something(word_before(sentence, at))) continue;
    out += known.stand_in;
    return name.size();
  }
  return 0;
}

std::size_t StandIns::replace_pattern(std::string_view sentence, std::size_t at, std::string& out) {
  if (at > 0 && is_word(sentence[at - 1])) return 0;
  const std::string_view rest = sentence.substr(at);
  if (const std::size_t length = uuid_length(rest)) {
    std::string uuid(rest.substr(0, length));
    std::replace(uuid.begin(), uuid.end(), '_', '-');
    out += of("pod", uuid);
    return length;
  }
  if (const std::size_t length = hex_id_length(rest)) {
    out += of("container", rest.substr(0, length));
    return length;
  }
  if (const std::size_t length = user_id_length(sentence, at)) {
    out += of("user", rest.substr(0, length));
    return length;
  }
  const std::size_t length = path_length(rest);
  if (length == 0) return 0;
  constexpr std::string_view kCgroups = "/sys/fs/cgroup";
  if (rest.substr(0, kCgroups.size()) == kCgroups) {
    out += kCgroups;
    return kCgroups.size();  // What follows is a path of its own.
  }
  if (is_common_place(rest.substr(0, length))) return 0;
  out += "/" + of("cgroup", rest.substr(0, length));
  return length;
}

std::string StandIns::text(std::string_view sentence) {
  std::string out;
  out.reserve(sentence.size());
  for (std::size_t at = 0; at < sentence.size();) {
    std::size_t taken = replace_known(sentence, at, out);
    if (taken == 0) taken = replace_pattern(sentence, at, out);
    if (taken == 0) {
      out += sentence[at];
      taken = 1;
    }
    at += taken;
  }
  return out;
}

}  // namespace oomkit
