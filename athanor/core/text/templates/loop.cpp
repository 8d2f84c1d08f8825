#include "athanor/core/text/templates/loop.h"

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/function.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"

namespace athanor::text::templates {

Flow For::execute(Interpreter& interpreter) const {
  Value over = items->evaluate(interpreter);
  Scope* home = recursive ? interpreter.capture_scope() : &interpreter.scope();
  if (!recursive) {
    run(interpreter, over, home, 1);
    return Flow::kOn;
  }
  std::string text;
  {
    Capture capture(interpreter);
    run(interpreter, over, home, 1);
    text = capture.take();
  }
  interpreter.write(text);
  return Flow::kOn;
}

void For::run(Interpreter& interpreter, const Value& over, Scope* home, int64_t depth) const {
  auto loop = std::make_shared<Loop>();
  loop->self_ = loop;
  loop->nesting = over.nesting() + 1;
  loop->source = iterate(interpreter, over);
  loop->statement = this, loop->home = home, loop->depth = depth;
  if (test)
    loop->keeps = [this, &interpreter, home](const Value& item) {
      LocalScope scope(interpreter, home);
      target.assign(interpreter, item);
      return truth(interpreter, test->evaluate(interpreter));
    };
  const Value as_value = Value::special(loop);
  while (loop->advance()) {
    interpreter.budget().step();
    LocalScope scope(interpreter, home);
    target.assign(interpreter, loop->current);
    interpreter.scope().set("loop", as_value);
    if (interpreter.run(body) == Flow::kBreak) break;
  }
  loop->keeps = nullptr;  // it refers to this call
  if (loop->index0 >= 0) return;
  LocalScope scope(interpreter, home);
  interpreter.run(otherwise);
}

const Value* Loop::peek() {
  while (!after_ && next_ < source.size()) {
    const Value& item = source[next_++];
    if (!keeps || keeps(item)) after_ = item;
  }
  return after_ ? &*after_ : nullptr;
}

bool Loop::advance() {
  if (!peek()) return false;
  ++index0;
  before = std::exchange(current, std::move(*after_));
  after_.reset();
  return true;
}

int64_t Loop::length(Interpreter& interpreter) {
  if (length_) return *length_;
  if (!keeps) return *(length_ = static_cast<int64_t>(source.size()));
  Values rest;
  for (; next_ < source.size(); ++next_)
    if (keeps(source[next_])) rest.push_back(source[next_]);
  interpreter.budget().values(rest.size());
  length_ = index0 + 1 + after_.has_value() + static_cast<int64_t>(rest.size());
  source = std::move(rest), next_ = 0, keeps = nullptr;
  return *length_;
}

bool Loop::changed(Interpreter& interpreter, const Values& values) {
  if (ever_changed_ && equal(Value::tuple(last_changed_), Value::tuple(values), interpreter.budget())) return false;
  if (!ever_changed_) interpreter.empty_at_end(self_.lock());
  ever_changed_ = true;
  last_changed_ = values;
  return true;
}

std::optional<Value> Loop::attribute(Interpreter& interpreter, std::string_view name) {
  const auto whole = [](int64_t i) { return Value::integer(i); };
  if (name == "index") return whole(index0 + 1);
  if (name == "index0") return whole(index0);
  if (name == "first") return Value::boolean(index0 == 0);
  if (name == "last") return Value::boolean(peek() == nullptr);
  if (name == "length") return whole(length(interpreter));
  if (name == "revindex") return whole(length(interpreter) - index0);
  if (name == "revindex0") return whole(length(interpreter) - index0 - 1);
  if (name == "depth") return whole(depth);
  if (name == "depth0") return whole(depth - 1);
  if (name == "previtem") return index0 == 0 ? Value::undefined("there is no previous item") : before;
  if (name == "nextitem") return peek() ? *after_ : Value::undefined("there is no next item");
  auto self = std::static_pointer_cast<Loop>(self_.lock());
  if (name == "cycle")
    return function(
        "cycle", "*",
        [self](Interpreter&, const Given& given) {
          const Values& items = given.all().positional;
          if (items.empty()) fault("no items for cycling given");
          return items[static_cast<size_t>(self->index0) % items.size()];
        },
        nesting);
  if (name == "changed")
    return function(
        "changed", "*",
        [self](Interpreter& in, const Given& given) { return Value::boolean(self->changed(in, given.all().positional)); }, nesting);
  return std::nullopt;
}

Value Loop::call(Interpreter& interpreter, Arguments& arguments) {
  if (!statement->recursive) fault("The loop must have the 'recursive' marker to be called recursively.");
  Given given("loop", "iterable", arguments);
  OpenCall open(interpreter, statement->body.depth + statement->otherwise.depth + 1);
  Capture capture(interpreter);
  statement->run(interpreter, given[0], home, depth + 1);
  return Value::string(capture.take());
}

}  // namespace athanor::text::templates
