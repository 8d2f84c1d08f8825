#include "athanor/core/text/tokenizers/json_reader.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/text/tokenizers/short_text.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

constexpr uint64_t kEachByte = 0x0101010101010101u;

/// The highest bit of the first byte that a string does not simply contain: a quote, a backslash, a control character. Bits behind
/// it mean nothing.
uint64_t ends_of_plain(uint64_t word) {
  auto below = [](uint64_t w, uint64_t limit) { return (w - kEachByte * limit) & ~w; };
  return (below(word ^ kEachByte * '"', 1) | below(word ^ kEachByte * '\\', 1) | below(word, 0x20)) & kEachByte * 0x80;
}

}  // namespace

/// Most of an indented file's white space: spaces by eight and by four.
void JsonReader::indent() {
  while (end_ - p_ >= 8 && load_word<uint64_t>(p_) == kEachByte * ' ') p_ += 8;
  if (end_ - p_ >= 4 && load_word<uint32_t>(p_) == static_cast<uint32_t>(kEachByte * ' ')) p_ += 4;
}

JsonReader::Kind JsonReader::peek() {
  space();
  if (p_ == end_) fault();
  switch (*p_) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
      return Kind::kTrue;
    case 'f':
      return Kind::kFalse;
    case 'n':
      return Kind::kNull;
    default:
      return Kind::kNumber;
  }
}

void JsonReader::open(char bracket) {
  space();
  if (p_ == end_ || *p_ != bracket || depth_left_ == 0) fault();
  ++p_, --depth_left_;
}

/// Goes to the next member or item; false, past the bracket, where there is none.
bool JsonReader::next(char closing, bool first) {
  space();
  if (p_ == end_) fault();
  if (*p_ == closing) {
    ++p_, ++depth_left_;
    return false;
  }
  if (first) return true;
  if (*p_++ != ',') fault();
  space();
  if (p_ == end_ || *p_ == closing) fault();
  return true;
}

void JsonReader::colon() {
  space();
  if (p_ == end_ || *p_++ != ':') fault();
}

std::string_view JsonReader::string(std::string& scratch) {
  space();
  if (p_ == end_ || *p_ != '"') fault();
  const char* begin = ++p_;
  for (; end_ - p_ >= 8; p_ += 8) {
    if (uint64_t found = ends_of_plain(load_word<uint64_t>(p_))) {
      p_ += std::countr_zero(found) / 8;
      break;
    }
  }
  for (; p_ < end_; ++p_) {
    auto c = static_cast<unsigned char>(*p_);
    if (c == '"') return {begin, static_cast<size_t>(p_++ - begin)};
    if (c == '\\') return escaped(begin, scratch);
    if (c < 0x20) fault();
  }
  fault();
}

uint32_t JsonReader::hex4() {
  uint32_t code = 0;
  if (end_ - p_ < 4) fault();
  auto [stop, error] = std::from_chars(p_, p_ + 4, code, 16);
  if (error != std::errc() || stop != p_ + 4) fault();
  p_ += 4;
  return code;
}

/// The rest of a string from its first backslash on.
std::string_view JsonReader::escaped(const char* begin, std::string& scratch) {
  scratch.assign(begin, p_);
  while (p_ < end_) {
    char c = *p_++;
    if (c == '"') return scratch;
    if (static_cast<unsigned char>(c) < 0x20) fault();
    if (c != '\\') {
      scratch += c;
      continue;
    }
    if (p_ == end_) fault();
    constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    char escape = *p_++;
    if (size_t i = kFrom.find(escape); i != std::string_view::npos) {
      scratch += kTo[i];
      continue;
    }
    if (escape != 'u') fault();
    uint32_t code = hex4();
    if (code >= 0xd800 && code < 0xdc00) {
      if (end_ - p_ < 2 || *p_++ != '\\' || *p_++ != 'u') fault();
      uint32_t low = hex4();
      if (low < 0xdc00 || low > 0xdfff) fault();
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      fault();
    }
    append_utf8(scratch, code);
  }
  fault();
}

std::string_view JsonReader::number() {
  space();
  const char* begin = p_;
  auto digits = [this] {
    const char* first = p_;
    while (p_ < end_ && *p_ >= '0' && *p_ <= '9') ++p_;
    if (p_ == first) fault();
  };
  if (p_ < end_ && *p_ == '-') ++p_;
  const char* whole = p_;
  digits();
  if (*whole == '0' && p_ > whole + 1) fault();
  if (p_ < end_ && *p_ == '.') ++p_, digits();
  if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
    ++p_;
    if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    digits();
  }
  return {begin, static_cast<size_t>(p_ - begin)};
}

bool JsonReader::integer(int64_t& value) {
  space();
  const char* p = p_;
  int64_t few = 0;  // digits, as ids have
  for (; end_ - p > 1 && p - p_ < 10 && *p >= '0' && *p <= '9'; ++p) few = few * 10 + (*p - '0');
  if (p > p_ && (*p == ',' || *p == '\n' || *p == '}') && *p_ != '0') {
    p_ = p;
    value = few;
    return true;
  }
  std::string_view text = number();
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

void JsonReader::literal(std::string_view word) {
  if (static_cast<size_t>(end_ - p_) < word.size() || std::memcmp(p_, word.data(), word.size()) != 0) fault();
  p_ += word.size();
}

base::Json JsonReader::value() {
  switch (peek()) {
    case Kind::kObject: {
      base::Json json = base::Json::object();
      object([&](std::string_view key) {
        std::string name(key);
        if (json.contains(name)) fault();
        json[name] = value();
      });
      return json;
    }
    case Kind::kArray: {
      base::Json json = base::Json::array();
      array([&] { json.push_back(value()); });
      return json;
    }
    case Kind::kString: {
      std::string scratch;
      return std::string(string(scratch));
    }
    case Kind::kTrue:
      return literal("true"), true;
    case Kind::kFalse:
      return literal("false"), false;
    case Kind::kNull:
      return literal("null"), nullptr;
    default: {
      std::string_view text = number();
      int64_t whole;
      auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
      if (error == std::errc() && stop == text.data() + text.size()) return whole;
      double real = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), real).ec != std::errc()) fault();
      return real;
    }
  }
}

void JsonReader::skip() {
  switch (peek()) {
    case Kind::kObject:
      return object([this](std::string_view) { skip(); });
    case Kind::kArray:
      return array([this] { skip(); });
    case Kind::kString: {
      std::string scratch;
      string(scratch);
      return;
    }
    default:
      value();
  }
}

void JsonReader::end() {
  space();
  if (p_ != end_) fault();
}

}  // namespace athanor::text
