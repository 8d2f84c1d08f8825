#include "athanor/learn/train/batch_tensors.h"

#include <ATen/ops/from_blob.h>

namespace athanor::train {
namespace {

at::Tensor to_tensor(const std::vector<int32_t>& values, const data::Batch& batch, at::Device device) {
  auto* memory = const_cast<int32_t*>(values.data());
  return at::from_blob(memory, {batch.batch, batch.length}, at::kInt).to(device, at::kInt, false, true);
}

}  // namespace

BatchTensors tensors_of(const data::Batch& batch, at::Device device, bool crosses) {
  BatchTensors tensors{{to_tensor(batch.ids, batch, device)}, to_tensor(batch.targets, batch, device)};
  if (!crosses) {
    tensors.input.positions = to_tensor(batch.positions, batch, device);
    tensors.input.row_start = to_tensor(batch.row_start, batch, device);
  }
  return tensors;
}

}  // namespace athanor::train
