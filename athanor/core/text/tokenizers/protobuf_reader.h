#pragma once
// Reads the wire format of protocol buffers: a message is a list of fields, each a number, a kind and a value.

#include <cstdint>
#include <string>
#include <string_view>

namespace athanor::text {

class ProtobufReader {
 public:
  /// `where` ("text.sentencepiece") and `file` go into errors, which are file_errors.
  ProtobufReader(std::string_view bytes, std::string_view where, std::string_view file)
      : rest_(bytes), where_(where), file_(file) {}

  enum class Kind { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  struct Field {
    uint32_t number;
    Kind kind;
    uint64_t value;          // of kVarint and the fixed ones
    std::string_view bytes;  // of kBytes
  };
  bool at_end() const { return rest_.empty(); }
  Field next();

  /// The value of a field that must be of that kind.
  std::string_view bytes(const Field& field) const;
  uint64_t varint(const Field& field) const;
  float real(const Field& field) const;
  ProtobufReader message(const Field& field) const { return {bytes(field), where_, file_}; }

 private:
  [[noreturn]] void fail(std::string_view what) const;
  uint64_t read_varint();
  std::string_view take(uint64_t n);

  std::string_view rest_;
  std::string where_, file_;
};

}  // namespace athanor::text
