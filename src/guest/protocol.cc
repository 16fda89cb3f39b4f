#include "guest/protocol.h"

namespace oomkit::guest {

void Protocol::hello(const Hello& hello) {
  JsonLine line(*outlet_, "hello");
  line.field("protocol", 1);
  line.field("release", hello.release);
  line.field("boot_ms", hello.boot_ms);
  line.field("cpus", hello.cpus);
  line.field("page_size", hello.page_size);
  line.field("cgroup", hello.cgroup);
}

void Protocol::begin(std::int64_t uptime_us) {
  JsonLine(*outlet_, "begin").field("uptime_us", uptime_us);
}

void Protocol::event(std::int64_t t_ms, const EventLine& event) {
  JsonLine line(*outlet_, "event");
  line.field("t_ms", t_ms);
  line.field("kind", event.kind);
  if (!event.comm.empty()) line.field("comm", event.comm);
  if (event.instance) line.field("instance", *event.instance);
  if (event.pid) line.field("pid", *event.pid);
  if (!event.by.empty()) line.field("by", event.by);
  if (!event.file.empty()) line.field("file", event.file);
  if (!event.name.empty()) line.field("name", event.name);
  if (event.value) line.field("value", *event.value);
  if (!event.error.empty()) line.field("error", event.error);
}

void Protocol::decision(std::int64_t t_ms, std::string_view record) {
  JsonLine line(*outlet_, "decision");
  line.field("t_ms", t_ms);
  line.field("record", record);
}

void Protocol::kmsg(std::string_view record) {
  JsonLine(*outlet_, "kmsg").field("record", record);
}

void Protocol::capture(std::string_view label, std::string_view path, std::string_view text) {
  JsonLine line(*outlet_, "capture");
  line.field("label", label);
  line.field("path", path);
  line.field("text", text);
}

void Protocol::fail(std::string_view sentence, std::string_view remedy) {
  JsonLine line(*outlet_, "fail");
  line.field("sentence", sentence);
  line.field("remedy", remedy);
}

void Protocol::end(std::string_view ended, std::int64_t duration_ms) {
  JsonLine line(*outlet_, "end");
  line.field("ended", ended);
  line.field("duration_ms", duration_ms);
}

}  // namespace oomkit::guest
