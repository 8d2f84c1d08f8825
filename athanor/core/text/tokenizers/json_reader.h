#pragma once
// Reads a JSON text from front to back without building a tree: a tokenizer.json is nearly all vocabulary and merges, and loading
// it is most of what `athanor tokenize` does. Strings without escapes are views into the text. It knows well-formed JSON only. At
// the first fault it throws JsonFault, and the caller lets base::parse_json find the fault again and name its line and column.

#include <cstdint>
#include <string>
#include <string_view>

#include "athanor/core/base/json.h"

namespace athanor::text {

struct JsonFault {};

class JsonReader {
 public:
  /// `text` must be valid UTF-8.
  JsonReader(std::string_view text, int max_depth) : p_(text.data()), end_(text.data() + text.size()), depth_left_(max_depth) {}

  enum class Kind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };
  Kind peek();

  /// Calls member(key) for every member; it must read the value. The key lives until the next read.
  template <typename Member>
  void object(const Member& member) {
    open('{');
    for (bool first = true; next('}', first); first = false) {
      std::string_view key = string(key_);
      colon();
      member(key);
    }
  }
  template <typename Item>
  void array(const Item& item) {
    open('[');
    for (bool first = true; next(']', first); first = false) item();
  }
  /// A part of the text; where the string has escapes, what `scratch` then holds.
  std::string_view string(std::string& scratch);
  /// A number that is written as an integer and fits; false for any other number, which is then passed over.
  bool integer(int64_t& value);
  /// Any value as a tree. A key that occurs twice is a fault.
  base::Json value();
  /// Passes over any value.
  void skip();
  /// Nothing but white space is left.
  void end();

 private:
  [[noreturn]] static void fault() { throw JsonFault(); }
  void space() {
    if (p_ < end_ && *p_ == '\n') ++p_, indent();
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
  }
  void indent();
  void open(char bracket);
  bool next(char closing, bool first);
  void colon();
  void literal(std::string_view word);
  std::string_view number();
  std::string_view escaped(const char* begin, std::string& scratch);
  uint32_t hex4();

  const char *p_, *end_;
  int depth_left_;
  std::string key_;
};

}  // namespace athanor::text
