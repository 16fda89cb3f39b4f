#include "guest/actions.h"

#include <cerrno>
#include <csignal>

#include <sys/types.h>

#include "core/text.h"
#include "guest/capture.h"
#include "guest/clock.h"
#include "guest/modules.h"
#include "guest/observe.h"
#include "guest/small_file.h"
#include "scenario/names.h"
#include "scenario/signals.h"

namespace oomkit::guest {
namespace {

bool is_comm(const Plan& plan, std::string_view name) {
  for (const std::string& comm : plan.comms) {
    if (comm == name) return true;
  }
  return false;
}

// Enough of what is no text (a core file) to tell what it is, and of a text what a record
// can hold.
std::string_view readable_part(std::string_view text) {
  constexpr std::size_t kTextMax = 64 << 10;
  constexpr std::size_t kBinaryMax = 64;
  const bool is_binary = text.starts_with("\x7f");
  return text.substr(0, is_binary ? kBinaryMax : kTextMax);
}

}  // namespace

Slot* find_slot(Board& board, const Plan& plan, std::string_view name) {
  int instance = 1;
  const std::size_t dot = name.rfind('.');
  if (!is_comm(plan, name) && dot != std::string_view::npos) {
    Cursor cursor(name.substr(dot + 1));
    instance = cursor.take_integer<int>().value_or(1);
    name = name.substr(0, dot);
  }
  for (std::size_t i = 0; i < board.slots_taken(); ++i) {
    Slot& slot = board.slot(i);
    if (slot.pid.load() != 0 && slot.instance == instance && name == slot.comm) return &slot;
  }
  return nullptr;
}

void Actions::tell(EventLine event) {
  event.by = by_;
  const std::int64_t since_begin = now_ns() - board_.begin_ns();
  protocol_->event(since_begin / kNanosecondsPerMillisecond, event);
}

PathText Actions::path_of(const Action& action) {
  std::string_view rest = action.file;
  if (rest.find('{') == std::string_view::npos) return real_path(*plan_->stage, rest);
  PathText path;
  while (true) {
    const std::size_t open = rest.find('{');
    path.append(rest.substr(0, open));
    if (open == std::string_view::npos) return path;
    const std::size_t close = rest.find('}', open);
    const Slot* slot = find_slot(board_, *plan_, rest.substr(open + 1, close - open - 1));
    path.append(slot == nullptr ? 0 : slot->pid.load());
    rest.remove_prefix(close + 1);
  }
}

void Actions::perform(const Action& action, std::string_view by) {
  by_ = by;
  switch (action.kind) {
    case Action::Kind::write:
      return write(action);
    case Action::Kind::sysctl:
      return set_sysctls(action);
    case Action::Kind::signal:
      return signal(action);
    case Action::Kind::sysrq:
      return press_sysrq(action);
    case Action::Kind::read:
      return read(action);
    case Action::Kind::state:
      return tell_state(action);
    case Action::Kind::load_module:
      return load(action);
    case Action::Kind::unload_module:
      return unload(action);
    case Action::Kind::capture:
      return capture(action);
    case Action::Kind::mark:
      return;  // The supervisor's: it alone knows who waits.
  }
}

void Actions::write(const Action& action) {
  const int error = write_file(path_of(action).c_str(), action.value);
  EventLine event;
  event.kind = "write";
  event.file = action.file;
  event.value = action.value;
  if (error != 0) event.error = error_name(error);
  tell(event);
}

void Actions::set_sysctls(const Action& action) {
  for (const Setting& setting : action.sysctl) {
    const PathText path = sysctl_path(setting.file);
    const int error = write_file(path.c_str(), setting.value);
    EventLine event;
    event.kind = "write";
    event.file = path.view();
    event.value = setting.value;
    if (error != 0) event.error = error_name(error);
    tell(event);
  }
}

// One copy by its number, or all copies by their name.
void Actions::signal(const Action& action) {
  const int number = signal_number(action.signal).value_or(SIGTERM);
  const bool all = is_comm(*plan_, action.process);
  const Slot* one = find_slot(board_, *plan_, action.process);
  for (std::size_t i = 0; i < board_.slots_taken(); ++i) {
    const Slot& slot = board_.slot(i);
    const bool meant = all ? action.process == slot.comm : &slot == one;
    const bool there = slot.state.load() == static_cast<std::uint32_t>(SlotState::ready);
    if (!meant || !there) continue;
    EventLine event;
    event.kind = "signal";
    event.comm = slot.comm;
    event.instance = slot.instance;
    event.pid = slot.pid.load();
    event.value = action.signal;
    if (kill(slot.pid.load(), number) != 0) event.error = error_name(errno);
    tell(event);
  }
}

void Actions::press_sysrq(const Action& action) {
  const std::string_view key(&action.sysrq, 1);
  EventLine event;
  event.kind = "sysrq";
  event.value = key;
  if (const int error = write_file("/proc/sysrq-trigger", key); error != 0)
    event.error = error_name(error);
  tell(event);
}

void Actions::read(const Action& action) {
  const FileText text = read_file(path_of(action).c_str(), buffer_);
  EventLine event;
  event.kind = "read";
  event.file = action.file;
  event.name = action.name;
  if (text.error == 0) {
    event.value = readable_part(text.text);
  } else {
    event.error = error_name(text.error);
  }
  tell(event);
}

void Actions::tell_state(const Action& action) {
  const Slot* slot = find_slot(board_, *plan_, action.process);
  EventLine event;
  event.kind = "state";
  event.comm = action.process;
  char letter = '\0';
  if (slot != nullptr) {
    event.comm = slot->comm;
    event.instance = slot->instance;
    event.pid = slot->pid.load();
    letter = state_letter(slot->pid.load(), buffer_);
  }
  const bool dead = letter == '\0' || letter == 'Z' || letter == 'X';
  event.value = dead ? std::string_view("dead") : std::string_view(&letter, 1);
  tell(event);
}

void Actions::load(const Action& action) {
  const std::string_view folder = module_folder(action.module);
  const int error = folder.empty() ? ENOENT
                                   : load_module(PathText(folder, action.module).c_str(),
                                                 action.parameters.c_str());
  EventLine event;
  event.kind = "module";
  event.name = action.module;
  event.value = "loaded";
  if (error != 0) event.error = error_name(error);
  tell(event);
}

void Actions::unload(const Action& action) {
  const int error = unload_module(action.module.c_str());
  EventLine event;
  event.kind = "module";
  event.name = action.module;
  event.value = "unloaded";
  if (error != 0) event.error = error_name(error);
  tell(event);
}

void Actions::capture(const Action& action) {
  capture_files(*protocol_, *plan_, action.name, buffer_);
}

}  // namespace oomkit::guest
