#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/models/family.h"
#include "tests/testing/golden.h"

namespace athanor::models {
namespace {

TEST(Rope, FrequenciesAreTransformers) {
  testing::Golden golden("core_models/rope");
  double tolerance = golden.tolerance();
  for (const auto& [name, one] : golden.json().items()) {
    SCOPED_TRACE(name);
    DecoderSpec spec = decoder_from_config(one.at("config")).spec;
    RopeFrequencies ours = rope_frequencies(spec.rope, spec.max_positions, one.at("length"));
    auto expected = one.at("inverse").get<std::vector<double>>();
    ASSERT_EQ(ours.inverse.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(ours.inverse[i] / expected[i], 1.0, tolerance) << i;
    EXPECT_NEAR(ours.attention_factor, one.at("attention_factor").get<double>(), 1e-6);
  }
  EXPECT_EQ(golden.json().size(), 14u);
}

TEST(Rope, TheShelfHasARowForEachWay) {
  std::vector<std::string> names;
  for (const base::Entry& row : rope_scaling_entries()) names.emplace_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"linear", "dynamic", "llama3", "yarn", "longrope"}));
  for (const std::string& name : names)
    EXPECT_EQ(rope_depends_on_length({.scaling = name}), name == "dynamic" || name == "longrope");
}

TEST(Rope, LongropeHasFactorsForShortAndLongTexts) {
  RopeSpec rope{
      .dims = 4, .scaling = "longrope", .factor = 4, .original_max_positions = 16, .short_factor = {1, 2}, .long_factor = {2, 8}};
  const std::vector<float> plain = rope_frequencies({.dims = 4}, 64, 1).inverse;
  EXPECT_FLOAT_EQ(rope_frequencies(rope, 64, 16).inverse[1], plain[1] / 2);
  EXPECT_FLOAT_EQ(rope_frequencies(rope, 64, 17).inverse[1], plain[1] / 8);
  EXPECT_NEAR(rope_frequencies(rope, 64, 1).attention_factor, std::sqrt(1 + std::log(4.0) / std::log(16.0)), 1e-6);
}

TEST(Alibi, SlopesOfAnyNumberOfHeads) {
  EXPECT_EQ(alibi_slopes(8), (std::vector<float>{0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f, 0.0078125f, 0.00390625f}));
  EXPECT_EQ(alibi_slopes(3), (std::vector<float>{0.0625f, 0.00390625f, 0.25f}));  // those of 2 heads, then the first of 4
}

TEST(Rope, DynamicIsPlainUpToTheTrainedLength) {
  RopeSpec rope{.dims = 32, .scaling = "dynamic", .factor = 4.0, .original_max_positions = 128};
  RopeSpec plain{.dims = 32};
  EXPECT_EQ(rope_frequencies(rope, 128, 128).inverse, rope_frequencies(plain, 128, 1).inverse);
  EXPECT_LT(rope_frequencies(rope, 128, 129).inverse[5], rope_frequencies(plain, 128, 1).inverse[5]);
}

}  // namespace
}  // namespace athanor::models
