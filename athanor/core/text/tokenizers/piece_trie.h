#pragma once
// A set of byte strings with values, walked byte by byte: a double array (Aoe 1989). The child of node n by byte b is at base[n] ^
// b, where it says that n is its parent; so a step is one look into memory.

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::text {

class PieceTrie {
 public:
  static constexpr uint32_t kRoot = 0, kNone = UINT32_MAX;

  PieceTrie() = default;
  /// Of equal pieces the last counts. Values are >= 0.
  explicit PieceTrie(std::vector<std::pair<std::string_view, int32_t>> pieces);

  /// kNone where there is none.
  uint32_t child(uint32_t node, unsigned char byte) const {
    uint32_t at = units_[node].base ^ byte;
    return units_[at].parent == node ? at : kNone;
  }
  /// -1 where no piece ends here.
  int32_t value(uint32_t node) const { return units_[node].value; }
  bool empty() const { return units_.empty(); }

 private:
  struct Unit {
    uint32_t base = 0, parent = kNone;
    int32_t value = -1;
  };
  class Builder;
  std::vector<Unit> units_;
};

}  // namespace athanor::text
