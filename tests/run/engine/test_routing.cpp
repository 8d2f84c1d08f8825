#include "athanor/run/engine/routing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace athanor::engine {
namespace {

std::vector<Choice> routed(const models::ExpertsSpec& spec, std::vector<float> logits, std::vector<float> correction = {}) {
  std::vector<Choice> choices(static_cast<size_t>(spec.chosen));
  route(spec, logits, correction, choices);
  return choices;
}

TEST(Routing, SoftmaxOfAllThenTheBest) {
  const float e = std::exp(1.0f);
  const auto choices = routed({.count = 3, .chosen = 2}, {0, 2, 1});
  EXPECT_EQ(choices[0].expert, 1);
  EXPECT_EQ(choices[1].expert, 2);
  EXPECT_NEAR(choices[0].weight, e * e / (1 + e + e * e), 1e-6);
  EXPECT_NEAR(choices[1].weight, e / (1 + e + e * e), 1e-6);
}

TEST(Routing, NormalizedAndScaled) {
  const auto choices = routed({.count = 3, .chosen = 2, .normalized = true, .scale = 2.5}, {0, 2, 1});
  EXPECT_NEAR(choices[0].weight + choices[1].weight, 2.5, 1e-6);
  EXPECT_NEAR(choices[0].weight / choices[1].weight, std::exp(1.0), 1e-5);
}

TEST(Routing, TheCorrectionChoosesButDoesNotWeigh) {
  const auto choices = routed({.count = 3, .chosen = 1, .sigmoid = true, .correction = true}, {0, 2, 1}, {0.9f, 0, 0});
  EXPECT_EQ(choices[0].expert, 0);
  EXPECT_NEAR(choices[0].weight, 0.5, 1e-6);
}

TEST(Routing, GroupsAreRankedByTheirBest) {
  models::ExpertsSpec spec{.count = 6, .chosen = 2, .sigmoid = true, .groups = 3, .chosen_groups = 1, .group_best = 1};
  const std::vector<float> logits = {3, -9, 2, 2, 1, 1};
  EXPECT_EQ(routed(spec, logits)[0].expert, 0);
  EXPECT_EQ(routed(spec, logits)[1].expert, 1) << "the best group's other member, although others score more";
  spec.group_best = 2;
  EXPECT_EQ(routed(spec, logits)[0].expert, 2);
  EXPECT_EQ(routed(spec, logits)[1].expert, 3);
}

TEST(Routing, EqualScoresTakeTheFirst) {
  const auto choices = routed({.count = 4, .chosen = 2}, {1, 1, 1, 1});
  EXPECT_EQ(choices[0].expert, 0);
  EXPECT_EQ(choices[1].expert, 1);
}

}  // namespace
}  // namespace athanor::engine
