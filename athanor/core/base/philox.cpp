#include "athanor/core/base/philox.h"

#include <cmath>
#include <numbers>

namespace athanor::base {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * counter[0], b = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9;  // golden ratio
    key[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return counter;
}

Philox::Philox(uint64_t seed, uint64_t step, Purpose purpose)
    : counter_{0, 0, static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32) ^ (static_cast<uint32_t>(purpose) << 24)},
      key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)} {}

uint32_t Philox::next() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[static_cast<size_t>(used_++)];
}

float Philox::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double u = (next() + 0.5) * 0x1p-32, v = (next() + 0.5) * 0x1p-32;  // never 0, so the logarithm is finite
  const double radius = std::sqrt(-2 * std::log(u)), angle = 2 * std::numbers::pi * v;
  spare_ = static_cast<float>(radius * std::sin(angle));
  has_spare_ = true;
  return static_cast<float>(radius * std::cos(angle));
}

// Lemire 2019, "Fast random integer generation in an interval": the high half of a product, with the few biased low halves redrawn.
uint64_t Philox::below(uint64_t n) {
  auto product = static_cast<unsigned __int128>(next64()) * n;
  if (static_cast<uint64_t>(product) < n) {
    const uint64_t biased = -n % n;
    while (static_cast<uint64_t>(product) < biased) product = static_cast<unsigned __int128>(next64()) * n;
  }
  return static_cast<uint64_t>(product >> 64);
}

}  // namespace athanor::base
