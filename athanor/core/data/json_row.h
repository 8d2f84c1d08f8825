#pragma once
// A JSON text of a file -> a row. Parsed by simdjson, which checks the whole text and does not recurse.

#include <string>
#include <string_view>

#include "athanor/core/base/json.h"
#include "athanor/core/data/source.h"

namespace athanor::data {

/// `where` is for messages ("data.jsonl"), `name` the file's. file_error with file and line on bad JSON, a duplicate key, what is
/// no object, a depth above 64.
base::Json parse_json_row(const RawRow& row, std::string_view where, std::string_view name);

/// file_error "line is too long".
[[noreturn]] void row_too_long(std::string_view where, std::string_view name, int64_t line, size_t bytes);

}  // namespace athanor::data
