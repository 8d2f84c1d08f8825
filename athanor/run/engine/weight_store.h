#pragma once
// From arrays of a checkpoint to matrices that the kernels execute: borrowed where the bytes are right as they lie, copied
// otherwise.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "athanor/core/checkpoint/array.h"
#include "athanor/core/kernels/matmul.h"
#include "athanor/run/engine/engine.h"

namespace athanor::engine {

/// Page-aligned zeroed memory from the kernel, taken page by page as it is written; large pages where the system gives them.
class Pages {
 public:
  Pages() = default;
  /// input_error where the system refuses; `what` names it in the message.
  Pages(uint64_t bytes, const char* what);
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  ~Pages();
  std::byte* data() const { return data_; }
  uint64_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  uint64_t size_ = 0;
};

class WeightStore {
 public:
  explicit WeightStore(WeightKind kind) : kind_(kind) {}

  /// [out, in] as the kind wants it; `transposed`: the array is [in, out].
  kernels::WeightMatrix matrix(const checkpoint::ArrayView& array, bool transposed, const std::string& name);
  /// The same with the array's rows in another order.
  kernels::WeightMatrix reordered(const checkpoint::ArrayView& array, std::span<const int64_t> rows, const std::string& name);
  /// Rows that are looked up, not multiplied (embeddings): the stored type; blocks become bfloat16, or float32 where that is asked.
  kernels::WeightMatrix table(const checkpoint::ArrayView& array, const std::string& name);
  /// A table's matrix for multiplying (a tied head).
  kernels::WeightMatrix as_kind(const kernels::WeightMatrix& stored);

  uint64_t owned_bytes() const;

 private:
  std::byte* own(uint64_t bytes);
  kernels::WeightMatrix decode(const checkpoint::ArrayView& array, kernels::WeightType type, std::byte* out);
  kernels::WeightMatrix to_f32(const kernels::WeightMatrix& stored);
  kernels::WeightMatrix to_bf16(const kernels::WeightMatrix& stored);
  kernels::WeightMatrix transpose(const kernels::WeightMatrix& stored);

  WeightKind kind_;
  std::vector<Pages> owned_;
};

}  // namespace athanor::engine
