#include <gtest/gtest.h>

#include "athanor/core/base/flat_values.h"

namespace athanor::base {
namespace {

TEST(FlatValues, NamesAreDottedAndListsAreOneValue) {
  const auto values = flat_values(parse_yaml("stage: sft\ntrain: {lr: 1e-3, betas: [1, 2], none: }\nempty: []\n", "test"));
  EXPECT_EQ(values, (std::map<std::string, std::string>{
                        {"stage", "sft"}, {"train.lr", "1e-3"}, {"train.betas", "[1, 2]"}, {"train.none", ""}, {"empty", "[]"}}));
}

}  // namespace
}  // namespace athanor::base
