#pragma once
// Templates come with the model, so they are bounded: steps of work, bytes made, and depth. A template that hits a bound is an
// input_error; one that does what Python would refuse throws a Fault, to which the renderer adds the line.

#include <cstddef>
#include <cstdint>
#include <string>

#include "athanor/core/base/budget.h"

namespace athanor::text::templates {

inline constexpr size_t kMostOutput = size_t{4} << 20;  // bytes of any one text
inline constexpr int64_t kMostRange = 100'000;          // as jinja2's sandbox
inline constexpr int kMostCalls = 100;                  // macros, callers and recursive loops inside each other
inline constexpr int kMostNesting = 200;                // containers inside each other, and syntax inside each other
inline constexpr int kMostSyntaxDepth = 2000;           // syntax of all calls that are open

/// Steps, with bytes and values converted so that everything a template can make fits 64 MiB.
class Budget {
 public:
  explicit Budget(uint64_t steps) : fuel_(steps, "text.template") {}
  void step(uint64_t n = 1) { fuel_.burn(n); }
  void bytes(size_t n) { fuel_.burn(1 + n / 64); }
  void values(size_t n) { fuel_.burn(1 + n / 2); }
  /// Texts and other values with memory of their own.
  void objects(size_t n) { fuel_.burn(1 + 2 * n); }

 private:
  base::Fuel fuel_;
};

/// What Python would raise while rendering.
struct Fault {
  std::string what;
};
[[noreturn]] inline void fault(std::string what) { throw Fault{std::move(what)}; }

}  // namespace athanor::text::templates
