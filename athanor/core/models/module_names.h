#pragma once
// Names of modules as PEFT's settings mean them: a plain name is a module's whole name or its end, an expression matches all of it.

#include <memory>
#include <string>
#include <string_view>

namespace athanor::models {

/// A Python-like regular expression over module names (PCRE2, with limits on its work); input_error where it cannot be compiled,
/// or takes too long.
class NameExpression {
 public:
  explicit NameExpression(std::string_view expression);
  NameExpression(NameExpression&&) noexcept;
  ~NameExpression();
  /// The expression matches the whole name.
  bool matches(std::string_view name) const;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
  std::string text_;
};

/// Whether the text holds letters that only an expression has (a dot alone is part of a name).
bool is_expression(std::string_view text);

/// A plain name: the module's whole name or its end ("q_proj", "layers.0.q_proj"); an expression: the whole name.
bool names_module(const std::string& target, const std::string& module);
/// A key of rank_pattern or alpha_pattern: the whole name or its end after a dot, the key being an expression.
bool key_names_module(const std::string& key, const std::string& module);

}  // namespace athanor::models
