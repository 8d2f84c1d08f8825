#pragma once
// The shelves of the room: methods/ (what is added) and inits/ (first values of LoRA's product).

#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/learn/adapters/adapter.h"

namespace athanor::adapters {

struct Method : base::Entry {
  std::unique_ptr<Adapter> (*attach)(const AdapterContext& context);
};
std::span<const Method> methods();

/// A target of LoRA whose product gets its first values. `weight` is W [out, in] in f32, as the file has it; `kept` what the layer
/// computes with, which is another where it is quantized. Both are on the meta device, shapes
/// only, unless the init is one that begins at the weight.
struct InitTarget {
  std::string name;
  uint64_t seed;
  int64_t rank;
  double scale;
  at::Tensor weight, kept;
};
/// A [r, in] and B [out, r] in f32; `taken`: the product is taken off the layer's own weight, so that nothing changes at first.
struct FirstValues {
  at::Tensor a, b;
  bool taken = false;
};
struct Init : base::Entry {
  FirstValues (*make)(const InitTarget& target);
};
std::span<const Init> inits();

/// What `athanor list` prints of this room.
std::vector<base::Shelf> shelves();

}  // namespace athanor::adapters
