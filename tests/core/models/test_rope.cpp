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

TEST(Rope, DynamicIsPlainUpToTheTrainedLength) {
  RopeSpec rope{.dims = 32, .scaling = "dynamic", .factor = 4.0, .original_max_positions = 128};
  RopeSpec plain{.dims = 32};
  EXPECT_EQ(rope_frequencies(rope, 128, 128).inverse, rope_frequencies(plain, 128, 1).inverse);
  EXPECT_LT(rope_frequencies(rope, 128, 129).inverse[5], rope_frequencies(plain, 128, 1).inverse[5]);
}

}  // namespace
}  // namespace athanor::models
