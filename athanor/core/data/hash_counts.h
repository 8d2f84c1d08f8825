#pragma once
// How often each of many 64-bit hashes was seen, in nine bytes a place.

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::data {

/// Open addressing with linear probing, at most 7/8 full: 10 to 21 bytes a hash. Hashes are taken as random already.
class HashCounts {
 public:
  /// `step` is for messages; input_error once the table would need more than `memory_mb`.
  HashCounts(std::string step, int64_t memory_mb) : step_(std::move(step)), memory_mb_(memory_mb) {}
  /// How often it was seen, this time included; stays at 255.
  uint8_t add(uint64_t hash);
  int64_t size() const { return size_; }

 private:
  size_t place_of(uint64_t hash) const;
  void grow();
  std::string step_;
  int64_t memory_mb_, size_ = 0;
  std::vector<uint64_t> hashes_;
  std::vector<uint8_t> counts_;  // 0: the place is free
};

/// input_error that names the step, what it holds and how to go on.
[[noreturn]] void out_of_cleaning_memory(const std::string& step, int64_t held, int64_t memory_mb);

}  // namespace athanor::data
