#pragma once
// What a template computes with: Python's values as far as chat templates meet them. Lists and dicts never change once made (the
// sandbox is immutable), so values share them freely; only Specials have state.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "athanor/core/text/templates/budget.h"

namespace athanor::text::templates {

enum class Kind : uint8_t {
  kUndefined,
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kList,
  kTuple,
  kDict,
  kRange,
  kView,      // dict.keys(), .values(), .items()
  kIterator,  // read once: what map, select and their kin give
  kSpecial,   // namespaces, loops, macros, functions
};

enum class ViewPart { kKeys, kValues, kItems };

/// What a value points at. `nesting` says how deep containers lie in each other, so that nothing recursive meets more.
struct Object {
  virtual ~Object() = default;
  int nesting = 0;
};

class Value;
class Dict;
struct Special;
using Values = std::vector<Value>;

class Value {
 public:
  Value() = default;  // none
  static Value undefined(std::string why);
  static Value boolean(bool b);
  static Value integer(int64_t i);
  static Value number(double d);
  /// `safe`: markup, as the filter `safe` makes it; adding to it escapes.
  static Value string(std::string text, bool safe = false);
  static Value list(Values items);
  static Value tuple(Values items);
  /// A tuple whose parts are also called grouper and list.
  static Value group(Value grouper, Values items);
  static Value dict(Dict dict);
  static Value range(int64_t start, int64_t stop, int64_t step, int64_t length);
  static Value view(ViewPart part, const Value& dict);
  static Value iterator(Values items);
  static Value special(std::shared_ptr<Special> special);

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_undefined() const { return kind_ == Kind::kUndefined; }
  bool is_none() const { return kind_ == Kind::kNone; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_sequence() const { return kind_ == Kind::kList || kind_ == Kind::kTuple; }
  bool is_whole() const { return kind_ == Kind::kInt || kind_ == Kind::kBool; }
  bool is_number() const { return is_whole() || kind_ == Kind::kFloat; }

  int64_t whole() const { return whole_; }  // of kBool and kInt
  double real() const { return kind_ == Kind::kFloat ? real_ : static_cast<double>(whole_); }
  const std::string& text() const;  // of kString; why, of kUndefined
  bool safe() const;
  const Values& items() const;  // of kList and kTuple
  const Dict& entries() const;  // of kDict
  template <typename T>
  T& as() const {
    return static_cast<T&>(*object_);
  }
  /// The Special of that class, or null.
  template <typename T>
  T* special_as() const {
    return kind_ == Kind::kSpecial ? dynamic_cast<T*>(object_.get()) : nullptr;
  }
  const Object* identity() const { return object_.get(); }
  int nesting() const { return object_ ? object_->nesting : 0; }

 private:
  Value(Kind kind, std::shared_ptr<Object> object) : kind_(kind), object_(std::move(object)) {}

  Kind kind_ = Kind::kNone;
  union {
    int64_t whole_ = 0;
    double real_;
  };
  std::shared_ptr<Object> object_;
};

/// Keeps the order of insertion. Keys are what Python can hash.
class Dict {
 public:
  const std::vector<std::pair<Value, Value>>& pairs() const { return pairs_; }
  const Value* find(std::string_view key) const;
  /// Faults on a key that cannot be hashed.
  const Value* find(const Value& key, Budget& budget) const;
  void set(const Value& key, const Value& value, Budget& budget);
  void set(std::string key, Value value);

 private:
  std::optional<size_t> index_of(std::string_view key) const;
  std::optional<size_t> index_of(const Value& key, Budget& budget) const;
  void append(Value key, Value value);
  std::vector<std::pair<Value, Value>> pairs_;
  std::unordered_map<std::string_view, size_t> index_;  // of text keys, once there are many
};

struct String final : Object {
  String(std::string t, bool s) : text(std::move(t)), safe(s) {}
  std::string text;
  bool safe;
};
struct Sequence final : Object {
  Values items;
  bool is_group = false;
};
struct DictObject final : Object {
  Dict dict;
};
struct Range final : Object {
  int64_t start = 0, stop = 0, step = 1, length = 0;
  int64_t at(int64_t i) const { return start + i * step; }
};
struct View final : Object {
  ViewPart part = ViewPart::kKeys;
  Value dict;
};
struct Iterator final : Object {
  Values items;
  size_t next = 0;
};

class Interpreter;
struct Arguments;
struct Scope;

/// Things with attributes or behaviour of their own.
struct Special : Object {
  virtual const char* type_name() const = 0;
  /// nullopt where it has no such attribute.
  virtual std::optional<Value> attribute(Interpreter&, std::string_view) { return std::nullopt; }
  virtual bool callable() const { return false; }
  virtual Value call(Interpreter&, Arguments&);
  /// Drops what it holds, where that can change: a cycle must not outlive the rendering.
  virtual void clear() {}
};

/// Python's name of a value's type, for messages.
std::string type_name(const Value& value);

}  // namespace athanor::text::templates
