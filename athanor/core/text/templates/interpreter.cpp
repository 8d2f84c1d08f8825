#include "athanor/core/text/templates/interpreter.h"

#include <exception>

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/globals.h"

namespace athanor::text::templates {

const Value* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->parent)
    for (const auto& [known, value] : scope->variables)
      if (known == name) return &value;
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto& [known, old] : variables)
    if (known == name) return void(old = std::move(value));
  variables.emplace_back(name, std::move(value));
}

Interpreter::Interpreter(uint64_t steps, std::optional<int64_t> now)
    : budget_(steps), now_(now), globals_(nullptr), root_(&globals_), scope_(&root_), out_(&written_) {
  declare_globals(*this);
}

Interpreter::~Interpreter() {
  for (auto& special : stateful_) special->clear();
}

void Interpreter::write(std::string_view text) {
  budget_.bytes(text.size());
  if (out_->size() + text.size() > kMostOutput) fault("the text is longer than 4 MiB");
  *out_ += text;
}

Flow Interpreter::run(const Block& block) {
  for (const auto& statement : block.statements) {
    budget_.step();
    line = statement->line;
    if (Flow flow = statement->execute(*this); flow != Flow::kOn) return flow;
  }
  return Flow::kOn;
}

Value Interpreter::call(const Value& callee, Arguments& arguments) {
  budget_.step();
  if (callee.is_undefined()) fault(callee.text());
  if (!callee.is(Kind::kSpecial)) fault("'" + type_name(callee) + "' object is not callable");
  return callee.as<Special>().call(*this, arguments);
}

Scope* Interpreter::capture_scope() {
  budget_.objects(2);
  for (Scope* scope = scope_; scope && !scope->captured; scope = scope->parent) scope->captured = true;
  return scope_;
}

LocalScope::LocalScope(Interpreter& interpreter, Scope* parent)
    : interpreter_(interpreter), outer_(interpreter.scope_), own_(std::make_unique<Scope>(parent ? parent : interpreter.scope_)) {
  interpreter.scope_ = own_.get();
}

LocalScope::~LocalScope() {
  interpreter_.scope_ = outer_;
  if (own_->captured) interpreter_.kept_.push_back(std::move(own_));
}

OpenCall::OpenCall(Interpreter& interpreter, int depth) : interpreter_(interpreter), depth_(depth), line_(interpreter.line) {
  if (interpreter.calls_ >= kMostCalls || interpreter.syntax_depth_ + depth > kMostSyntaxDepth) fault("calls are nested too deep");
  ++interpreter.calls_;
  interpreter.syntax_depth_ += depth;
}

OpenCall::~OpenCall() {
  --interpreter_.calls_;
  interpreter_.syntax_depth_ -= depth_;
  if (std::uncaught_exceptions() == 0) interpreter_.line = line_;  // a fault keeps the line where it happened
}

}  // namespace athanor::text::templates
