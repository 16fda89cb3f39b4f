// What a nohang.conf says, before it is a policy.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/import.h"

namespace oomkit {

struct NohangValue {
  std::string text;
  std::size_t line = 0;  // 0: it was not given, and this is nohang's default.
  std::size_t offset = 0;
};

// "@BADNESS_ADJ_RE_NAME -500 /// ^sshd$"
struct NohangRepeated {
  std::string key;
  std::string before, after;  // Of the "///".
  std::size_t line = 0;
  std::size_t offset = 0;
};

class NohangConfig {
 public:
  // Keys, each once; what is wrong is told.
  static NohangConfig read(const ImportSource& source, std::vector<ImportError>& errors);

  const NohangValue& value(std::string_view key) const;
  bool flag(std::string_view key) const { return value(key).text == "True"; }
  double number(std::string_view key) const;
  const std::vector<NohangRepeated>& repeated() const { return repeated_; }
  // Keys that were given, and are no matter of a policy, in the order of the file.
  const std::vector<std::pair<std::string, std::size_t>>& told_only() const { return told_only_; }
  bool checks_kernel_log() const { return checks_kernel_log_; }

 private:
  friend class NohangReader;
  std::map<std::string, NohangValue, std::less<>> values_;
  std::vector<NohangRepeated> repeated_;
  std::vector<std::pair<std::string, std::size_t>> told_only_;
  bool checks_kernel_log_ = false;
};

}  // namespace oomkit
