#include <gtest/gtest.h>

#include <map>

#include "athanor/core/base/error.h"
#include "athanor/core/data/sample_packing.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

/// Samples of all-different ids; the second half of each is learned.
TokenShard sample_shard(const testing::TempFolder& folder, const std::vector<int64_t>& lengths) {
  TokenShardWriter writer(folder / "s.tokens", 20000, 0);
  int32_t next = 1;
  for (int64_t length : lengths) {
    std::vector<int32_t> codes;
    for (int64_t i = 0; i < length; ++i) codes.push_back(sample_code(next++, 2 * i >= length));
    writer.add(codes, length);
  }
  writer.commit();
  return TokenShard::open(folder / "s.tokens");
}

const std::vector<int64_t> kLengths = {9, 3, 5, 5, 2, 2, 7, 4, 9, 6, 2, 3, 8};

TEST(SamplePacking, EverySampleOncePerEpochAndItsTargetsWhereItIsLearned) {
  const testing::TempFolder folder;
  const TokenShard shard = sample_shard(folder, kLengths);
  for (bool pack : {true, false}) {
    const SampleSampler sampler(shard, {.length = 8, .batch = 1, .seed = 3, .pack = pack});
    const int64_t rows = sampler.rows_in_first_epoch();
    EXPECT_EQ(rows, pack ? 7 : 13);  // 52 positions, 8 a row
    std::map<int32_t, int> ids, targets;
    for (int64_t r = 0; r < rows; ++r) {
      const Batch batch = sampler.batch(r);
      for (int64_t t = 0; t < 8; ++t) {
        ++ids[batch.ids[t]], ++targets[batch.targets[t]];
        EXPECT_EQ(batch.positions[t], t - batch.row_start[t]);
        EXPECT_LE(batch.row_start[t], t);
        if (batch.targets[t] != kNoTarget) {
          EXPECT_EQ(batch.targets[t], batch.ids[t] + 1);
        }
      }
    }
    int32_t id = 1;
    for (int64_t length : kLengths)
      for (int64_t i = 0; i < length; ++i, ++id) {
        EXPECT_EQ(ids[id], i + 1 < length ? 1 : 0) << id;
        EXPECT_EQ(targets[id], i > 0 && 2 * i >= length ? 1 : 0) << id;
      }
  }
}

TEST(SamplePacking, SamplesDoNotSeeEachOther) {
  const testing::TempFolder folder;
  const TokenShard shard = sample_shard(folder, {3, 4, 2});
  const SampleSampler sampler(shard, {.length = 8, .batch = 1, .shuffle = false});
  ASSERT_EQ(sampler.rows_in_first_epoch(), 1);
  const Batch batch = sampler.first_epoch_rows(0, 1);
  EXPECT_EQ(batch.ids, (std::vector<int32_t>{4, 5, 6, 1, 2, 8, 0, 0}));  // the longest first
  EXPECT_EQ(batch.targets, (std::vector<int32_t>{-100, 6, 7, -100, 3, 9, -100, -100}));
  EXPECT_EQ(batch.row_start, (std::vector<int32_t>{0, 0, 0, 3, 3, 5, 6, 6}));
  EXPECT_EQ(batch.positions, (std::vector<int32_t>{0, 1, 2, 0, 1, 0, 0, 1}));
  EXPECT_DOUBLE_EQ(sampler.filled(), 6.0 / 8);
}

TEST(SamplePacking, ABatchIsAPureFunctionOfItsIndex) {
  const testing::TempFolder folder;
  const TokenShard shard = sample_shard(folder, kLengths);
  const SamplePackingOptions options{.length = 8, .batch = 3, .seed = 9};
  const SampleSampler one(shard, options), other(shard, options);
  std::vector<Batch> forward;
  for (int64_t i = 0; i < 20; ++i) forward.push_back(one.batch(i));
  for (int64_t i = 19; i >= 0; --i) {
    EXPECT_EQ(other.batch(i).ids, forward[i].ids) << i;
    EXPECT_EQ(other.batch(i).targets, forward[i].targets) << i;
    EXPECT_EQ(other.batch(i).row_start, forward[i].row_start) << i;
  }
  const SampleSampler seed(shard, {.length = 8, .batch = 3, .seed = 10});
  EXPECT_NE(seed.batch(0).ids, forward[0].ids);
}

TEST(SamplePacking, TwoSmallBatchesAreOneLarge) {
  const testing::TempFolder folder;
  const TokenShard shard = sample_shard(folder, kLengths);
  const SampleSampler large(shard, {.length = 8, .batch = 4, .seed = 1}), small(shard, {.length = 8, .batch = 2, .seed = 1});
  for (int64_t i = 0; i < 9; ++i) {
    std::vector<int32_t> ids = small.batch(2 * i).ids;
    const std::vector<int32_t> second = small.batch(2 * i + 1).ids;
    ids.insert(ids.end(), second.begin(), second.end());
    EXPECT_EQ(large.batch(i).ids, ids) << i;
  }
}

TEST(SamplePacking, WhatCannotBePacked) {
  const testing::TempFolder folder;
  EXPECT_THROW(SampleSampler(sample_shard(folder, {}), {}), base::Error);
  EXPECT_THROW(SampleSampler(sample_shard(folder, {10}), {.length = 8}), base::Error);
}

}  // namespace
}  // namespace athanor::data
