#pragma once
// Which instruction set the kernels use. Chosen once from the processor; ATHANOR_ISA=scalar|avx2|avx512|vnni forces a level.

#include <string_view>

namespace athanor::kernels {

/// Levels build on each other: kVnni also means the bf16 dot product (AVX512_VNNI and AVX512_BF16).
enum class IsaLevel { kScalar, kAvx2, kAvx512, kVnni };

/// The level in force. Cached; input_error where ATHANOR_ISA is unknown or the processor cannot do it.
IsaLevel isa_level();

/// "scalar", "avx2", "avx512", "vnni".
std::string_view isa_name(IsaLevel level);

/// The best level of this processor.
IsaLevel best_isa_level();

/// Of something written for single numbers, for AVX2 and for AVX-512: the form for the level in force.
template <typename Function>
Function* by_isa(Function* scalar, Function* avx2, Function* avx512) {
  const IsaLevel level = isa_level();
  return level >= IsaLevel::kAvx512 ? avx512 : level == IsaLevel::kAvx2 ? avx2 : scalar;
}

/// Forces a level for its lifetime: for tests. input_error where the processor cannot do it.
class ForceIsaLevel {
 public:
  explicit ForceIsaLevel(IsaLevel level);
  ~ForceIsaLevel();
  ForceIsaLevel(const ForceIsaLevel&) = delete;
  ForceIsaLevel& operator=(const ForceIsaLevel&) = delete;

 private:
  IsaLevel before_;
};

}  // namespace athanor::kernels
