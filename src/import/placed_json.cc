#include "import/placed_json.h"

#include <cstdint>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

namespace oomkit {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kJsonDepthMax = 64;

// Counts what the library has read, which tells where its last token ends.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  std::size_t* count_;
};

class PlacedJsonBuilder final : public Json::json_sax_t {
 public:
  PlacedJsonBuilder(std::string_view source, const ImportPlaces& places, const std::size_t& read)
      : source_(source), places_(places), read_(read) {}

  bool null() override { return put(PlacedJson::Kind::null, "null"); }
  bool boolean(bool value) override {
    return put(PlacedJson::Kind::flag, value ? "true" : "false");
  }
  bool number_integer(number_integer_t value) override {
    return put(PlacedJson::Kind::number, std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return put(PlacedJson::Kind::number, std::to_string(value));
  }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    return put(PlacedJson::Kind::number, text);
  }
  bool string(string_t& text) override { return put(PlacedJson::Kind::text, std::move(text)); }
  bool binary(binary_t& /*bytes*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return enter(PlacedJson::Kind::object); }
  bool key(string_t& text) override {
    stack_.back().second = std::move(text);
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t /*size*/) override { return enter(PlacedJson::Kind::array); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    // "[json.exception...] parse error at line 1, column 2: syntax error while ...; ..."
    std::string what = error.what();
    if (const std::size_t colon = what.find(": "); colon != std::string::npos)
      what.erase(0, colon + 2);
    wrong_ = places_.diagnostic(position > 0 ? position - 1 : 0, 1, comment_text(what), "");
    return false;
  }

  PlacedJson& root() { return root_; }
  const Diagnostic& wrong() const { return wrong_; }

 private:
  bool put(PlacedJson::Kind kind, std::string text) {
    PlacedJson value;
    value.kind = kind;
    place(value);
    value.text = std::move(text);
    add(std::move(value));
    return true;
  }
  // Texts are quoted without an unprotected quote inside, so their begin can be found.
  void place(PlacedJson& value) const {
    const std::size_t last = read_ > 0 ? read_ - 1 : 0;
    value.offset = last;
    if (value.kind != PlacedJson::Kind::text) return;
    std::size_t begin = last;
    while (begin > 0) {
      --begin;
      if (source_[begin] != '"') continue;
      std::size_t slashes = 0;
      while (slashes < begin && source_[begin - 1 - slashes] == '\\')
        ++slashes;
      if (slashes % 2 == 0) break;
    }
    value.offset = begin;
    value.length = last - begin + 1;
  }
  PlacedJson& add(PlacedJson value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return root_;
    }
    PlacedJson& outer = stack_.back().first;
    if (outer.is_object()) outer.keys.push_back(std::move(stack_.back().second));
    outer.items.push_back(std::move(value));
    return outer.items.back();
  }
  bool enter(PlacedJson::Kind kind) {
    PlacedJson value;
    value.kind = kind;
    place(value);
    if (stack_.size() >= kJsonDepthMax) {
      wrong_ = places_.diagnostic(value.offset, 1, "nested too deeply", "");
      return false;
    }
    stack_.emplace_back(std::move(value), "");
    return true;
  }
  bool leave() {
    PlacedJson value = std::move(stack_.back().first);
    stack_.pop_back();
    add(std::move(value));
    return true;
  }

  std::string_view source_;
  const ImportPlaces& places_;
  const std::size_t& read_;
  PlacedJson root_;
  std::vector<std::pair<PlacedJson, std::string>> stack_;  // Open ones, and the last key in each.
  Diagnostic wrong_;
};

}  // namespace

const PlacedJson* PlacedJson::find(std::string_view name) const {
  const PlacedJson* found = nullptr;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == name) found = &items[i];
  }
  return found;
}

tl::expected<PlacedJson, Diagnostic> parse_placed_json(std::string_view source,
                                                       const ImportPlaces& places) {
  std::size_t read = 0;
  PlacedJsonBuilder builder(source, places, read);
  const CountingIterator begin(source.data(), &read);
  const CountingIterator end(source.data() + source.size(), &read);
  const bool strict = true;
  const bool ignore_comments = true;
  if (Json::sax_parse(begin, end, &builder, nlohmann::detail::input_format_t::json, strict,
                      ignore_comments))
    return std::move(builder.root());
  return tl::unexpected(builder.wrong());
}

}  // namespace oomkit
