#pragma once
// The objects with state that a template can make: namespace(), cycler(), joiner().

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

/// namespace(a=1): attributes that {% set ns.a = 2 %} changes from inside a loop.
struct Namespace final : Special {
  const char* type_name() const override { return "Namespace"; }
  std::optional<Value> attribute(Interpreter& interpreter, std::string_view name) override;
  /// Faults on a name that begins with an underscore.
  void set(const std::string& name, Value value);
  void clear() override { attributes = {}; }
  Dict attributes;
};

/// cycler('odd', 'even'): next() gives one after the other.
struct Cycler final : Special, std::enable_shared_from_this<Cycler> {
  const char* type_name() const override { return "Cycler"; }
  std::optional<Value> attribute(Interpreter& interpreter, std::string_view name) override;
  Values items;
  size_t at = 0;
};

/// joiner(', '): nothing at the first call, then the separator.
struct Joiner final : Special {
  const char* type_name() const override { return "Joiner"; }
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Arguments& arguments) override;
  Value separator;
  bool used = false;
};

Value make_namespace(Interpreter& interpreter, Arguments& arguments);
Value make_cycler(Interpreter& interpreter, Arguments& arguments);
Value make_joiner(Interpreter& interpreter, Arguments& arguments);

}  // namespace athanor::text::templates
