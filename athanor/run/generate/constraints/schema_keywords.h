#pragma once
// The keywords of one JSON schema, read and checked.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/run/generate/constraints/json_text.h"

namespace athanor::generate {

/// Throws, with the schema's place.
using SchemaFail = std::function<void(const std::string& what, const std::string& got, const std::string& expected)>;

class SchemaKeywords {
 public:
  /// Both must outlive it. An error where the schema is no object, or a keyword is not supported.
  SchemaKeywords(const base::Json& schema, const SchemaFail& fail);

  bool has(const char* keyword) const;
  /// Whether any keyword restricts, and whether one does beside this.
  bool restricts() const { return restricts_beside(""); }
  bool restricts_beside(std::string_view keyword) const;
  /// As `type` says; else those that the other keywords speak of; else all.
  std::vector<std::string_view> types() const;
  /// What enum and const leave.
  std::vector<base::Json> literals() const;
  const std::string& text(const char* keyword) const;
  const base::Json& list(const char* keyword) const;
  const base::Json& properties() const;
  std::vector<std::string> required() const;
  /// A pair such as minItems and maxItems. A large maximum comes down to what is possible: fewer is valid too.
  std::pair<int64_t, int64_t> counts(const char* min_keyword, const char* max_keyword) const;
  std::optional<NumberBound> bound(const char* keyword, const char* exclusive_keyword, bool lower) const;
  /// Members cannot be counted: minProperties and maxProperties must hold by themselves.
  void check_member_counts(size_t fewest, size_t most, bool open) const;

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& got, const std::string& expected = {}) const;
  int64_t count(const char* keyword, int64_t otherwise) const;

  const base::Json& schema_;
  const SchemaFail& fail_;
};

}  // namespace athanor::generate
