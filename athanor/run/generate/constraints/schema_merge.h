#pragma once
// Two JSON schemas that must both hold, as one.

#include <functional>
#include <string>
#include <string_view>

#include "athanor/core/base/json.h"

namespace athanor::generate {

/// Words of a schema that describe and do not restrict.
bool is_annotation(std::string_view keyword);

class SchemaMerger {
 public:
  using Resolve = std::function<const base::Json&(const std::string& reference)>;
  using Fail = std::function<void(const std::string& what, const std::string& got)>;  // throws
  SchemaMerger(Resolve resolve, Fail fail) : resolve_(std::move(resolve)), fail_(std::move(fail)) {}

  /// References at the top of either are followed. What cannot be merged is an error that names the keyword.
  base::Json merge(const base::Json& a, const base::Json& b, int depth = 0) const;

 private:
  base::Json flattened(const base::Json& schema, int depth) const;
  void merge_keyword(base::Json& into, const std::string& key, const base::Json& value) const;
  void check_shapes(const base::Json& a, const base::Json& b) const;

  Resolve resolve_;
  Fail fail_;
};

}  // namespace athanor::generate
