#include "athanor/core/kernels/isa.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#include "athanor/core/base/error.h"

namespace athanor::kernels {

namespace {

constexpr std::array<std::string_view, 4> kNames = {"scalar", "avx2", "avx512", "vnni"};

void check_possible(IsaLevel level) {
  if (level <= best_isa_level()) return;
  base::input_error("kernels.isa", {"this processor cannot run the instruction set asked for", std::string(isa_name(level)),
                                    "at most " + std::string(isa_name(best_isa_level())), "leave ATHANOR_ISA unset"});
}

IsaLevel level_from_environment() {
  const char* wanted = std::getenv("ATHANOR_ISA");
  if (!wanted || !*wanted) return best_isa_level();
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] != wanted) continue;
    check_possible(static_cast<IsaLevel>(i));
    return static_cast<IsaLevel>(i);
  }
  base::input_error("kernels.isa", {"ATHANOR_ISA is not a known instruction set", wanted, "scalar, avx2, avx512 or vnni"});
}

std::atomic<IsaLevel>& current() {
  static std::atomic<IsaLevel> level{level_from_environment()};
  return level;
}

}  // namespace

IsaLevel best_isa_level() {
  static const IsaLevel best = [] {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c"))
      return IsaLevel::kScalar;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512dq"))
      return IsaLevel::kAvx2;
    if (!__builtin_cpu_supports("avx512vnni") || !__builtin_cpu_supports("avx512bf16")) return IsaLevel::kAvx512;
    return IsaLevel::kVnni;
  }();
  return best;
}

IsaLevel isa_level() { return current().load(std::memory_order_relaxed); }

std::string_view isa_name(IsaLevel level) { return kNames[static_cast<size_t>(level)]; }

ForceIsaLevel::ForceIsaLevel(IsaLevel level) : before_(isa_level()) {
  check_possible(level);
  current().store(level, std::memory_order_relaxed);
}

ForceIsaLevel::~ForceIsaLevel() { current().store(before_, std::memory_order_relaxed); }

}  // namespace athanor::kernels
