#include "athanor/core/text/templates/function.h"

namespace athanor::text::templates {
namespace {

struct Function final : Special {
  const char* type_name() const override { return "builtin_function_or_method"; }
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Arguments& arguments) override { return body(interpreter, Given(name, names, arguments)); }
  std::string name, names;
  Body body;
};

}  // namespace

Value function(std::string name, std::string names, Body body, int nesting) {
  if (nesting >= kMostNesting) fault("values are nested too deep");
  auto out = std::make_shared<Function>();
  out->name = std::move(name), out->names = std::move(names), out->body = std::move(body);
  out->nesting = nesting + 1;
  return Value::special(out);
}

}  // namespace athanor::text::templates
