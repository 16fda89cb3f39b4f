#include "model/snapshot_json.h"

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/json_writer.h"
#include "core/known.h"
#include "model/json_document.h"
#include "model/snapshot_fields.h"

namespace oomkit {
namespace {

using Json = nlohmann::ordered_json;  // Names keep the order of the kernel's files.

constexpr std::string_view kSnapshotSchema = "oomkit.snapshot/1";

struct LayoutName {
  CgroupLayout layout;
  std::string_view name;
};
constexpr std::array<LayoutName, 3> kLayouts = {
    {{CgroupLayout::v1, "v1"}, {CgroupLayout::v2, "v2"}, {CgroupLayout::hybrid, "hybrid"}}};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsNamed : std::false_type {};
template <class Unit>
struct IsNamed<NamedAmounts<Unit>> : std::true_type {
  using Amount = Unit;
};
template <class T>
constexpr bool kIsTime =
    std::is_same_v<T, HostTime> || std::is_same_v<T, std::chrono::microseconds>;

// --- writing -------------------------------------------------------------------------

class FieldWriter {
 public:
  FieldWriter(JsonWriter& json, PageSize page_size) : json_(json), page_size_(page_size) {}

  template <class T>
  void member(std::string_view name, const T& value) {
    json_.key(name);
    put(value);
  }
  void percent(std::string_view name, std::int32_t centipercent) {
    json_.field(name, centipercent / 100.0);
  }

 private:
  template <class T>
  void put(const T& value) {
    if constexpr (IsOptional<T>::value || IsKnown<T>::value) {
      value ? put(*value) : json_.null();
    } else if constexpr (IsVector<T>::value) {
      json_.begin_array();
      for (const auto& item : value)
        put(item);
      json_.end_array();
    } else if constexpr (IsNamed<T>::value || std::is_same_v<T, MemcgStat>) {
      json_.begin_object();
      for (const auto& [name, amount] : value.entries())
        member(name, amount);
      json_.end_object();
    } else if constexpr (std::is_class_v<T> && !kIsTime<T> && !std::is_same_v<T, std::string>) {
      put_class(value);
    } else {
      put_plain(value);
    }
  }

  template <class T>
  void put_class(const T& value) {
    if constexpr (std::is_same_v<T, Bytes>) {
      json_.value(value);
    } else if constexpr (std::is_same_v<T, KiB>) {
      json_.value(to_bytes(value));
    } else if constexpr (std::is_same_v<T, Pages>) {
      json_.value(to_bytes(value, page_size_));
    } else if constexpr (std::is_same_v<T, MemcgLimit>) {
      value.size ? json_.value(*value.size) : json_.value("max");
    } else if constexpr (std::is_same_v<T, SourceGaps>) {
      put(value.counts());
    } else {
      json_.begin_object();
      // The list of fields serves reading too, and so takes what it could change.
      walk_fields(*this, const_cast<T&>(value));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
      if constexpr (std::is_same_v<T, SourceGapCount>) {
        json_.field("sentence", describe(value.gap).sentence);
      }
      json_.end_object();
    }
  }

  template <class T>
  void put_plain(const T& value) {
    if constexpr (kIsTime<T>) {
      const auto us = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
      json_.value(static_cast<double>(us) / 1e6);
    } else if constexpr (std::is_same_v<T, std::string>) {
      json_.value(std::string_view(value));
    } else if constexpr (std::is_same_v<T, char>) {
      json_.value(std::string_view(&value, 1));
    } else if constexpr (std::is_same_v<T, PageSize>) {
      json_.value(bytes_of(value));
    } else if constexpr (std::is_same_v<T, SourceGap>) {
      json_.value(describe(value).code);
    } else if constexpr (std::is_same_v<T, CgroupLayout>) {
      for (const LayoutName& entry : kLayouts) {
        if (entry.layout == value) json_.value(entry.name);
      }
    } else if constexpr (std::is_same_v<T, bool>) {
      json_.value(value);
    } else if constexpr (std::is_unsigned_v<T>) {
      json_.value(static_cast<std::uint64_t>(value));
    } else {
      json_.value(static_cast<std::int64_t>(value));
    }
  }

  JsonWriter& json_;
  PageSize page_size_;
};

// --- reading -------------------------------------------------------------------------

// Fills members in; the first that is of a wrong kind is named, and ends it.
class FieldReader {
 public:
  template <class T>
  void member(std::string_view name, T& value) {
    if (!problem_.empty()) return;
    const auto found = object_->find(std::string(name));
    if (found == object_->end() || found->is_null()) return;
    take(*found, value, name);
  }
  void percent(std::string_view name, std::int32_t& centipercent) {
    double number = 0;
    const auto found = object_->find(std::string(name));
    if (found == object_->end() || !problem_.empty()) return;
    if (!number_of(*found, name, number)) return;
    if (number < 0 || number > 100) return refuse(name, "a share of 0 to 100");
    centipercent = static_cast<std::int32_t>(std::lround(number * 100));
  }

  template <class T>
  void object(const Json& json, T& value, std::string_view name) {
    if (!json.is_object()) return refuse(name, "an object");
    const Json* const outer = std::exchange(object_, &json);
    walk_fields(*this, value);
    object_ = outer;
  }

  const std::string& problem() const { return problem_; }

 private:
  void refuse(std::string_view name, std::string_view expected) {
    if (problem_.empty()) {
      problem_ = "\"" + std::string(name) + "\": expected " + std::string(expected);
    }
  }

  bool number_of(const Json& json, std::string_view name, double& number) {
    if (!json.is_number()) {
      refuse(name, "a number");
      return false;
    }
    number = json.get<double>();
    return true;
  }

  template <class Integer>
  bool integer_of(const Json& json, std::string_view name, Integer& integer) {
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) {
      if constexpr (std::is_same_v<Integer, std::uint64_t>) {
        integer = json.get<std::uint64_t>();
        return true;
      }
      refuse(name, "a number of 63 bits");
      return false;
    }
    if (!json.is_number_integer()) {
      refuse(name, "a whole number");
      return false;
    }
    const auto wide = json.get<std::int64_t>();
    if constexpr (std::is_unsigned_v<Integer>) {
      if (wide < 0) {
        refuse(name, "a number that is not negative");
        return false;
      }
    } else if (wide < std::numeric_limits<Integer>::min() ||
               wide > std::numeric_limits<Integer>::max()) {
      refuse(name, "a smaller number");
      return false;
    }
    integer = static_cast<Integer>(wide);
    return true;
  }

  template <class T>
  void take(const Json& json, T& value, std::string_view name) {
    if constexpr (IsOptional<T>::value) {
      take(json, value.emplace(), name);
    } else if constexpr (IsKnown<T>::value) {
      auto number = value.value_or({});
      take(json, number, name);
      value = number;
    } else if constexpr (IsVector<T>::value) {
      if (!json.is_array()) return refuse(name, "a list");
      value.reserve(json.size());
      for (const Json& item : json) {
        if (!problem_.empty()) return;
        take(item, value.emplace_back(), name);
      }
    } else if constexpr (IsNamed<T>::value) {
      take_named<typename IsNamed<T>::Amount>(json, value, name);
    } else if constexpr (std::is_same_v<T, MemcgStat>) {
      take_named<std::int64_t>(json, value, name);
    } else if constexpr (std::is_class_v<T> && !kIsTime<T> && !std::is_same_v<T, std::string>) {
      take_class(json, value, name);
    } else {
      take_plain(json, value, name);
    }
  }

  template <class Amount, class Names>
  void take_named(const Json& json, Names& names, std::string_view name) {
    if (!json.is_object()) return refuse(name, "an object");
    for (const auto& [key, item] : json.items()) {
      Amount amount{};
      take(item, amount, key);
      if (!problem_.empty()) return;
      names.add(key, amount);
    }
  }

  template <class T>
  void take_class(const Json& json, T& value, std::string_view name) {
    if constexpr (std::is_same_v<T, Bytes> || std::is_same_v<T, KiB> || std::is_same_v<T, Pages>) {
      std::int64_t bytes = 0;
      if (!integer_of(json, name, bytes)) return;
      if constexpr (std::is_same_v<T, Bytes>) value = Bytes(bytes);
      if constexpr (std::is_same_v<T, KiB>) value = floor_kib(Bytes(bytes));
      if constexpr (std::is_same_v<T, Pages>) value = floor_pages(Bytes(bytes), page_size_);
    } else if constexpr (std::is_same_v<T, MemcgLimit>) {
      if (json == "max") return;
      take(json, value.size, name);
    } else if constexpr (std::is_same_v<T, SourceGaps>) {
      std::vector<SourceGapCount> counts;
      take(json, counts, name);
      for (const SourceGapCount& count : counts)
        value.add(count.gap, count.example, count.count);
    } else {
      object(json, value, name);
    }
  }

  template <class T>
  void take_plain(const Json& json, T& value, std::string_view name) {
    if constexpr (kIsTime<T>) {
      double seconds = 0;
      constexpr double kSecondsMax = 4e9;
      if (!number_of(json, name, seconds)) return;
      if (!(std::abs(seconds) <= kSecondsMax)) return refuse(name, "a time in seconds");
      value = std::chrono::microseconds(std::llround(seconds * 1e6));
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!json.is_boolean()) return refuse(name, "true or false");
      value = json.get<bool>();
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, char>) {
      integer_of(json, name, value);
    } else if constexpr (std::is_same_v<T, PageSize>) {
      std::int64_t size = 0;
      if (!integer_of(json, name, size)) return;
      if (size != 4096 && size != 8192 && size != 16384 && size != 65536) {
        return refuse(name, "4096, 8192, 16384 or 65536");
      }
      value = static_cast<PageSize>(size);
      page_size_ = value;
    } else {
      if (!json.is_string()) return refuse(name, "a text");
      take_word(json.get_ref<const std::string&>(), value, name);
    }
  }

  void take_word(const std::string& text, std::string& value, std::string_view) { value = text; }
  void take_word(const std::string& text, char& value, std::string_view name) {
    if (text.size() != 1) return refuse(name, "one letter");
    value = text.front();
  }
  void take_word(const std::string& text, CgroupLayout& value, std::string_view name) {
    for (const LayoutName& entry : kLayouts) {
      if (entry.name != text) continue;
      value = entry.layout;
      return;
    }
    refuse(name, "v1, v2 or hybrid");
  }
  void take_word(const std::string& text, SourceGap& value, std::string_view name) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(SourceGap::kCount); ++i) {
      if (describe(static_cast<SourceGap>(i)).code != text) continue;
      value = static_cast<SourceGap>(i);
      return;
    }
    refuse(name, "the code of a warning");
  }

  const Json* object_ = nullptr;
  PageSize page_size_ = PageSize::k4K;
  std::string problem_;
};

// Indexes must lead somewhere, for nobody checks them later.
std::string broken_links(const Snapshot& snapshot) {
  const std::size_t memcgs = snapshot.memcgs ? snapshot.memcgs->nodes.size() : 0;
  for (std::size_t i = 0; i < memcgs; ++i) {
    const MemcgNode& memcg = snapshot.memcgs->nodes[i];
    if (memcg.parent && *memcg.parent >= i) {
      return "\"parent\" of " + memcg.path + ": expected the index of a cgroup before it";
    }
  }
  if (!snapshot.task_states.empty() && snapshot.task_states.size() != snapshot.tasks.size()) {
    return "\"task_states\": expected one for each of \"tasks\"";
  }
  for (const TaskState& state : snapshot.task_states) {
    if (state.memcg && *state.memcg >= memcgs) return "\"memcg\": expected the index of a cgroup";
  }
  return "";
}

}  // namespace

std::string to_json(const Snapshot& snapshot) {
  std::string text;
  JsonWriter json(text);
  FieldWriter writer(json, snapshot.page_size.value_or(PageSize::k4K));
  json.begin_object();
  json.field("schema", kSnapshotSchema);
  walk_fields(writer, const_cast<Snapshot&>(snapshot));  // NOLINT: only read, see above.
  json.end_object();
  text += '\n';
  return text;
}

Result<Snapshot> parse_snapshot(std::string_view json) {
  OOMKIT_TRY(const Json document, parse_json_document(json));
  const auto schema = document.is_object() ? document.find("schema") : document.end();
  if (!document.is_object() || schema == document.end() || *schema != kSnapshotSchema) {
    return fail(ErrorCode::malformed,
                "not a snapshot: expected \"schema\": \"" + std::string(kSnapshotSchema) + "\"");
  }
  Snapshot snapshot;
  FieldReader reader;
  reader.object(document, snapshot, "the document");
  std::string problem = reader.problem();
  if (problem.empty()) problem = broken_links(snapshot);
  if (!problem.empty()) return fail(ErrorCode::malformed, problem);
  return snapshot;
}

}  // namespace oomkit
