#include <gtest/gtest.h>

#include <map>

#include "athanor/core/base/error.h"
#include "athanor/core/data/eval_windows.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

constexpr int32_t kStartEvalWindows = 999;

TokenShard shard_for_eval_windows(const testing::TempFolder& folder, const std::vector<int64_t>& lengths) {
  TokenShardWriter writer(folder / "s.tokens", 1000, 0);
  int32_t next = 0;
  for (int64_t length : lengths) {
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < length; ++i) ids.push_back(next++);
    writer.add(ids, 3 * length);
  }
  writer.commit();
  return TokenShard::open(folder / "s.tokens");
}

/// How often each token is a target, and how many tokens of its document it sees before it.
struct Seen {
  std::map<int32_t, int> targets;
  std::map<int32_t, int32_t> context;
};

Seen walk(const EvalWindows& windows) {
  Seen seen;
  for (int64_t i = 0; i < windows.batches(); ++i) {
    const Batch batch = windows.batch(i);
    for (size_t at = 0; at < batch.ids.size(); ++at) {
      const auto t = static_cast<int32_t>(at % static_cast<size_t>(batch.length));
      EXPECT_EQ(batch.positions[at], t - batch.row_start[at]);
      if (batch.targets[at] == kNoTarget) continue;
      ++seen.targets[batch.targets[at]];
      seen.context[batch.targets[at]] = batch.positions[at];
      EXPECT_TRUE(batch.ids[at] == kStartEvalWindows || batch.ids[at] == batch.targets[at] - 1);
    }
  }
  return seen;
}

TEST(EvalWindows, EveryTokenOnce) {
  const testing::TempFolder folder;
  for (const std::vector<int64_t>& lengths :
       {std::vector<int64_t>{50}, std::vector<int64_t>{8}, std::vector<int64_t>{1, 2, 3, 20, 7, 9, 1}}) {
    const TokenShard shard = shard_for_eval_windows(folder, lengths);
    for (int64_t overlap : {0, 1, 4, 7}) {
      const EvalWindows windows(shard, {8, 3, overlap, kStartEvalWindows});
      const Seen seen = walk(windows);
      EXPECT_EQ(static_cast<int64_t>(seen.targets.size()), shard.tokens());
      for (const auto& [token, times] : seen.targets) EXPECT_EQ(times, 1) << token << " overlap " << overlap;
      EXPECT_EQ(windows.text_bytes(), 3 * windows.tokens());
    }
  }
}

TEST(EvalWindows, OverlapGivesContext) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_eval_windows(folder, {50});
  const Seen seen = walk(EvalWindows(shard, {8, 2, 4, kStartEvalWindows}));
  for (const auto& [token, context] : seen.context) EXPECT_GE(context, std::min(token, 4)) << token;
  EXPECT_EQ(seen.context.at(0), 0);
}

TEST(EvalWindows, ShortDocumentsShareARow) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_eval_windows(folder, {3, 3, 3});
  const EvalWindows windows(shard, {8, 4, 0, kStartEvalWindows});
  ASSERT_EQ(windows.batches(), 1);
  const Batch batch = windows.batch(0);
  EXPECT_EQ(batch.batch, 2);
  EXPECT_EQ(std::vector<int32_t>(batch.ids.begin(), batch.ids.begin() + 6),
            (std::vector<int32_t>{kStartEvalWindows, 0, 1, kStartEvalWindows, 3, 4}));
  EXPECT_EQ(std::vector<int32_t>(batch.row_start.begin(), batch.row_start.begin() + 8),
            (std::vector<int32_t>{0, 0, 0, 3, 3, 3, 6, 6}));
}

TEST(EvalWindows, OverlapMustLeaveRoom) {
  const testing::TempFolder folder;
  const TokenShard shard = shard_for_eval_windows(folder, {3});
  EXPECT_THROW(EvalWindows(shard, {8, 1, 8, kStartEvalWindows}), base::Error);
}

}  // namespace
}  // namespace athanor::data
