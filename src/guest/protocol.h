// What the guest tells the host, line by line: version 1 of the guest's protocol.
//
//   hello {"protocol":1,"release":"6.1.0-...","boot_ms":2470,...}
//   begin, event, decision, kmsg, process, cgroup, host, capture, progress, fail, end
//
// The members of event, process, cgroup and host are those of "oomkit.run/1"
// (model/run_record.h), so the host reads them as parts of a record.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "guest/json_line.h"
#include "guest/outlet.h"

namespace oomkit::guest {

// A RunEvent without strings of its own.
struct EventLine {
  std::string_view kind;
  std::string_view comm;
  std::optional<std::int64_t> instance;
  std::optional<std::int64_t> pid;
  std::string_view by;
  std::string_view file;
  std::string_view name;
  std::optional<std::string_view> value;
  std::string_view error;
};

struct Hello {
  std::string_view release;
  std::int64_t boot_ms = 0;
  std::int64_t cpus = 0;
  std::int64_t page_size = 0;
  std::string_view cgroup;
};

class Protocol {
 public:
  explicit Protocol(Outlet& outlet) : outlet_(&outlet) {}

  void hello(const Hello& hello);
  void begin(std::int64_t uptime_us);
  void event(std::int64_t t_ms, const EventLine& event);
  // What a guard recorded: an object of oomkit.decision/1, as a text.
  void decision(std::int64_t t_ms, std::string_view record);
  void kmsg(std::string_view record);
  void capture(std::string_view label, std::string_view path, std::string_view text);
  void fail(std::string_view sentence, std::string_view remedy);
  void end(std::string_view ended, std::int64_t duration_ms);

  // For lines that are written in parts.
  Outlet& outlet() { return *outlet_; }

 private:
  Outlet* outlet_;
};

}  // namespace oomkit::guest
