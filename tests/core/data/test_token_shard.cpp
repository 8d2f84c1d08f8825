#include <gtest/gtest.h>

#include <cstring>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/data/token_shard.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

std::vector<int32_t> document(const TokenShard& shard, int64_t i) {
  std::vector<int32_t> ids(static_cast<size_t>(shard.document_tokens(i)));
  shard.copy(i, 0, static_cast<int64_t>(ids.size()), ids.data());
  return ids;
}

std::filesystem::path write(const std::filesystem::path& path, int64_t vocab) {
  TokenShardWriter writer(path, vocab, 77);
  writer.add(std::vector<int32_t>{1, 2, static_cast<int32_t>(vocab) - 1}, 10);
  writer.add({}, 1);
  writer.add(std::vector<int32_t>{5}, 4);
  EXPECT_EQ(writer.documents(), 2);
  writer.commit();
  return path;
}

TEST(TokenShard, WhatIsWrittenIsRead) {
  const testing::TempFolder folder;
  for (int64_t vocab : {300, 65536, 65537, 200000, 1 << 24, (1 << 24) + 1}) {
    const TokenShard shard = TokenShard::open(write(folder / "s.tokens", vocab));
    EXPECT_EQ(shard.documents(), 2);
    EXPECT_EQ(shard.tokens(), 4);
    EXPECT_EQ(shard.text_bytes(), 15);
    EXPECT_EQ(shard.vocab_size(), vocab);
    EXPECT_EQ(shard.tokenizer_hash(), 77u);
    EXPECT_EQ(document(shard, 0), (std::vector<int32_t>{1, 2, static_cast<int32_t>(vocab) - 1}));
    EXPECT_EQ(document(shard, 1), (std::vector<int32_t>{5}));
    EXPECT_EQ(std::filesystem::file_size(folder / "s.tokens"), 64 + (vocab <= 65536 ? 8u : 16u) + 24);
  }
  EXPECT_EQ(folder.listing(), "s.tokens");
}

TEST(TokenShard, ThreeBytesHoldALargeVocabulary) {
  const testing::TempFolder folder;
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < 5000; ++i) ids.push_back(i * 37 % 151936);
  TokenShardWriter writer(folder / "s.tokens", 151936, 0);
  writer.add(ids, 1), writer.add(std::vector<int32_t>{151935}, 1);
  writer.commit();
  EXPECT_EQ(std::filesystem::file_size(folder / "s.tokens"), 64u + 15008 + 24);
  const TokenShard shard = TokenShard::open(folder / "s.tokens");
  EXPECT_EQ(document(shard, 0), ids);
  std::vector<int32_t> part(7);
  shard.copy(0, 100, 7, part.data());
  EXPECT_EQ(part, std::vector<int32_t>(ids.begin() + 100, ids.begin() + 107));
}

TEST(TokenShard, WithoutCommitNothingIsLeft) {
  const testing::TempFolder folder;
  {
    TokenShardWriter writer(folder / "s.tokens", 10, 0);
    writer.add(std::vector<int32_t>{1}, 1);
  }
  EXPECT_EQ(folder.listing(), "");
}

TEST(TokenShard, EveryFlippedBitAndEveryCutIsNoticed) {
  const testing::TempFolder folder;
  write(folder / "s.tokens", 300);
  const std::string whole = base::read_text_file(folder / "s.tokens");
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {  // the four tokens of two bytes leave no padding
    std::string broken = whole;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << bit % 8));
    EXPECT_THROW(TokenShard::open(folder.write("b.tokens", broken)), base::Error) << "bit " << bit;
  }
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(TokenShard::open(folder.write("b.tokens", whole.substr(0, size))), base::Error) << size;
  EXPECT_THROW(TokenShard::open(folder.write("b.tokens", whole + "x")), base::Error);
}

TEST(TokenShard, SizesThatOverflowAreRefused) {
  const testing::TempFolder folder;
  write(folder / "s.tokens", 300);
  const std::string whole = base::read_text_file(folder / "s.tokens");
  for (uint64_t huge : {uint64_t{1} << 63, ~uint64_t{0}, (uint64_t{1} << 61) + 1}) {
    for (size_t field : {32u, 40u}) {  // documents, tokens
      std::string broken = whole;
      std::memcpy(broken.data() + field, &huge, 8);
      try {
        TokenShard::open(folder.write("b.tokens", broken));
        FAIL();
      } catch (const base::Error& error) {
        EXPECT_EQ(error.exit_code(), 3);
        EXPECT_NE(std::string(error.what()).find("size does not match the header"), std::string::npos) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace athanor::data
