// Colour, by meaning only: what is bad, what is doubtful, what is beside the point.
//
// Sixteen-colour codes, so that the terminal's own theme decides how they look on its
// background. Without colour every role is the same plain text, and nothing is said by
// colour alone.
#pragma once

#include <string>
#include <string_view>

namespace oomkit {

enum class Role { plain, strong, critical, warning, process_memory, unowned_memory, aside };

class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}

  void append(std::string& out, Role role, std::string_view text) const {
    begin(out, role);
    out += text;
    end(out, role);
  }
  void begin(std::string& out, Role role) const {
    if (on_ && role != Role::plain) out += code(role);
  }
  void end(std::string& out, Role role) const {
    if (on_ && role != Role::plain) out += "\x1b[0m";
  }

 private:
  static std::string_view code(Role role) {
    switch (role) {
      case Role::strong:
        return "\x1b[1m";
      case Role::critical:
        return "\x1b[1;31m";
      case Role::warning:
        return "\x1b[33m";
      case Role::process_memory:
        return "\x1b[34m";
      case Role::unowned_memory:
        return "\x1b[35m";
      case Role::aside:
        return "\x1b[2m";
      case Role::plain:
        break;
    }
    return "";
  }

  bool on_;
};

}  // namespace oomkit
