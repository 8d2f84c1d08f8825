#pragma once
// Errors have three kinds: your input (exit 2), your file (exit 3), our bug (exit 70).
// The library throws; it never prints, aborts or exits. The program at the border prints one line and ends with exit_code().

#include <stdexcept>
#include <string>
#include <string_view>

namespace athanor::base {

enum class ErrorKind { kInput = 2, kFile = 3, kBug = 70 };

/// The parts of an error line: `[room.thing] what; got ...; expected ...; try ...`. Empty parts are left out.
struct Complaint {
  std::string what;
  std::string got = {};
  std::string expected = {};
  std::string advice = {};
};

class Error : public std::runtime_error {
 public:
  /// `where` is "room.thing", e.g. "checkpoint.safetensors". The text is cut to 400 characters and control characters are escaped.
  Error(ErrorKind kind, std::string_view where, const Complaint& complaint);
  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

/// What the user asked for cannot be done: exit 2.
[[noreturn]] void input_error(std::string_view where, const Complaint& complaint);
/// A file is missing, broken or cannot be written: exit 3.
[[noreturn]] void file_error(std::string_view where, const Complaint& complaint);
/// Athanor itself is wrong: exit 70.
[[noreturn]] void bug(std::string_view where, const Complaint& complaint);

/// Throws bug() when `holds` is false. For what only a programmer's mistake can break; never for input.
inline void expect(bool holds, std::string_view where, const char* what) {
  if (!holds) bug(where, {what});
}

}  // namespace athanor::base
