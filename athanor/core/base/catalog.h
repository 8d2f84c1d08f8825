#pragma once
// A shelf of interchangeable techniques has one visible row each. No static initializers: a room's catalog.cpp returns its rows
// when asked. `athanor list`, `--help` and the docs come from the rows; a test walks the shelf and fails on a file without a row,
// or a row without a test.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/error.h"

namespace athanor::base {

/// What a reader wants to know of a technique. `file` is its source beside the catalog ("samplers/top_k.cpp").
struct Entry {
  const char* name;      // kebab-case
  const char* sentence;  // one line, in the user's words
  const char* paper;     // where it is from; "" where nobody's
  const char* file;
};

/// A shelf as `athanor list` prints it.
struct Shelf {
  const char* room;   // "run/generate"
  const char* shelf;  // "samplers"
  std::vector<Entry> entries;
};

/// "learning_rte" -> "learning_rate" where one is near enough (edit distance <= 1/3 of the length), else "".
std::string nearest_name(std::string_view wanted, std::span<const std::string> known);

/// The row of that name, or an input_error that lists the known names and the nearest one. Row derives from Entry.
template <typename Row>
const Row& find_row(std::span<const Row> rows, std::string_view name, std::string_view where) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (name == row.name) return row;
    names.emplace_back(row.name);
  }
  std::string list;
  for (const std::string& n : names) list += (list.empty() ? "" : ", ") + n;
  std::string near = nearest_name(name, names);
  input_error(where, {"unknown name", std::string(name), "one of " + list, near});
}

}  // namespace athanor::base
