#include "athanor/core/kernels/rope.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

struct Angles {
  std::vector<float> cos, sin;
};

Angles angles(int64_t positions, int64_t pairs) {
  Angles a;
  for (int64_t p = 0; p < positions; ++p)
    for (int64_t i = 0; i < pairs; ++i) {
      const double angle = static_cast<double>(p) * std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(pairs));
      a.cos.push_back(static_cast<float>(std::cos(angle)));
      a.sin.push_back(static_cast<float>(std::sin(angle)));
    }
  return a;
}

const int32_t kPositions[] = {0, 3, 9, 1, 9};

TEST(Rope, TurnsPairsByTheirAngle) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      const int64_t tokens = 5, heads = 3;
      for (int64_t dim : {8, 24, 32, 64, 80})
        for (int64_t dims : {dim, dim / 2, int64_t{2}})
          for (bool interleaved : {false, true}) {
            const int64_t pairs = dims / 2;
            const Angles a = angles(10, pairs);
            auto x = random_elements<T>(tokens * heads * dim, 1);
            Fenced<T> y(x.size());
            std::vector<double> expected;
            for (int64_t i = 0; i < x.size(); ++i) expected.push_back(x.at(i));
            for (int64_t row = 0; row < tokens * heads; ++row)
              for (int64_t i = 0; i < pairs; ++i) {
                const int64_t first = row * dim + (interleaved ? 2 * i : i), second = interleaved ? first + 1 : first + pairs;
                const auto at = static_cast<size_t>(kPositions[row / heads] * pairs + i);
                const double c = static_cast<double>(a.cos[at]), s = static_cast<double>(a.sin[at]);
                expected[static_cast<size_t>(first)] = x.at(first) * c - x.at(second) * s;
                expected[static_cast<size_t>(second)] = x.at(second) * c + x.at(first) * s;
              }
            rotate<T>({.tokens = tokens, .heads = heads, .head_dim = dim, .dims = dims, .interleaved = interleaved}, x.data(),
                      kPositions, a.cos.data(), a.sin.data(), y.data());
            expect_close(y, expected, tolerance<T>(), "y");
            rotate<T>({.tokens = tokens, .heads = heads, .head_dim = dim, .dims = dims, .interleaved = interleaved}, x.data(),
                      kPositions, a.cos.data(), a.sin.data(), x.data());
            EXPECT_EQ(x.copy(), y.copy()) << "in place";
          }
    });
  });
}

TEST(Rope, InverseTurnsBack) {
  for_levels([](IsaLevel) {
    for (bool interleaved : {false, true}) {
      RotaryShape shape = {.tokens = 5, .heads = 2, .head_dim = 40, .dims = 40, .interleaved = interleaved};
      const Angles a = angles(10, 20);
      auto x = random_elements<float>(5 * 2 * 40, 1);
      Fenced<float> y(x.size());
      rotate<float>(shape, x.data(), kPositions, a.cos.data(), a.sin.data(), y.data());
      shape.inverse = true;
      rotate<float>(shape, y.data(), kPositions, a.cos.data(), a.sin.data(), y.data());
      for (int64_t i = 0; i < x.size(); ++i) ASSERT_NEAR(y[i], x[i], 1e-6);
    }
  });
}

TEST(Rope, ReadsOutOfAWiderProjection) {
  for_levels([](IsaLevel) {
    const int64_t tokens = 5, heads = 2, dim = 16, wide = 100;
    const Angles a = angles(10, 8);
    auto projection = random_elements<float>(tokens * wide, 1);
    std::vector<float> packed;
    for (int64_t t = 0; t < tokens; ++t)
      packed.insert(packed.end(), projection.data() + t * wide, projection.data() + t * wide + heads * dim);
    std::vector<float> expected(packed.size());
    RotaryShape shape = {.tokens = tokens, .heads = heads, .head_dim = dim, .dims = dim};
    rotate<float>(shape, packed.data(), kPositions, a.cos.data(), a.sin.data(), expected.data());
    shape.x_token_stride = wide;
    Fenced<float> y(tokens * heads * dim);
    rotate<float>(shape, projection.data(), kPositions, a.cos.data(), a.sin.data(), y.data());
    EXPECT_EQ(y.copy(), expected);
  });
}

}  // namespace
}  // namespace athanor::kernels
