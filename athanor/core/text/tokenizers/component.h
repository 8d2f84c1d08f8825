#pragma once
// A component of tokenizer.json while it is read: its JSON and the place where it stands, so that every mistake names both.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/json.h"

namespace athanor::text {

class Component {
 public:
  /// `place` is e.g. "tokenizer.json: pre_tokenizer".
  Component(const base::Json& json, std::string place);

  const std::string& place() const { return place_; }
  /// "type", which every component has.
  std::string type() const { return text("type"); }

  /// A member of that kind; where it is missing or null the default is returned, and without a default it is a file_error.
  bool boolean(const char* key, std::optional<bool> otherwise = std::nullopt) const;
  std::string text(const char* key) const;
  std::optional<std::string> optional_text(const char* key) const;
  /// A text of at most 1,024 bytes, which is put into a user's text again and again.
  std::string short_text(const char* key) const;
  /// A text of one character, as its UTF-8.
  std::string character(const char* key) const;
  int64_t integer(const char* key, int64_t low, int64_t high) const;
  Component object(const char* key) const;
  std::vector<Component> list(const char* key) const;
  bool has(const char* key) const;
  const base::Json& json() const { return *json_; }
  /// {"Regex": r} or {"String": s}, the second as an expression.
  std::string pattern(const char* key) const;
  /// The plain text of {"String": s}; nullopt for {"Regex": r}.
  std::optional<std::string> plain_pattern(const char* key) const;

  [[noreturn]] void fail(std::string_view what, std::string got = {}, std::string expected = {}) const;

 private:
  const base::Json* member(const char* key) const;
  const base::Json& required(const char* key, const char* kind) const;
  const base::Json* json_;
  std::string place_;
};

/// The row whose `type` is the component's, or a file_error that says that the component is not supported and which are.
template <typename Row>
const Row& find_component(std::span<const Row> rows, const Component& component, std::string_view shelf) {
  std::string wanted = component.type(), known;
  for (const Row& row : rows) {
    if (wanted == row.type) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.type);
  }
  component.fail(std::string(shelf) + " \"" + wanted.substr(0, 60) + "\" is not supported", "", "one of " + known);
}

}  // namespace athanor::text
