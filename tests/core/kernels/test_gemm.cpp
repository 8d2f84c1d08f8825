#include "athanor/core/kernels/gemm.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

struct Shape {
  int64_t m, n, k;
};
// Less and more than a tile, a block and a split between threads, in each direction; k = 0 leaves the start.
constexpr Shape kShapes[] = {{1, 1, 1},      {5, 3, 0},     {7, 17, 3},    {13, 33, 64},   {300, 40, 33},
                             {40, 1100, 20}, {97, 95, 321}, {145, 64, 16}, {64, 145, 641}, {0, 4, 4}};

template <typename T = float>
Fenced<T> stored(int64_t rows, int64_t columns, uint64_t seed) {
  return random_elements<T>(rows * columns, seed);
}

template <typename T>
MatrixView<T> view(Fenced<T>& x, int64_t rows, int64_t columns, bool turned) {
  return turned ? MatrixView<T>{x.data(), 1, rows} : MatrixView<T>{x.data(), columns, 1};
}

/// start + a b in double precision; start: 0 nothing, 1 a bias, 2 what c holds.
template <typename T>
std::vector<double> sums_of_products(const Shape& s, const MatrixView<T>& a, const MatrixView<T>& b, int start, Fenced<float>& bias,
                                     Fenced<float>& c) {
  std::vector<double> sums;
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t j = 0; j < s.n; ++j) {
      double sum = start == 1 ? bias.at(j) : start == 2 ? c.at(i * s.n + j) : 0;
      for (int64_t u = 0; u < s.k; ++u)
        sum += static_cast<double>(to_f32(*a.from(i, u).data)) * static_cast<double>(to_f32(*b.from(u, j).data));
      sums.push_back(sum);
    }
  return sums;
}

template <typename T>
void expect_sums(const Shape& s, bool turn_a, bool turn_b, int start) {
  auto a = stored<T>(s.m, s.k, 1), b = stored<T>(s.k, s.n, 2);
  auto bias = random_elements<float>(s.n, 3), c = stored(s.m, s.n, 4);
  const MatrixView<T> av = view(a, s.m, s.k, turn_a), bv = view(b, s.k, s.n, turn_b);
  const std::vector<double> expected = sums_of_products(s, av, bv, start, bias, c);
  gemm<T>({s.m, s.n, s.k, av, bv, c.data(), s.n, start == 1 ? bias.data() : nullptr, start == 2});
  expect_close(c, expected, 2e-6 * std::sqrt(static_cast<double>(s.k) + 1), "c", 1);
}

TEST(Gemm, EveryOrientationShapeAndStartIsTheSumOfProducts) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      for (const Shape& s : kShapes)
        for (bool turn_a : {false, true})
          for (bool turn_b : {false, true})
            for (int start = 0; start < 3; ++start) expect_sums<T>(s, turn_a, turn_b, start);
    });
  });
}

TEST(Gemm, LeavesWhatLiesBetweenRows) {
  for_levels([](IsaLevel) {
    auto a = stored(20, 8, 1), b = stored(8, 20, 2);
    Fenced<float> c(std::vector<float>(20 * 30, 7.0f));
    gemm<float>({20, 20, 8, view(a, 20, 8, false), view(b, 8, 20, false), c.data(), 30});
    for (int64_t i = 0; i < 20; ++i)
      for (int64_t j = 20; j < 30; ++j) ASSERT_EQ(c[i * 30 + j], 7.0f) << i << ", " << j;
  });
}

TEST(Gemm, SameBytesForAnyNumberOfThreads) {
  const int before = base::thread_count();
  auto a = stored(400, 700, 1), b = stored(700, 130, 2);
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 3}) {
    base::set_thread_count(threads);
    Fenced<float> c(400 * 130);
    gemm<float>({400, 130, 700, view(a, 400, 700, true), view(b, 700, 130, false), c.data(), 130});
    results.push_back(c.copy());
  }
  base::set_thread_count(before);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

}  // namespace
}  // namespace athanor::kernels
