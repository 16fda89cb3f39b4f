// Reports that can be shown to strangers: hosts, users, paths and ids become stand-ins.
//
// The same name gets the same stand-in all through a document ("host-1", "pod-2"), so
// that what belongs together still does. Names are replaced where they stand in a field
// of their own, and wherever the sentences of findings, a killer's words or a panic's
// text repeat them; what looks like an id or a path there is replaced even if no field
// told of it. Process names, pids, kernel versions and all amounts stay: they are what
// the report is about. User ids stay where they name nobody (0, -1, 65534).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "render/renderer.h"

namespace oomkit {

// Which name has which stand-in, and where in a sentence names stand.
class StandIns {
 public:
  // A document of a million pods must not fill memory: beyond this many names of a kind,
  // all others share one stand-in ("pod-other").
  static constexpr std::size_t kNamesMax = 20000;
  static constexpr std::size_t kNameBytesMax = std::size_t{8} << 20;
  // What sentences of one report may repeat; patterns find what is beyond.
  static constexpr std::size_t kKnownMax = 256;

  std::string host(const std::string& name) { return learned(name, of("host", name)); }
  std::string path(const std::string& name);
  std::string input(const std::string& name) { return learned(name, of("input", name)); }
  // A unit, guest, job or pod: `kind` and a number.
  std::string name(std::string_view kind, const std::string& name) {
    return learned(name, of(kind, name));
  }
  // An id that sentences may show the beginning of.
  std::string id(std::string_view kind, const std::string& id);
  std::int64_t user(std::int64_t uid);

  // A sentence: the names met since forget(), and what looks like an id or a path.
  std::string text(std::string_view sentence);

  // The next report begins: its sentences repeat its own names, not those of the last.
  void forget() { known_.clear(); }

 private:
  struct Known {
    std::string name;
    std::string stand_in;
  };

  std::string of(std::string_view kind, std::string_view name);
  std::string learned(std::string_view name, std::string stand_in);
  std::size_t replace_known(std::string_view sentence, std::size_t at, std::string& out) const;
  std::size_t replace_pattern(std::string_view sentence, std::size_t at, std::string& out);

  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> names_;
  std::size_t name_bytes_ = 0;
  std::vector<Known> known_;  // Longest name first.
};

class Redactor {
 public:
  Explanation redacted(const Explanation& explanation);
  Incident redacted(const Incident& incident);
  OtherEvent redacted(const OtherEvent& event);
  InputLine redacted(const InputLine& input);

 private:
  void redact(OomReport& report);
  void redact(std::optional<CgroupIdentity>& identity);
  void redact(std::vector<Finding>& findings);
  void text(std::string& sentence) { sentence = stand_ins_.text(sentence); }
  void text(std::optional<std::string>& sentence) {
    if (sentence) text(*sentence);
  }
  void path(std::optional<std::string>& path) {
    if (path) path = stand_ins_.path(*path);
  }

  StandIns stand_ins_;
};

// Hands redacted copies of all it gets to `inner`.
std::unique_ptr<Renderer> make_redacting_renderer(std::unique_ptr<Renderer> inner);

}  // namespace oomkit
