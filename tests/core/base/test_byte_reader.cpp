#include "athanor/core/base/byte_reader.h"

#include <gtest/gtest.h>

#include <limits>

#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

ByteReader reader_of(std::string_view text) { return {std::as_bytes(std::span(text.data(), text.size())), "room.thing", "f.bin"}; }

TEST(ByteReader, ReadsLittleEndianValuesInOrder) {
  ByteReader reader =
      reader_of(std::string_view("\x01\x02\x03\x04\xff\xff"
                                 "ab",
                                 8));
  EXPECT_EQ(reader.read<uint32_t>("magic"), 0x04030201u);
  EXPECT_EQ(reader.read<int16_t>("count"), -1);
  EXPECT_EQ(reader.position(), 6u);
  EXPECT_EQ(reader.take(2, "name").size(), 2u);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(reader.take(0, "nothing").size(), 0u);
}

TEST(ByteReader, AShortFileSaysWhatWhereAndHowMuch) {
  ByteReader reader = reader_of("abc");
  reader.read<uint8_t>("first");
  try {
    reader.read<uint64_t>("the header's length");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFile);
    EXPECT_STREQ(error.what(), "[room.thing] f.bin ends inside the header's length at byte 1; got 2 bytes left; expected 8 bytes");
  }
  EXPECT_EQ(reader.position(), 1u);
}

TEST(ByteReader, AHugeLengthDoesNotWrapAround) {
  ByteReader reader = reader_of("abc");
  reader.read<uint8_t>("first");
  EXPECT_THROW(reader.take(std::numeric_limits<uint64_t>::max(), "x"), Error);
  EXPECT_THROW(reader.take(std::numeric_limits<uint64_t>::max() - 1, "x"), Error);
}

}  // namespace
}  // namespace athanor::base
