#include "lab/guest_protocol.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "model/run_record_json.h"

namespace oomkit {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kExcerptBytes = 60;
constexpr std::size_t kProcessesShown = 64;

std::optional<std::int64_t> integer(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number_integer() ? std::optional(it->get<std::int64_t>())
                                                       : std::nullopt;
}

std::optional<std::string> text(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string()) return std::nullopt;
  return bytes_of_text(it->get_ref<const std::string&>());
}

// Members of the record are written as the record has them, so its own reader reads them.
std::optional<RunRecord> record_with(std::string_view member, std::string_view json, bool list) {
  std::string document = R"({"schema":"oomkit.run/1",")";
  document += member;
  document += list ? "\":[" : "\":";
  document += json;
  document += list ? "]}" : "}";
  Result<RunRecord> record = parse_run_record(document);
  return record ? std::optional(*std::move(record)) : std::nullopt;
}

void restore(std::optional<std::string>& member) {
  if (member) member = bytes_of_text(*member);
}

bool keep_event(std::string_view json, Transcript& transcript) {
  auto record = record_with("events", json, true);
  if (!record || record->events.size() != 1) return false;
  RunEvent& event = record->events.front();
  if (event.kind.empty()) return false;
  for (auto* member : {&event.comm, &event.cgroup, &event.group, &event.file, &event.name,
                       &event.value, &event.error}) {
    restore(*member);
  }
  if (transcript.parts.events.size() == GuestProtocol::kItemsMax) {
    ++transcript.dropped;
  } else {
    transcript.parts.events.push_back(std::move(event));
  }
  return true;
}

bool keep_process(std::string_view json, Transcript& transcript) {
  auto record = record_with("processes", json, true);
  if (!record || record->processes.size() != 1 || record->processes.front().comm.empty())
    return false;
  RunProcess& process = record->processes.front();
  process.comm = bytes_of_text(process.comm);
  if (transcript.parts.processes.size() == GuestProtocol::kItemsMax) {
    ++transcript.dropped;
  } else {
    transcript.parts.processes.push_back(std::move(process));
  }
  return true;
}

bool keep_cgroup(std::string_view json, Transcript& transcript) {
  auto record = record_with("cgroups", json, true);
  if (!record || record->cgroups.size() != 1 || record->cgroups.front().path.empty()) return false;
  RunCgroup& cgroup = record->cgroups.front();
  cgroup.path = bytes_of_text(cgroup.path);
  if (transcript.parts.cgroups.size() == GuestProtocol::kItemsMax) {
    ++transcript.dropped;
  } else {
    transcript.parts.cgroups.push_back(std::move(cgroup));
  }
  return true;
}

bool keep_host(std::string_view json, Transcript& transcript) {
  auto record = record_with("host", json, false);
  if (!record) return false;
  transcript.parts.host = std::move(record->host);
  transcript.has_host = true;
  return true;
}

bool keep_hello(const Json& json, Transcript& transcript) {
  const auto protocol = integer(json, "protocol");
  if (!protocol) return false;
  transcript.hello = GuestHello{*protocol, text(json, "release").value_or(""),
                                integer(json, "boot_ms"), integer(json, "page_size")};
  return true;
}

bool keep_progress(const Json& json, Transcript& transcript) {
  const auto t_ms = integer(json, "t_ms");
  if (!t_ms) return false;
  GuestProgress progress;
  progress.t_ms = *t_ms;
  progress.oom_kills = integer(json, "oom_kills").value_or(0);
  if (const auto it = json.find("processes"); it != json.end() && it->is_array()) {
    for (const Json& item : *it) {
      if (!item.is_object() || progress.processes.size() == kProcessesShown) continue;
      progress.processes.push_back({text(item, "comm").value_or(""),
                                    integer(item, "instance").value_or(1),
                                    Bytes(integer(item, "rss_bytes").value_or(0))});
    }
  }
  transcript.progress = std::move(progress);
  return true;
}

}  // namespace

std::string bytes_of_text(std::string_view utf8) {
  std::string bytes;
  bytes.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if ((lead == 0xc2 || lead == 0xc3) && i + 1 < utf8.size()) {
      const auto next = static_cast<unsigned char>(utf8[++i]);
      bytes += static_cast<char>((lead & 0x03U) << 6U | (next & 0x3fU));
    } else {
      bytes += utf8[i];
    }
  }
  return bytes;
}

template <class Item>
void GuestProtocol::keep_text(std::vector<Item>& items, Item item, std::size_t bytes) {
  if (text_bytes_ + bytes > kTextMax || items.size() == kItemsMax) {
    ++transcript_.dropped;
    return;
  }
  text_bytes_ += bytes;
  items.push_back(std::move(item));
}

bool GuestProtocol::take_message(std::string_view type, std::string_view json_text) {
  const Json json = Json::parse(json_text, nullptr, false);
  if (!json.is_object()) return false;
  if (type == "event") return keep_event(json_text, transcript_);
  if (type == "process") return keep_process(json_text, transcript_);
  if (type == "cgroup") return keep_cgroup(json_text, transcript_);
  if (type == "host") return keep_host(json_text, transcript_);
  if (type == "hello") return keep_hello(json, transcript_);
  if (type == "progress") return keep_progress(json, transcript_);
  if (type == "begin") {
    transcript_.begin_us = integer(json, "uptime_us");
    return transcript_.begin_us.has_value();
  }
  if (type == "kmsg") {
    const auto record = text(json, "record");
    if (!record) return false;
    if (transcript_.kmsg.size() + record->size() > kTextMax) {
      ++transcript_.dropped;
      return true;
    }
    transcript_.kmsg += *record;
    if (!record->ends_with('\n')) transcript_.kmsg += '\n';
    return true;
  }
  if (type == "capture") {
    GuestCapture capture{text(json, "label").value_or(""), text(json, "path").value_or(""),
                         text(json, "text").value_or("")};
    if (capture.path.empty()) return false;
    const std::size_t bytes = capture.text.size();
    keep_text(transcript_.captures, std::move(capture), bytes);
    return true;
  }
  if (type == "decision") {
    GuestDecision decision{integer(json, "t_ms").value_or(0), text(json, "record").value_or("")};
    if (!Json::parse(decision.record, nullptr, false).is_object()) return false;
    const std::size_t bytes = decision.record.size();
    keep_text(transcript_.decisions, std::move(decision), bytes);
    return true;
  }
  if (type == "fail") {
    transcript_.failure = GuestFailure{text(json, "sentence").value_or("it does not say why"),
                                       text(json, "remedy").value_or("")};
    return true;
  }
  if (type == "end") {
    transcript_.end =
        GuestEnd{text(json, "ended").value_or(""), integer(json, "duration_ms").value_or(0)};
    return true;
  }
  return false;
}

void GuestProtocol::refuse(std::string_view line) {
  if (transcript_.malformed++ == 0) transcript_.first_malformed = line.substr(0, kExcerptBytes);
}

void GuestProtocol::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return;
  const std::size_t blank = line.find(' ');
  const bool known = blank != std::string_view::npos &&
                     take_message(line.substr(0, blank), line.substr(blank + 1));
  if (!known) refuse(line);
}

void GuestProtocol::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (overlong_ || line_.size() + piece.size() > kLineMax) {
      if (!overlong_) refuse(line_.empty() ? piece : line_);
      overlong_ = true;
      line_.clear();
    } else if (!line_.empty() || end == std::string_view::npos) {
      line_ += piece;
    }
    if (end == std::string_view::npos) return;
    if (!overlong_) take_line(line_.empty() ? piece : line_);
    line_.clear();
    overlong_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void GuestProtocol::finish() {
  if (!line_.empty()) refuse(line_);
  line_.clear();
}

}  // namespace oomkit
