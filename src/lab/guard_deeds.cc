#include "lab/guard_deeds.h"

#include <algorithm>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "policy/action.h"

namespace oomkit {
namespace {

using Json = nlohmann::json;

bool is_null(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() || it->is_null();
}

bool is_true(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

// Of the candidate that came first.
std::optional<std::int64_t> chosen_pid(const Json& record) {
  const auto candidates = record.find("candidates");
  if (candidates == record.end() || !candidates->is_array()) return std::nullopt;
  for (const Json& candidate : *candidates) {
    if (!candidate.is_object() || is_null(candidate, "rank") || candidate["rank"] != 1) continue;
    const auto pid = candidate.find("pid");
    if (pid != candidate.end() && pid->is_number_integer()) return pid->get<std::int64_t>();
  }
  return std::nullopt;
}

// Not where all that it did was to say something, or to ask for memory. A program may end somebody.
bool may_have_ended(const Json& record) {
  const auto actions = record.find("actions");
  if (actions == record.end() || !actions->is_array() || actions->empty()) return true;
  return std::any_of(actions->begin(), actions->end(), [](const Json& action) {
    const auto text = action.is_object() ? action.find("do") : action.end();
    if (text == action.end() || !text->is_string()) return true;
    const auto parsed = parse_action(text->get_ref<const std::string&>());
    using Kind = PolicyAction::Kind;
    return !parsed || is_destructive(parsed->kind) || parsed->kind == Kind::hook ||
           parsed->kind == Kind::exec;
  });
}

}  // namespace

GuardDeeds::GuardDeeds(const std::vector<GuestDecision>& decisions) {
  for (const GuestDecision& decision : decisions) {
    const Json record = Json::parse(decision.record, nullptr, false);
    if (!record.is_object() || !is_null(record, "held_back") || is_true(record, "dry_run"))
      continue;
    if (!may_have_ended(record)) continue;
    const auto rule = record.find("rule");
    deeds_.push_back({decision.t_ms,
                      rule != record.end() && rule->is_string() ? rule->get<std::string>() : "",
                      chosen_pid(record)});
  }
}

std::optional<std::string> GuardDeeds::rule_of(std::int64_t pid, std::int64_t t_ms) const {
  const Deed* nearest = nullptr;
  for (const Deed& deed : deeds_) {
    if (deed.pid == pid) return deed.rule;
    const bool is_nearer =
        nearest == nullptr || std::abs(deed.t_ms - t_ms) < std::abs(nearest->t_ms - t_ms);
    if (is_nearer) nearest = &deed;
  }
  constexpr std::int64_t kApartMs = 12'000;
  if (nearest != nullptr && std::abs(nearest->t_ms - t_ms) > kApartMs) return std::nullopt;
  return nearest == nullptr ? std::nullopt : std::optional(nearest->rule);
}

}  // namespace oomkit
