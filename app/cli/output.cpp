#include "app/cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"

namespace athanor::app {

void print(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) base::file_error("cli.output", {"cannot write to standard output", std::strerror(errno)});
    text.remove_prefix(static_cast<size_t>(n));
  }
}

void print_json(const base::Json& json) { print(json.dump(-1, ' ', false, base::Json::error_handler_t::replace) + "\n"); }

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

std::string read_standard_input() {
  constexpr size_t kLimit = size_t{1} << 30;
  std::string text;
  char buffer[1 << 16];
  while (true) {
    ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) base::file_error("cli.input", {"cannot read standard input", std::strerror(errno)});
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > kLimit) base::input_error("cli.input", {"standard input is too long", "", "at most 1 GiB", "a file"});
  }
}

}  // namespace athanor::app
