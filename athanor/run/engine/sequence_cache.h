#pragma once
// The keys and values of one sequence, layer by layer. A layer whose queries see a window keeps no more than the window and the
// block that is being written, as a ring: positions come around over the oldest. Private to the room.

#include <vector>

#include "athanor/run/engine/loaded_model.h"

namespace athanor::engine {

class SequenceCache {
 public:
  /// The model must outlive it. input_error where the cache cannot fit this machine's memory.
  explicit SequenceCache(const LoadedModel& model);

  int64_t length() const { return length_; }
  kernels::KvLayer layer(int64_t index) const;
  /// Positions that a layer may be given before what they see is overwritten: those of one ring block, or any number.
  int64_t step_of(int64_t layer) const;
  /// Every layer has been given `count` positions more.
  void grow(int64_t count);
  /// Forgets all positions from `length` on, and all of them where a ring no longer holds what the position at `length` would see.
  /// Gives the length that is left: `length`, or 0.
  int64_t truncate(int64_t length);
  /// Becomes a copy of another cache of the same model, with which it shares the first `shared` positions.
  void copy(const SequenceCache& other, int64_t shared);

 private:
  struct Layer {
    kernels::KvShape shape;
    uint64_t offset = 0;  // bytes
    int64_t window = 0;
    int64_t oldest = 0;  // the first position that is still held
    bool ring = false;
  };
  std::vector<Layer> layers_;
  Pages memory_;
  int64_t length_ = 0;
};

}  // namespace athanor::engine
