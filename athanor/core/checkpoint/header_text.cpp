#include "athanor/core/checkpoint/header_text.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/checked.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/utf8.h"

namespace athanor::checkpoint {
namespace {

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  } else {
    out += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)), static_cast<char>(0x80 | (c >> 6 & 63)),
            static_cast<char>(0x80 | (c & 63))};
  }
}

}  // namespace

HeaderText::HeaderText(std::string_view text, std::string_view source) : text_(text), source_(source) {
  if (text_.empty() || text_[0] != '{') unexpected("{ as the first byte of the header");
  if (size_t bad = base::invalid_utf8(text_); bad != std::string_view::npos) {
    at_ = bad;
    refuse("header is not valid UTF-8", "other bytes", "UTF-8");
  }
}

void HeaderText::refuse(std::string what, std::string got, std::string expected) const {
  // A hostile name of megabytes must not be what the message consists of.
  if (what.size() > 120) {
    size_t end = 117;
    while ((static_cast<unsigned char>(what[end]) & 0xc0) == 0x80) --end;  // never inside a UTF-8 character
    what = what.substr(0, end) + "...";
  }
  base::file_error("checkpoint.safetensors",
                   {base::cat(source_, ": header byte ", at_, ": ", what), std::move(got), std::move(expected)});
}

void HeaderText::unexpected(const char* expected) const {
  refuse("malformed", at_ < text_.size() ? std::string(text_.substr(at_, 12)) : "the end", expected);
}

void HeaderText::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
}

bool HeaderText::take_if(char c) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void HeaderText::take(char c, const char* expected) {
  if (!take_if(c)) unexpected(expected);
}

std::string HeaderText::string(const char* expected) {
  take('"', expected);
  std::string out;
  for (;;) {
    size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' && static_cast<unsigned char>(text_[at_]) >= 0x20) ++at_;
    out.append(text_, from, at_ - from);
    if (at_ == text_.size()) unexpected("the closing quote of a text");
    if (text_[at_] == '"') break;
    if (text_[at_] != '\\') unexpected("no control characters in a text");
    ++at_;
    escape(out);
  }
  ++at_;
  return out;
}

void HeaderText::escape(std::string& out) {
  if (at_ == text_.size()) unexpected("an escape");
  char c = text_[at_++];
  static constexpr std::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
  if (size_t i = kShort.find(c); i != std::string_view::npos) {
    out += kMeaning[i];
    return;
  }
  --at_;
  if (c != 'u') unexpected("an escape of JSON");
  ++at_;
  uint32_t code = hex4();
  if (code >= 0xd800 && code < 0xdc00) {
    if (text_.substr(at_, 2) != "\\u") unexpected("the second half of a surrogate pair");
    at_ += 2;
    uint32_t low = hex4();
    if (low < 0xdc00 || low > 0xdfff) unexpected("the second half of a surrogate pair");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code < 0xe000) {
    unexpected("the first half of a surrogate pair");
  }
  if (code == 0) unexpected("no NUL in a text");
  append_utf8(out, code);
}

uint32_t HeaderText::hex4() {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    char c = at_ < text_.size() ? text_[at_] : '\0';
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) unexpected("four hexadecimal digits");
    value = value << 4 | static_cast<uint32_t>(digit);
    ++at_;
  }
  return value;
}

uint64_t HeaderText::natural() {
  skip_space();
  size_t from = at_;
  uint64_t value = 0;
  for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
    auto tenfold = base::checked_mul(value, 10);
    auto sum = tenfold ? base::checked_add(*tenfold, static_cast<uint64_t>(text_[at_] - '0')) : std::nullopt;
    if (!sum) refuse("number is too large", std::string(text_.substr(from, 24)), "below 2^64");
    value = *sum;
  }
  bool leading_zero = at_ - from > 1 && text_[from] == '0';
  bool goes_on = at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E');
  if (at_ == from || leading_zero || goes_on) {
    at_ = from;
    unexpected("a whole number >= 0");
  }
  return value;
}

void HeaderText::end() {
  skip_space();
  if (at_ != text_.size()) unexpected("only spaces behind the header's }");
}

}  // namespace athanor::checkpoint
