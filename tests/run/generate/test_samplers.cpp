#include "athanor/run/generate/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "tests/testing/golden.h"

namespace athanor::generate {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

GenerateOptions options_from(const base::Json& json) {
  GenerateOptions options;
  options.temperature = json.value("temperature", options.temperature);
  options.top_k = json.value("top_k", options.top_k);
  options.top_p = json.value("top_p", options.top_p);
  options.min_p = json.value("min_p", options.min_p);
  options.repetition_penalty = json.value("repetition_penalty", options.repetition_penalty);
  return options;
}

std::vector<float> apply(const GenerateOptions& options, std::vector<float> scores, const History& history = {}) {
  for (const auto& step : make_steps(options)) step->apply(scores, history);
  return scores;
}

TEST(Samplers, EqualTransformersProcessors) {
  const testing::Golden golden("run_generate/processors");
  int cases = 0;
  for (const base::Json& c : golden.json().at("cases")) {
    ++cases;
    const auto prompt = c.at("prompt").get<std::vector<text::TokenId>>(),
               generated = c.at("generated").get<std::vector<text::TokenId>>();
    const auto scores = apply(options_from(c.at("options")), c.at("scores").get<std::vector<float>>(), {prompt, generated});
    for (size_t i = 0; i < scores.size(); ++i) {
      const base::Json& expected = c.at("logprobs")[i];
      ASSERT_EQ(scores[i] == kNever, expected.is_null()) << c.at("options").dump() << " token " << i;
      if (expected.is_null()) continue;
      const float logprob = logprob_of(scores, static_cast<text::TokenId>(i));
      ASSERT_NEAR(logprob, expected.get<double>(), golden.tolerance()) << c.at("options").dump();
    }
  }
  EXPECT_GT(cases, 50);
}

TEST(Samplers, RowsAreInTransformersOrder) {
  const char* order[] = {"repetition-penalty", "presence-frequency", "temperature", "top-k", "top-p", "min-p"};
  ASSERT_EQ(samplers().size(), std::size(order));
  for (size_t i = 0; i < std::size(order); ++i) EXPECT_STREQ(samplers()[i].name, order[i]);
  EXPECT_EQ(shelves().front().entries.size(), std::size(order));
}

TEST(Samplers, OptionsAtRestMakeNoStep) {
  EXPECT_TRUE(make_steps({}).empty());
  EXPECT_TRUE(make_steps({.temperature = 0}).empty()) << "greedy is no step";
}

TEST(Samplers, PresenceCountsOnceAndFrequencyEachTime) {
  const std::vector<text::TokenId> prompt = {3, 3}, generated = {1, 1, 2};
  const auto scores = apply({.presence_penalty = 0.5, .frequency_penalty = 0.25}, {1, 1, 1, 1}, {prompt, generated});
  EXPECT_EQ(scores, (std::vector<float>{1, 0, 0.25f, 1}));
}

TEST(Samplers, StepsFollowAGrowingSequence) {
  // One step object over a whole generation equals a fresh one at every step.
  const GenerateOptions options = {.repetition_penalty = 1.7, .presence_penalty = 0.3, .frequency_penalty = 0.2};
  const auto steps = make_steps(options);
  const std::vector<text::TokenId> prompt = {5, 6, 6}, generated = {1, 2, 1, 5, 9, 1};
  for (size_t n = 0; n <= generated.size(); ++n) {
    const History history = {prompt, std::span(generated).first(n)};
    std::vector<float> scores = {0.5f, -1, 2, 3, -4, 5, -6, 7, 8, 9}, fresh = apply(options, scores, history);
    for (const auto& step : steps) step->apply(scores, history);
    EXPECT_EQ(scores, fresh) << n;
  }
}

TEST(Samplers, TopPAgreesWithSorting) {
  base::Philox random(1, 0, base::Purpose::kTest);
  for (int round = 0; round < 300; ++round) {
    std::vector<float> scores(1 + random.below(200));
    for (float& s : scores) s = round % 3 ? random.normal() * 3 : std::round(random.normal());  // every third has ties
    const double p = random.uniform64();
    std::vector<size_t> order(scores.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
    double total = 0, sum = 0;
    for (float s : scores) total += std::exp(s);
    std::vector<float> expected = scores;
    for (size_t i = 0; i + 1 < order.size(); ++i)
      if ((sum += std::exp(scores[order[i]]) / total) <= 1 - p) expected[order[i]] = kNever;
    const auto got = apply({.top_p = p}, scores);
    for (size_t i = 0; i < scores.size(); ++i) ASSERT_EQ(got[i], expected[i]) << "round " << round << " p " << p;
  }
}

TEST(Samplers, EdgesOfTheRanges) {
  const std::vector<float> scores = {1, 3, 2, kNever};
  EXPECT_EQ(apply({.top_k = 4}, scores), scores);
  EXPECT_EQ(apply({.top_k = 1000}, scores), scores);
  EXPECT_EQ(apply({.top_p = 1}, scores), scores);
  EXPECT_EQ(apply({.top_p = 0}, scores), (std::vector<float>{kNever, 3, kNever, kNever}));
  EXPECT_EQ(apply({.min_p = 1}, scores), (std::vector<float>{kNever, 3, kNever, kNever}));
  for (double t : {1e-9, 1e9}) {
    const auto scaled = apply({.temperature = t}, scores);
    EXPECT_EQ(scaled[1], 0) << t;
    EXPECT_EQ(scaled[3], kNever) << t;
    EXPECT_EQ(best_token(scaled), 1) << t;
    for (uint64_t seed = 0; seed < 100 && t < 1; ++seed) EXPECT_EQ(draw_token(scaled, seed, 0), 1) << "near zero is greedy";
  }
  EXPECT_EQ(apply({.temperature = 1e-9, .top_p = 0.9, .min_p = 0.1}, {3e38f, -3e38f})[0], 0) << "no overflow";
}

TEST(Samplers, OutOfRangeIsNamed) {
  const std::pair<GenerateOptions, const char*> wrong[] = {
      {{.temperature = -1}, "[generate.temperature] out of range; got -1"},
      {{.temperature = NAN}, "[generate.temperature] out of range; got nan"},
      {{.temperature = 1e-12}, "[generate.temperature] out of range; got 1e-12; expected 0 (greedy), or 1e-9 to 1e9"},
      {{.top_k = -1}, "[generate.top_k] out of range; got -1"},
      {{.top_p = 1.5}, "[generate.top_p] out of range; got 1.5"},
      {{.top_p = NAN}, "[generate.top_p]"},
      {{.min_p = -0.1}, "[generate.min_p] out of range; got -0.1"},
      {{.repetition_penalty = 0}, "[generate.repetition_penalty] out of range; got 0"},
      {{.presence_penalty = 1e9}, "[generate.presence_penalty]"},
      {{.frequency_penalty = NAN}, "[generate.frequency_penalty]"},
  };
  for (const auto& [options, message] : wrong) {
    try {
      make_steps(options);
      ADD_FAILURE() << message;
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), base::ErrorKind::kInput);
      EXPECT_EQ(std::string(e.what()).find(message), 0u) << e.what();
    }
  }
}

}  // namespace
}  // namespace athanor::generate
