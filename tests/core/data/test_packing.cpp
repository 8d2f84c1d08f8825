#include <gtest/gtest.h>

#include <map>
#include <set>

#include "athanor/core/base/error.h"
#include "athanor/core/data/packing.h"
#include "tests/core/data/byte_tokenizer.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

constexpr int32_t kStartPacking = 900, kEnd = 901;

/// Documents whose tokens are all different, so that a token names its place.
TokenShard shard_for_packing(const testing::TempFolder& folder, const std::vector<int64_t>& lengths) {
  TokenShardWriter writer(folder / "s.tokens", 1000, 0);
  int32_t next = 0;
  for (int64_t length : lengths) {
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < length; ++i) ids.push_back(next++);
    writer.add(ids, length);
  }
  writer.commit();
  return TokenShard::open(folder / "s.tokens");
}

PackingOptions options(int64_t length, int64_t batch, uint64_t seed = 1, bool cross = false) {
  return {length, batch, seed, cross, {kStartPacking, kEnd}};
}

TEST(Packing, EveryTargetOncePerEpoch) {
  const testing::TempFolder folder;
  for (const std::vector<int64_t>& lengths :
       {std::vector<int64_t>{7, 1, 30, 2, 2, 16}, std::vector<int64_t>{100}, std::vector<int64_t>{3}}) {
    const TokenShard shard = shard_for_packing(folder, lengths);
    const PackedSampler sampler(shard, options(8, 1));
    EXPECT_EQ(sampler.targets_per_epoch(), shard.tokens() + shard.documents());
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      std::map<int32_t, int64_t> seen;
      for (int64_t i = 0; i < sampler.rows_per_epoch(); ++i)
        for (int32_t target : sampler.batch(epoch * sampler.rows_per_epoch() + i).targets) ++seen[target];
      EXPECT_EQ(seen[kEnd], shard.documents());
      const int64_t rows = sampler.rows_per_epoch();
      EXPECT_EQ(seen.contains(kNoTarget) ? seen[kNoTarget] : 0, rows * 8 - sampler.targets_per_epoch());
      for (int32_t id = 0; id < shard.tokens(); ++id) EXPECT_EQ(seen[id], 1) << id;
    }
  }
}

/// What a row must be: each target follows its input in the same document, and the masks say where documents begin.
void check_row(const Batch& batch, int64_t b, const std::set<int32_t>& firsts) {
  const int64_t T = batch.length;
  for (int64_t t = 0; t < T; ++t) {
    const int64_t at = b * T + t;
    const int32_t id = batch.ids[at], target = batch.targets[at];
    if (target == kNoTarget) continue;
    if (id == kStartPacking) {
      EXPECT_TRUE(firsts.contains(target)) << target;
      EXPECT_EQ(batch.row_start[at], t);
    } else {
      EXPECT_TRUE(target == id + 1 || target == kEnd);
      if (t > 0) {
        EXPECT_EQ(batch.row_start[at], batch.row_start[at - 1]);
        EXPECT_EQ(batch.targets[at - 1], id);
      } else {
        EXPECT_EQ(batch.row_start[at], 0);
      }
    }
    EXPECT_EQ(batch.positions[at], t - batch.row_start[at]);
  }
}

TEST(Packing, RowsFollowDocuments) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_packing(folder, {7, 1, 30, 2, 2, 16, 5, 5});
  const std::set<int32_t> firsts{0, 7, 8, 38, 40, 42, 58, 63};
  const PackedSampler sampler(shard, options(11, 3));
  for (int64_t i = 0; i < 20; ++i) {
    const Batch batch = sampler.batch(i);
    for (int64_t b = 0; b < 3; ++b) check_row(batch, b, firsts);
  }
}

TEST(Packing, CrossDocumentsIsThePlainWay) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_packing(folder, {7, 1, 30});
  const PackedSampler packed(shard, options(9, 2, 5)), plain(shard, options(9, 2, 5, true));
  for (int64_t i = 0; i < 5; ++i) {
    const Batch a = packed.batch(i), b = plain.batch(i);
    EXPECT_EQ(a.ids, b.ids);
    EXPECT_EQ(a.targets, b.targets);
    for (int64_t t = 0; t < 18; ++t) {
      EXPECT_EQ(b.positions[t], t % 9);
      EXPECT_EQ(b.row_start[t], 0);
    }
  }
}

TEST(Packing, ABatchIsAPureFunctionOfItsIndex) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_packing(folder, {7, 1, 30, 2, 2, 16});
  const PackedSampler one(shard, options(8, 3)), other(shard, options(8, 3));
  std::vector<Batch> forward;
  for (int64_t i = 0; i < 12; ++i) forward.push_back(one.batch(i));
  for (int64_t i = 11; i >= 0; --i) {
    EXPECT_EQ(other.batch(i).ids, forward[i].ids);
    EXPECT_EQ(other.batch(i).targets, forward[i].targets);
  }
}

TEST(Packing, TwoSmallBatchesAreOneLarge) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_packing(folder, {7, 1, 30, 2, 2, 16});
  const PackedSampler large(shard, options(8, 4)), small(shard, options(8, 2));
  for (int64_t i = 0; i < 9; ++i) {
    std::vector<int32_t> ids = small.batch(2 * i).ids;
    const std::vector<int32_t> second = small.batch(2 * i + 1).ids;
    ids.insert(ids.end(), second.begin(), second.end());
    EXPECT_EQ(large.batch(i).ids, ids);
  }
}

TEST(Packing, EpochsAndSeedsDiffer) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_packing(folder, {100});  // one text: only the cut and the order of rows can differ
  const PackedSampler sampler(shard, options(8, 1)), other(shard, options(8, 1, 2));
  const int64_t rows = sampler.rows_per_epoch();
  std::set<int32_t> first_epoch, second_epoch;
  for (int64_t i = 0; i < rows; ++i) {
    first_epoch.insert(sampler.batch(i).ids[0]);
    second_epoch.insert(sampler.batch(rows + i).ids[0]);
  }
  EXPECT_NE(first_epoch, second_epoch);
  EXPECT_NE(sampler.batch(0).ids, other.batch(0).ids);
}

TEST(Packing, WhatStandsBetweenDocuments) {
  const Delimiters gpt = delimiters_of(ByteTokenizer(false)), llama = delimiters_of(ByteTokenizer(true));
  EXPECT_EQ(gpt.start, 256);
  EXPECT_EQ(gpt.end, 256);
  EXPECT_EQ(llama.start, 257);
  EXPECT_EQ(llama.end, 256);
  EXPECT_THROW(delimiters_of(ByteTokenizer(false, false)), base::Error);
}

TEST(Packing, AnEmptyShardIsRefused) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_packing(folder, {});
  EXPECT_THROW(PackedSampler(shard, options(8, 1)), base::Error);
}

}  // namespace
}  // namespace athanor::data
