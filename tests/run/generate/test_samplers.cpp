#include "athanor/run/generate/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "tests/run/generate/list_tokenizer.h"
#include "tests/testing/golden.h"

namespace athanor::generate {
namespace {

GenerateOptions options_from(base::Json json) {
  GenerateOptions options;
  if (json.contains("exponential_decay_length_penalty")) {
    const base::Json decay = json["exponential_decay_length_penalty"];
    json.erase("exponential_decay_length_penalty");
    json["exponential_decay_start"] = decay[0];
    json["exponential_decay_factor"] = decay[1];
  }
  base::read_options(base::parse_yaml(json.dump(), "golden"), options, "golden");
  return options;
}

std::vector<float> floats_of(const base::Json& json) {
  std::vector<float> floats;
  for (const base::Json& value : json) floats.push_back(value.is_null() ? kNever : value.get<float>());
  return floats;
}

std::vector<float> apply(const GenerateOptions& options, std::vector<float> scores, const History& history = {},
                         const StepContext& context = {}) {
  for (const auto& step : make_steps(options, context)) step->apply(scores, history);
  return scores;
}

void expect_near(const std::vector<float>& got, const std::vector<float>& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i] == kNever, expected[i] == kNever) << what << " token " << i;
    if (got[i] == kNever) continue;
    ASSERT_NEAR(got[i], expected[i], tolerance * std::max(1.0f, std::abs(expected[i]))) << what << " token " << i;
  }
}

TEST(Samplers, EqualTransformersProcessors) {
  const testing::Golden golden("run_generate/processors");
  const auto end_ids = golden.json().at("end_ids").get<std::vector<text::TokenId>>();
  int cases = 0;
  for (const base::Json& c : golden.json().at("cases")) {
    ++cases;
    const auto prompt = c.at("prompt").get<std::vector<text::TokenId>>(),
               generated = c.at("generated").get<std::vector<text::TokenId>>();
    const auto scores =
        apply(options_from(c.at("options")), c.at("scores").get<std::vector<float>>(), {prompt, generated}, {.end_ids = end_ids});
    for (size_t i = 0; i < scores.size(); ++i) {
      const base::Json& expected = c.at("logprobs")[i];
      ASSERT_EQ(scores[i] == kNever, expected.is_null()) << c.at("options").dump() << " token " << i;
      if (expected.is_null()) continue;
      const float logprob = logprob_of(scores, static_cast<text::TokenId>(i));
      ASSERT_NEAR(logprob, expected.get<double>(), golden.tolerance()) << c.at("options").dump();
    }
  }
  EXPECT_GT(cases, 90);
}

TEST(Samplers, EqualTheFormulasOfLlamaCpp) {
  const testing::Golden golden("run_generate/samplers");
  const ListTokenizer tokenizer(golden.json().at("pieces").get<std::vector<std::string>>());
  for (const base::Json& c : golden.json().at("cases")) {
    const auto ids = c.at("ids").get<std::vector<text::TokenId>>();
    for (size_t cut : {size_t{0}, ids.size() / 2, ids.size()}) {  // what is prompt and what generated changes nothing
      const History history = {std::span(ids).first(cut), std::span(ids).subspan(cut)};
      const auto scores = apply(options_from(c.at("options")), floats_of(c.at("scores")), history, {.tokenizer = &tokenizer});
      expect_near(scores, floats_of(c.at("after")), golden.tolerance(), c.at("options").dump() + c.at("ids").dump());
    }
  }
  for (const base::Json& chain : golden.json().at("mirostat")) {
    const auto steps = make_steps(options_from(chain.at("options")));
    ASSERT_EQ(steps.size(), 1u);
    std::vector<text::TokenId> generated;
    for (size_t i = 0; i < chain.at("scores").size(); ++i) {
      std::vector<float> scores = floats_of(chain.at("scores")[i]);
      steps[0]->apply(scores, {{}, generated});
      expect_near(scores, floats_of(chain.at("after")[i]), golden.tolerance(), chain.at("options").dump());
      generated.push_back(chain.at("drawn")[i].get<text::TokenId>());
    }
  }
}

// What is left of `draws` draws with different steps (or seeds): chi-square against the expected probabilities.
double chi_square(const std::vector<double>& probabilities, const std::vector<int>& counts, int draws) {
  double chi2 = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    if (probabilities[i] > 0)
      chi2 += (counts[i] - draws * probabilities[i]) * (counts[i] - draws * probabilities[i]) / (draws * probabilities[i]);
    else
      EXPECT_EQ(counts[i], 0) << i;
  return chi2;
}

std::vector<double> softmax(const std::vector<float>& scores, double temperature) {
  double total = 0;
  std::vector<double> p;
  for (float s : scores) total += p.emplace_back(std::exp(s / temperature));
  for (double& x : p) x /= total;
  return p;
}

TEST(Samplers, TheBestOfGumbelNoiseIsASample) {
  const std::vector<float> scores = {0, 1, -1, 2, kNever, 0.5f, -2, 1.5f, -0.5f, 0.25f};
  const int draws = 40000;
  for (double strength : {0.5, 1.0, 3.0}) {
    std::vector<int> counts(scores.size());
    for (int seed = 0; seed < draws; ++seed)
      ++counts[static_cast<size_t>(best_token(apply({.temperature = 0, .gumbel_noise = strength, .seed = seed}, scores)))];
    EXPECT_LT(chi_square(softmax(scores, strength), counts, draws), 35) << "8 degrees of freedom, P = 2.7e-5";
  }
}

TEST(Samplers, XtcActsAsOftenAsAsked) {
  const std::vector<float> scores = {2, 1.5f, 1, -1, -2};  // three above 0.1
  const int draws = 20000;
  std::vector<text::TokenId> generated;
  std::vector<int> counts(2);
  for (int seed = 0; seed < draws; ++seed) {
    const auto left = apply({.xtc_probability = 0.3, .seed = seed}, scores);
    EXPECT_EQ(left, left == scores ? scores : (std::vector<float>{kNever, kNever, 1, -1, -2}));
    ++counts[left != scores];
  }
  EXPECT_LT(chi_square({0.7, 0.3}, counts, draws), 18) << "1 degree of freedom, P = 2.2e-5";
}

TEST(Samplers, MirostatHoldsItsSurprise) {
  // From a flat-tailed distribution of 2000 tokens, the mean surprise of the drawn tokens comes near tau bits.
  std::vector<float> scores(2000);
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = -1.2f * std::log(static_cast<float>(i + 1));
  for (double tau : {2.0, 4.0}) {
    const auto steps = make_steps({.mirostat = 2, .mirostat_tau = tau});
    std::vector<text::TokenId> generated;
    double bits = 0;
    for (int step = 0; step < 2000; ++step) {
      std::vector<float> left = scores;
      steps[0]->apply(left, {{}, generated});
      generated.push_back(draw_token(left, 5, static_cast<uint64_t>(step)));
      bits -= logprob_of(left, generated.back()) / std::log(2.0);
    }
    EXPECT_NEAR(bits / 2000, tau, 0.05);
  }
}

TEST(Samplers, RowsAreInTransformersOrder) {
  const char* order[] = {"repetition-penalty",
                         "presence-frequency",
                         "no-repeat-ngram",
                         "dry",
                         "exponential-decay",
                         "temperature",
                         "top-n-sigma",
                         "top-k",
                         "top-p",
                         "min-p",
                         "typical-p",
                         "epsilon",
                         "eta",
                         "xtc",
                         "mirostat",
                         "gumbel-noise"};
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
  const GenerateOptions options = {.repetition_penalty = 1.7,
                                   .presence_penalty = 0.3,
                                   .frequency_penalty = 0.2,
                                   .no_repeat_ngram_size = 2,
                                   .dry_multiplier = 0.7};
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
  for (const GenerateOptions& keeps_the_best :
       {GenerateOptions{.typical_p = 0}, GenerateOptions{.epsilon_cutoff = 0.999}, GenerateOptions{.top_n_sigma = 1e-6},
        GenerateOptions{.mirostat = 2, .mirostat_tau = 0}}) {
    const auto left = apply(keeps_the_best, scores);
    EXPECT_EQ(std::count(left.begin(), left.end(), kNever), 3);
  }
  EXPECT_EQ(apply({.exponential_decay_factor = 100}, {1, 2}, {{}, std::vector<text::TokenId>(1000)},
                  {.end_ids = std::vector<text::TokenId>{1}}),
            (std::vector<float>{1, 1e30f}))
      << "grows without end, never to infinity";
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
      {{.no_repeat_ngram_size = -1}, "[generate.no_repeat_ngram_size] out of range; got -1"},
      {{.dry_multiplier = -1}, "[generate.dry_multiplier] out of range; got -1"},
      {{.dry_base = 0.5}, "[generate.dry_base] out of range; got 0.5"},
      {{.dry_allowed_length = 0}, "[generate.dry_allowed_length] out of range; got 0"},
      {{.dry_penalty_last_n = -2}, "[generate.dry_penalty_last_n] out of range; got -2"},
      {{.dry_multiplier = 1, .dry_sequence_breakers = {""}}, "[generate.dry_sequence_breakers] a text is empty"},
      {{.exponential_decay_start = -1}, "[generate.exponential_decay_start] out of range; got -1"},
      {{.exponential_decay_factor = 0}, "[generate.exponential_decay_factor] out of range; got 0"},
      {{.top_n_sigma = -1}, "[generate.top_n_sigma] out of range; got -1"},
      {{.typical_p = 2}, "[generate.typical_p] out of range; got 2"},
      {{.epsilon_cutoff = 1}, "[generate.epsilon_cutoff] out of range; got 1"},
      {{.eta_cutoff = NAN}, "[generate.eta_cutoff] out of range; got nan"},
      {{.xtc_probability = 2}, "[generate.xtc_probability] out of range; got 2"},
      {{.xtc_probability = 1, .xtc_threshold = -1}, "[generate.xtc_threshold] out of range; got -1"},
      {{.mirostat = 1}, "[generate.mirostat] no such version; got 1; expected 0 (off) or 2"},
      {{.mirostat = 2, .mirostat_tau = -1}, "[generate.mirostat_tau] out of range; got -1"},
      {{.mirostat = 2, .mirostat_eta = 2}, "[generate.mirostat_eta] out of range; got 2"},
      {{.gumbel_noise = -1}, "[generate.gumbel_noise] out of range; got -1"},
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
