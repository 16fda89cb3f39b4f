// The compiler of conditions: recursive descent (expression.cc), units (expression_units.cc),
// calls (expression_calls.cc). Private to this room.
//
// The first error ends it: the rest of the text then reads as its end, so that every function
// of the descent runs out by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/expression.h"

namespace oomkit {

class ExpressionCompiler {
 public:
  ExpressionCompiler(std::string_view source, bool cgroup_scope)
      : source_(source), reader_(source), cgroup_scope_(cgroup_scope) {}

  tl::expected<Program, ExpressionError> compile();

 private:
  // A part of the text that is compiled.
  struct Operand {
    std::uint16_t node = 0;
    PolicyUnit unit;
    std::optional<Signal> whole;  // What a share of it would be a share of.
    bool loose_share = false;     // Of percentages alone: becomes a size beside a size.
    bool literal = false;         // A number as written.
    bool counter = false;         // Counts since boot: only its rate means anything.
    std::size_t begin = 0, end = 0;
  };

  // The grammar, loosest binding first.
  Operand whole_condition();
  Operand alternatives();
  Operand conjunction();
  Operand negation();
  Operand timed();
  Operand comparison();
  Operand sum();
  Operand product();
  Operand factor();
  Operand primary();
  Operand number();
  Operand signal_named(const Token& name);

  Operand call(const Token& name);
  Operand call_pressure(const Token& name);
  Operand call_growth(const Token& name);
  Operand call_over_time(const Token& name, Op op);
  Operand call_extreme(const Token& name, Op op);
  Operand call_accumulate(const Token& name);
  Operand call_one(const Token& name, Op op);
  HostTime duration_argument();

  // Units.
  void unify(Operand& a, Operand& b, std::string_view doing);
  void size_of_share(Operand& share, const Operand& beside);
  Operand joined(Op op, Operand a, Operand b, std::string_view doing);
  Operand multiplied(const Operand& a, const Operand& b);
  Operand divided(const Operand& a, const Operand& b);
  void want_truth(const Operand& operand);
  void want_number(const Operand& operand);
  Operand truth(Op op, const Operand& a, const Operand* b);

  // Tokens.
  void advance();
  bool at_sign(std::string_view text) const;
  bool at_word(std::string_view text) const;
  bool take_sign(std::string_view text);
  bool take_word(std::string_view text);
  void expect_sign(std::string_view text);
  void fail(std::size_t offset, std::size_t length, std::string message, std::string hint = {});
  void fail_at(const Operand& operand, std::string message, std::string hint = {});
  bool failed() const { return error_.has_value(); }

  Operand emit(ProgramNode node, std::size_t begin);

  std::string_view source_;
  TokenReader reader_;
  bool cgroup_scope_;
  Token token_;
  std::size_t last_end_ = 0;
  int depth_ = 0;
  // Of the left side of the comparison whose right side is read: "mem.free < 4% + 10M".
  std::optional<Signal> compared_whole_;
  Program program_;
  std::optional<ExpressionError> error_;
};

}  // namespace oomkit
