#include "athanor/learn/nn/load.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/log.h"
#include "athanor/core/checkpoint/model_folder.h"

namespace athanor::nn {
namespace {

std::vector<float> values_of(const at::Tensor& tensor) {
  at::Tensor flat = tensor.to(at::kCPU).to(at::kFloat).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

}  // namespace

std::unique_ptr<Decoder> load_decoder(const std::filesystem::path& folder, const DecoderOptions& options) {
  const checkpoint::ModelFolder files = checkpoint::ModelFolder::open(folder);
  const models::DecoderModel model = models::decoder_from_config(*files.config);
  auto decoder = std::make_unique<Decoder>(model, options);
  load_weights(*decoder, files.weights);
  const std::vector<std::string> unclaimed = models::unclaimed_weights(model, files.weights);
  if (!unclaimed.empty()) {
    base::log_warning(
        base::cat("[nn.load] ", unclaimed.size(), " weights of ", folder.string(), " are not used, the first is ", unclaimed[0]));
  }
  return decoder;
}

std::vector<float> decoder_logits(const std::filesystem::path& folder, std::span<const int32_t> ids, const DecoderOptions& options,
                                  std::vector<std::vector<float>>* hidden) {
  return decoder_logits(*load_decoder(folder, options), ids, hidden);
}

std::vector<float> decoder_logits(Decoder& decoder, std::span<const int32_t> ids, std::vector<std::vector<float>>* hidden) {
  at::NoGradGuard no_grad;
  at::Tensor row = at::empty({1, static_cast<int64_t>(ids.size())}, at::kInt);
  std::copy(ids.begin(), ids.end(), row.data_ptr<int32_t>());
  std::vector<at::Tensor> states;
  at::Tensor last = decoder.hidden({row.to(decoder.options().device)}, hidden ? &states : nullptr);
  if (hidden) {
    hidden->clear();
    for (const at::Tensor& state : states) hidden->push_back(values_of(state));
  }
  return values_of(decoder.logits(last));
}

}  // namespace athanor::nn
