#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
// A stream is a pure function of (seed, step, purpose), so there is no state to save or to restore wrongly.

#include <array>
#include <cstdint>

namespace athanor::base {

/// What a stream is for; two purposes never share numbers.
enum class Purpose : uint32_t {
  kInit = 1,
  kDataOrder = 2,
  kDropout = 3,
  kSampling = 4,
  kTest = 5,
  kSplit = 6,
  kTokenizer = 7,
  kExclusion = 8,
  kNoise = 9
};

/// One block: counter and key to four uniform 32-bit words.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

class Philox {
 public:
  Philox(uint64_t seed, uint64_t step, Purpose purpose);
  uint32_t next();
  uint64_t next64() { return (static_cast<uint64_t>(next()) << 32) | next(); }
  /// Uniform in [0, 1), 24 bits.
  float uniform() { return static_cast<float>(next() >> 8) * 0x1p-24f; }
  /// Uniform in [0, 1), 53 bits.
  double uniform64() { return static_cast<double>(next64() >> 11) * 0x1p-53; }
  /// Standard normal (Box-Muller).
  float normal();
  /// Uniform in [0, n), without bias; n > 0.
  uint64_t below(uint64_t n);

 private:
  std::array<uint32_t, 4> counter_, block_{};
  std::array<uint32_t, 2> key_;
  int used_ = 4;
  float spare_ = 0;
  bool has_spare_ = false;
};

/// One number of the stream by its index, for kernels that draw in any order (dropout).
inline std::array<uint32_t, 4> philox_at(uint64_t seed, uint64_t step, Purpose purpose, uint64_t index) {
  return philox4x32({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), static_cast<uint32_t>(step),
                     static_cast<uint32_t>(step >> 32) ^ (static_cast<uint32_t>(purpose) << 24)},
                    {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

}  // namespace athanor::base
