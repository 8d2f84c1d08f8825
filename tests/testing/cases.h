#pragma once
// Malformed inputs as data: a text file of cases, each a name, an input and what must come of it.
//
//   # anything before the first case is a note
//   === duplicate key
//   a: 1
//   a: 2
//   --- error 3: duplicate key "a" (first in line 1)
//
//   === a list
//   [1, 2]
//   --- ok: [1, 2]
//
// The input is everything between the two lines, without the last newline. `\xHH`, `\n`, `\t`, `\r`, `\0` and `\\` are written out
// where the line `=== name (escaped)` says so, and `\{text*1000}` repeats text. The part after the colon must occur in the result.

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::testing {

struct Case {
  std::string name;
  std::string input;
  int exit_code = 0;     // 0 for `ok`
  std::string expected;  // part of the error's text, or of the output
  int line = 0;          // in the data file
};

/// Throws std::runtime_error with file and line where the file itself is malformed or has no case.
std::vector<Case> read_cases(const std::filesystem::path& path);

}  // namespace athanor::testing
