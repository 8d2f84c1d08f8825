#pragma once
// What a call passes, and how it meets the names that the callee lists.

#include <string>
#include <string_view>

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

struct Arguments {
  Values positional;
  std::vector<std::pair<std::string, Value>> keyword;

  /// Takes a keyword argument out; nullopt where it was not given.
  std::optional<Value> take(std::string_view name);
};

/// Arguments under the callee's names. `names` is what a table's row says: "width? first? blank?"; a name without a question mark
/// must be given, and "*" means that the callee reads Arguments itself.
class Given {
 public:
  Given(std::string_view callee, std::string_view names, Arguments& arguments);

  bool has(size_t i) const { return i < slots_.size() && slots_[i].has_value(); }
  /// Given, and not none.
  bool says(size_t i) const { return has(i) && !slots_[i]->is_none(); }
  const Value& operator[](size_t i) const { return *slots_[i]; }
  Value value_or(size_t i, const Value& otherwise) const { return has(i) ? *slots_[i] : otherwise; }
  int64_t whole(size_t i, int64_t otherwise) const;
  bool truth(Interpreter& interpreter, size_t i, bool otherwise) const;
  /// Faults where it is no text.
  const std::string& text(size_t i) const;
  Arguments& all() const { return arguments_; }

 private:
  std::vector<std::optional<Value>> slots_;
  Arguments& arguments_;
};

}  // namespace athanor::text::templates
