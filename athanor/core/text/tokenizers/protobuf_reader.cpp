#include "athanor/core/text/tokenizers/protobuf_reader.h"

#include <bit>
#include <cstring>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::text {

void ProtobufReader::fail(std::string_view what) const { base::file_error(where_, {base::cat(file_, ": ", what)}); }

uint64_t ProtobufReader::read_varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) fail("the file ends inside a number");
    auto byte = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  fail("a number has more than ten bytes");
}

std::string_view ProtobufReader::take(uint64_t n) {
  if (n > rest_.size()) fail("a field ends past the end of its message");
  std::string_view taken = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return taken;
}

ProtobufReader::Field ProtobufReader::next() {
  uint64_t key = read_varint(), number = key >> 3;
  if (number == 0 || number >= uint64_t{1} << 29) fail("a field has an impossible number");
  Field field{static_cast<uint32_t>(number), static_cast<Kind>(key & 7), 0, {}};
  switch (field.kind) {
    case Kind::kVarint:
      field.value = read_varint();
      return field;
    case Kind::kBytes:
      field.bytes = take(read_varint());
      return field;
    case Kind::kFixed64:
    case Kind::kFixed32: {
      std::string_view bytes = take(field.kind == Kind::kFixed64 ? 8 : 4);
      std::memcpy(&field.value, bytes.data(), bytes.size());
      return field;
    }
  }
  fail("a field is of an unknown kind");
}

std::string_view ProtobufReader::bytes(const Field& field) const {
  if (field.kind != Kind::kBytes) fail(base::cat("field ", field.number, " is not bytes"));
  return field.bytes;
}

uint64_t ProtobufReader::varint(const Field& field) const {
  if (field.kind != Kind::kVarint) fail(base::cat("field ", field.number, " is not a number"));
  return field.value;
}

float ProtobufReader::real(const Field& field) const {
  if (field.kind != Kind::kFixed32) fail(base::cat("field ", field.number, " is not a float"));
  return std::bit_cast<float>(static_cast<uint32_t>(field.value));
}

}  // namespace athanor::text
