#include "render/json_renderer.h"

#include <string>
#include <utility>

#include "render/json_report.h"

namespace oomkit {
namespace {

class JsonRenderer final : public Renderer {
 public:
  JsonRenderer(const RenderOptions& options, Output output)
      : output_(std::move(output)),
        json_(text_),
        incidents_(make_store(options)),
        others_(make_store(options)) {}

  void begin() override {
    json_.begin_object();
    json_.plain_field("schema", "oomkit.explain/1");
    json_.plain_key("reports");
    json_.begin_array();
    drain();
  }

  void report(std::size_t index, const Explanation& explanation) override {
    text_ += '\n';
    write_report(json_, index, explanation, [this] { drain(); });
    drain();
  }

  void other(const OtherEvent& event) override {
    append_item(*others_, [&](JsonWriter& json) { write_other(json, event); });
  }
  void incident(const Incident& incident) override {
    append_item(*incidents_, [&](JsonWriter& json) { write_incident(json, incident); });
  }

  void end(const std::vector<InputLine>& inputs, const DamageCounts& damage) override {
    json_.end_array();
    put_stored("incidents", *incidents_);
    put_stored("other", *others_);
    json_.plain_key("inputs");
    json_.begin_array();
    for (const InputLine& input : inputs) {
      json_.begin_object();
      json_.plain_field("name", input.name);
      json_.plain_field("bytes", input.bytes);
      json_.plain_field("lines", input.lines);
      json_.end_object();
    }
    json_.end_array();
    write_warnings(damage);
    json_.end_object();
    text_ += '\n';
    drain();
  }

 private:
  // An item of an array that is written later, with the comma before it.
  template <class Put>
  static void append_item(TextStore& store, Put put) {
    std::string item = store.empty() ? "\n" : ",\n";
    JsonWriter json(item);
    put(json);
    store.append(item);
  }

  void put_stored(std::string_view name, TextStore& store) {
    json_.plain_key(name);
    json_.begin_array();
    drain();
    store.drain(output_);
    json_.end_array();
  }

  void write_warnings(const DamageCounts& damage) {
    json_.plain_key("warnings");
    json_.begin_array();
    for (std::size_t i = 0; i < static_cast<std::size_t>(Damage::kCount); ++i) {
      const auto kind = static_cast<Damage>(i);
      if (damage.of(kind) == 0) continue;
      json_.begin_object();
      json_.plain_field("code", describe(kind).code);
      json_.plain_field("count", damage.of(kind));
      json_.plain_field("sentence", describe(kind).sentence);
      json_.end_object();
    }
    json_.end_array();
  }

  void drain() {
    output_(text_);
    text_.clear();
  }

  Output output_;
  std::string text_;
  JsonWriter json_;
  std::unique_ptr<TextStore> incidents_;
  std::unique_ptr<TextStore> others_;
};

}  // namespace

std::unique_ptr<Renderer> make_json_renderer(const RenderOptions& options,
                                             Renderer::Output output) {
  return std::make_unique<JsonRenderer>(options, std::move(output));
}

}  // namespace oomkit
