#include "core/json_writer.h"
#include "render/doctor_text.h"
#include "render/gaps.h"

namespace oomkit {
namespace {

void write_check(JsonWriter& json, const Diagnosis& check) {
  json.begin_object();
  json.field("id", check.id);
  json.field("status", name_of(check.status));
  json.field("known", check.known);
  json.key("value");
  check.known ? json.value(std::string_view(check.value)) : json.null();
  json.key("why");
  check.why.empty() ? json.null() : json.value(std::string_view(check.why));
  json.key("fix");
  if (check.fix.empty()) {
    json.null();
  } else {
    std::string fix;
    for (const std::string& line : check.fix) {
      if (!fix.empty()) fix += '\n';
      fix += line;
    }
    json.value(std::string_view(fix));
  }
  json.key("numbers");
  json.begin_object();
  for (const auto& [name, number] : check.numbers.entries())
    json.field(name, number);
  json.end_object();
  json.end_object();
}

void write_text(JsonWriter& json, std::string_view name, const std::optional<std::string>& text) {
  json.key(name);
  text ? json.value(std::string_view(*text)) : json.null();
}

}  // namespace

std::string doctor_json(const Snapshot& snapshot, const DoctorReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.doctor/1");
  write_text(json, "host", snapshot.host);
  write_text(json, "kernel", snapshot.kernel_release);
  json.key("summary");
  json.begin_object();
  for (const CheckStatus status :
       {CheckStatus::critical, CheckStatus::warning, CheckStatus::notice, CheckStatus::ok})
    json.field(name_of(status), report.count(status));
  json.field("unknown", report.unknown());
  json.end_object();
  json.key("checks");
  json.begin_array();
  for (const Diagnosis& check : report.checks)
    write_check(json, check);
  json.end_array();
  write_gaps(json, snapshot.gaps);
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
