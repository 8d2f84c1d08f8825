#include "athanor/core/kernels/dropout.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

const DropoutStream kStream = {.seed = 0x123456789abcull, .step = 0x1000000007ull, .first_index = uint64_t{5} << 40};

TEST(Dropout, MaskIsThePhiloxStream) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      for (int64_t n : {1, 4, 15, 16, 33, 1000})
        for (double p : {0.0, 0.1, 0.9}) {
          auto x = random_elements<T>(n, 1), residual = random_elements<T>(n, 2);
          Fenced<T> y(n), added(n);
          dropout<T>(n, x.data(), p, kStream, nullptr, y.data());
          dropout<T>(n, x.data(), p, kStream, residual.data(), added.data());
          for (int64_t i = 0; i < n; ++i) {
            const auto words = base::philox_at(kStream.seed, kStream.step, base::Purpose::kDropout,
                                               kStream.first_index + static_cast<uint64_t>(i / 4));
            const bool dropped = words[static_cast<size_t>(i % 4)] < p * 0x1p32;
            const float kept = dropped ? 0.0f : to_f32(x[i]) * static_cast<float>(1 / (1 - p));
            ASSERT_EQ(y[i], from_f32<T>(kept)) << i;
            ASSERT_EQ(added[i], from_f32<T>(to_f32(residual[i]) + kept)) << i;
          }
        }
    });
  });
}

TEST(Dropout, DropsTheShareAskedFor) {
  const int64_t n = 100000;
  std::vector<float> x(static_cast<size_t>(n), 1.0f), y(x.size());
  dropout<float>(n, x.data(), 0.3, kStream, nullptr, y.data());
  const auto zeros = std::count(y.begin(), y.end(), 0.0f);
  EXPECT_NEAR(static_cast<double>(zeros), 30000, 5 * std::sqrt(n * 0.3 * 0.7));  // five standard deviations
}

TEST(Dropout, DoesNotDependOnThreads) {
  auto x = random_elements<float>(50001, 1);
  expect_thread_independent([&] {
    Fenced<float> y(x.size());
    dropout<float>(x.size(), x.data(), 0.2, kStream, nullptr, y.data());
    return y.copy();
  });
}

}  // namespace
}  // namespace athanor::kernels
