#include "athanor/core/base/error.h"

#include <array>

namespace athanor::base {
namespace {

constexpr size_t kLongest = 400;

// Error text may carry bytes of a hostile file: nothing in it may move a terminal's cursor or break a log line.
std::string escape_controls(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      out += {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

void cut(std::string& text, size_t longest) {
  if (text.size() <= longest) return;
  size_t end = longest - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // never inside a UTF-8 character
  text.resize(end);
  text += "...";
}

std::string line_of(std::string_view where, const Complaint& complaint) {
  std::string line = "[" + std::string(where) + "] " + complaint.what;
  // A part that is far too long must not push out the advice after it.
  const std::array<std::pair<const char*, const std::string*>, 3> parts = {
      {{"; got ", &complaint.got}, {"; expected ", &complaint.expected}, {"; try ", &complaint.advice}}};
  for (const auto& [label, part] : parts) {
    if (part->empty()) continue;
    std::string shown = *part;
    cut(shown, 160);
    line += label + shown;
  }
  line = escape_controls(line);
  cut(line, kLongest);
  return line;
}

}  // namespace

Error::Error(ErrorKind kind, std::string_view where, const Complaint& complaint)
    : std::runtime_error(line_of(where, complaint)), kind_(kind) {}

void input_error(std::string_view where, const Complaint& complaint) { throw Error(ErrorKind::kInput, where, complaint); }
void file_error(std::string_view where, const Complaint& complaint) { throw Error(ErrorKind::kFile, where, complaint); }
void bug(std::string_view where, const Complaint& complaint) { throw Error(ErrorKind::kBug, where, complaint); }

}  // namespace athanor::base
