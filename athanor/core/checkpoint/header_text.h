#pragma once
// The few pieces of JSON that a safetensors header is made of, read one after another. Internal to the room.

#include <cstdint>
#include <string>
#include <string_view>

namespace athanor::checkpoint {

/// Reads strictly: no leading space, no comments, no trailing commas; numbers are naturals; texts are valid UTF-8 without NUL.
/// Depth is what the caller nests, so hostile nesting never recurses. Everything throws file_error with the byte's position.
class HeaderText {
 public:
  HeaderText(std::string_view text, std::string_view source);

  /// Calls member(key) with the reader in front of the value, for each member of an object.
  template <typename Member>
  void object(Member member) {
    take('{', "{");
    if (take_if('}')) return;
    do {
      std::string key = string("a key in quotes");
      take(':', ":");
      member(std::move(key));
    } while (take_if(','));
    take('}', ", or }");
  }

  /// Calls element() in front of each element of a list.
  template <typename Element>
  void array(Element element) {
    take('[', "[");
    if (take_if(']')) return;
    do element();
    while (take_if(','));
    take(']', ", or ]");
  }

  std::string string(const char* expected);
  /// Digits only: 0 <= n < 2^64, without sign, fraction or exponent.
  uint64_t natural();
  /// Only spaces may follow.
  void end();

  [[noreturn]] void refuse(std::string what, std::string got, std::string expected) const;

 private:
  void skip_space();
  bool take_if(char c);
  void take(char c, const char* expected);
  [[noreturn]] void unexpected(const char* expected) const;
  void escape(std::string& out);
  uint32_t hex4();

  std::string_view text_, source_;
  size_t at_ = 0;
};

}  // namespace athanor::checkpoint
