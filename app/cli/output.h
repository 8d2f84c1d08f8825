#pragma once
// Standard output: results only. Progress and log go to standard error.

#include <string_view>

#include "athanor/core/base/json.h"

namespace athanor::app {

/// Throws file_error where standard output cannot be written (a full disk, a closed pipe with SIGPIPE ignored).
void print(std::string_view text);
/// One JSON object on one line; invalid UTF-8 becomes U+FFFD.
void print_json(const base::Json& json);
/// Whether standard output (1) or standard error (2) is a terminal.
bool is_terminal(int descriptor);
/// The whole of standard input; at most 1 GiB.
std::string read_standard_input();

}  // namespace athanor::app
