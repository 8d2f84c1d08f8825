#pragma once
// What the tests of the training kernels share: both element types, memory fenced by pages nobody may touch (which also makes
// pointers unaligned), and comparison with double precision.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/element.h"
#include "tests/core/kernels/kernel_inputs.h"

namespace athanor::kernels {

/// Calls f.operator()<T>() for float and for bfloat16.
template <typename F>
void for_types(const F& f) {
  f.template operator()<float>();
  f.template operator()<uint16_t>();
}

/// Calls f(level) with each instruction set in force.
template <typename F>
void for_levels(const F& f) {
  for (IsaLevel level : levels()) {
    ForceIsaLevel forced(level);
    SCOPED_TRACE(std::string(isa_name(level)));
    f(level);
  }
}

/// Elements against the end of their memory.
template <typename T>
class Fenced {
 public:
  explicit Fenced(int64_t n) : size_(n), memory_(nullptr, static_cast<size_t>(n) * sizeof(T)) {}
  explicit Fenced(const std::vector<T>& x) : size_(static_cast<int64_t>(x.size())), memory_(x.data(), x.size() * sizeof(T)) {}
  T* data() { return memory_.template as<T>(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data()[i]; }
  double at(int64_t i) { return static_cast<double>(to_f32_or_same(data()[i])); }
  std::vector<T> copy() { return std::vector<T>(data(), data() + size_); }

 private:
  static float to_f32_or_same(float x) { return x; }
  static float to_f32_or_same(uint16_t x) { return to_f32(x); }
  int64_t size_;
  Guarded memory_;
};

template <typename T>
Fenced<T> random_elements(int64_t n, uint64_t seed, float scale = 1) {
  std::vector<T> x;
  for (float v : normals(n, seed)) x.push_back(from_f32<T>(v * scale));
  return Fenced<T>(x);
}

/// One rounding of T, and what f32 sums lose on the way.
template <typename T>
constexpr double tolerance() {
  return std::same_as<T, float> ? 2e-6 : 0x1p-8;
}

/// |actual - expected| <= tolerance * (|expected| + max(largest expected / 4, terms)): sums of both signs may cancel, and `terms`
/// is the size of what is summed where all of a small result may cancel.
template <typename T>
void expect_close(Fenced<T>& actual, const std::vector<double>& expected, double tolerance, const char* what, double terms = 0) {
  ASSERT_EQ(actual.size(), static_cast<int64_t>(expected.size())) << what;
  double largest = 4 * terms;
  for (double e : expected) largest = std::max(largest, std::abs(e));
  for (int64_t i = 0; i < actual.size(); ++i) {
    const double e = expected[static_cast<size_t>(i)];
    ASSERT_LE(std::abs(actual.at(i) - e), tolerance * (std::abs(e) + largest / 4) + 1e-30)
        << what << " at " << i << ": " << actual.at(i) << ", expected " << e;
  }
}

/// Runs f with 1 and with 2 threads and expects the same bytes. f returns a vector.
template <typename F>
void expect_thread_independent(const F& f) {
  const int before = base::thread_count();
  base::set_thread_count(1);
  const auto one = f();
  base::set_thread_count(2);
  const auto two = f();
  base::set_thread_count(before);
  EXPECT_TRUE(one == two);
}

}  // namespace athanor::kernels
