#pragma once
// The state of one rendering: scopes, output, budgets.

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/templates/ast.h"
#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

/// Names and values of a block. Reading looks outwards, writing stays inside.
struct Scope {
  explicit Scope(Scope* outer) : parent(outer) {}
  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);

  Scope* parent;
  std::vector<std::pair<std::string, Value>> variables;
  bool captured = false;  // a macro made in it may outlive the block
};

/// Bytes [begin, end) of the output that stand between {% generation %} and {% endgeneration %}.
struct Span {
  size_t begin = 0, end = 0;
};

class Interpreter {
 public:
  /// `now`: seconds since 1970 that strftime_now shows; nullopt: the clock's.
  Interpreter(uint64_t steps, std::optional<int64_t> now);
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  Budget& budget() { return budget_; }
  Scope& scope() { return *scope_; }
  Scope& globals() { return globals_; }
  std::optional<int64_t> now() const { return now_; }

  void write(std::string_view text);
  Flow run(const Block& block);
  Value call(const Value& callee, Arguments& arguments);
  /// The current scope may be looked at after its block has ended.
  Scope* capture_scope();
  /// What may come to hold itself is emptied when rendering ends.
  void empty_at_end(std::shared_ptr<Special> special) { stateful_.push_back(std::move(special)); }

  /// A {% generation %} block that wrote `bytes`.
  void note_generation(size_t bytes) { generations_.push_back({written_.size(), written_.size() + bytes}); }
  std::string& written() { return written_; }
  std::vector<Span>& generations() { return generations_; }

  int line = 1;

 private:
  friend class LocalScope;
  friend class Capture;
  friend class OpenCall;
  Budget budget_;
  std::optional<int64_t> now_;
  Scope globals_, root_;
  Scope* scope_;
  std::string written_, *out_;
  std::vector<Span> generations_;
  std::vector<std::unique_ptr<Scope>> kept_;
  std::vector<std::shared_ptr<Special>> stateful_;
  int calls_ = 0, syntax_depth_ = 0;
};

/// A new scope until the end of the C++ block, inside the current one or another.
class LocalScope {
 public:
  explicit LocalScope(Interpreter& interpreter, Scope* parent = nullptr);
  LocalScope(const LocalScope&) = delete;
  LocalScope& operator=(const LocalScope&) = delete;
  ~LocalScope();

 private:
  Interpreter& interpreter_;
  Scope* outer_;
  std::unique_ptr<Scope> own_;
};

/// Output goes into a text of its own until the end of the C++ block.
class Capture {
 public:
  explicit Capture(Interpreter& interpreter) : interpreter_(interpreter), outer_(interpreter.out_) { interpreter.out_ = &text_; }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() { interpreter_.out_ = outer_; }
  std::string take() { return std::move(text_); }

 private:
  Interpreter& interpreter_;
  std::string text_, *outer_;
};

/// A call under way: counts calls, and the syntax that lies open in them.
class OpenCall {
 public:
  OpenCall(Interpreter& interpreter, int depth);
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;
  ~OpenCall();

 private:
  Interpreter& interpreter_;
  int depth_, line_;
};

}  // namespace athanor::text::templates
