// Where text waits that a document can only write later.
//
// Reports stream into a JSON document while incidents close and other events turn up in
// between; a page begins with what is known last. The caller says where that waits: in
// memory by default, in a temporary file for inputs of any size.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace oomkit {

class TextStore {
 public:
  virtual ~TextStore() = default;
  virtual void append(std::string_view text) = 0;
  virtual bool empty() const = 0;
  // Hands everything over in order, and is empty again.
  virtual void drain(const std::function<void(std::string_view)>& output) = 0;
};

class MemoryTextStore final : public TextStore {
 public:
  void append(std::string_view text) override { text_ += text; }
  bool empty() const override { return text_.empty(); }
  void drain(const std::function<void(std::string_view)>& output) override {
    output(text_);
    text_.clear();
  }

 private:
  std::string text_;
};

}  // namespace oomkit
