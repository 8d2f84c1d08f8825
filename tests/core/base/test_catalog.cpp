#include "athanor/core/base/catalog.h"

#include <gtest/gtest.h>

namespace athanor::base {
namespace {

const std::vector<std::string> kNames = {"learning_rate", "batch_size", "top-k", "top-p", "temperature", "lr"};

TEST(NearestName, FindsSlipsOfTheFingers) {
  EXPECT_EQ(nearest_name("learning_rte", kNames), "learning_rate");
  EXPECT_EQ(nearest_name("learnign_rate", kNames), "learning_rate");  // neighbours swapped cost one
  EXPECT_EQ(nearest_name("Batch-Size", kNames), "batch_size");        // hyphens and capitals cost nothing
  EXPECT_EQ(nearest_name("top_k", kNames), "top-k");
  EXPECT_EQ(nearest_name("rl", kNames), "lr");
}

TEST(NearestName, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(nearest_name("zebra", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("x", {}), "");
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), kNames), "");
}

struct Row : Entry {
  int number;
};

TEST(FindRow, FindsOrSuggests) {
  static constexpr Row kRows[] = {{{"top-k", "", "", ""}, 1}, {{"greedy", "", "", ""}, 2}};
  const std::span<const Row> rows(kRows);
  EXPECT_EQ(find_row(rows, "greedy", "generate.samplers").number, 2);
  try {
    find_row(rows, "top_kk", "generate.samplers");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_STREQ(error.what(), "[generate.samplers] unknown name; got top_kk; expected one of top-k, greedy; try top-k");
  }
}

}  // namespace
}  // namespace athanor::base
