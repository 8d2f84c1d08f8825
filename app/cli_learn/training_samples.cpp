#include "app/cli_learn/training_samples.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "app/cli/conversation.h"
#include "athanor/core/base/error.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/run/engine/engine.h"
#include "athanor/run/generate/generate.h"

namespace athanor::app {
namespace {

/// The layers that learn as a source of scores, for adapters, which the engine knows only merged. Without a cache: each token takes
/// a pass over all before it, and no second copy of anything.
class LearningLayers : public generate::ScoreSource {
 public:
  explicit LearningLayers(nn::Decoder& decoder) : decoder_(decoder) { decoder_.eval(); }
  void clear() { ids_.clear(); }
  std::span<float> append(std::span<const text::TokenId> ids) override {
    at::NoGradGuard no_grad;
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    const auto length = static_cast<int64_t>(ids_.size());
    at::Tensor row = at::empty({1, length}, at::kInt);
    std::copy(ids_.begin(), ids_.end(), row.mutable_data_ptr<int32_t>());
    const at::Tensor last = decoder_.hidden({row.to(decoder_.options().device)}).narrow(1, length - 1, 1);
    scores_ = decoder_.logits(last).to(at::kCPU).contiguous();
    return {scores_.mutable_data_ptr<float>(), static_cast<size_t>(scores_.numel())};
  }
  int64_t vocab_size() const override { return decoder_.model().spec.vocab; }
  int64_t room() const override { return decoder_.model().spec.max_positions - static_cast<int64_t>(ids_.size()); }

 private:
  nn::Decoder& decoder_;
  std::vector<text::TokenId> ids_;
  at::Tensor scores_;
};

std::vector<text::TokenId> prompt_ids(const train::SampleRequest& request, const std::string& prompt) {
  if (!request.chat) return request.tokenizer.encode(prompt);
  return chat_ids(*request.chat, request.tokenizer, base::Json::array({message("user", prompt)}));
}

/// `begin`: the source, emptied for the next text.
std::vector<std::string> write_texts(const train::SampleRequest& request, const std::function<generate::ScoreSource&()>& begin) {
  const train::TrainOptions& options = request.options;
  const std::vector<text::TokenId> ends = turn_ends({}, request.chat, request.tokenizer);
  std::vector<std::string> texts;
  for (const std::string& prompt : options.sample_prompts) {
    generate::ScoreSource& source = begin();
    const std::vector<text::TokenId> ids = prompt_ids(request, prompt);
    const int64_t room = source.room() - static_cast<int64_t>(ids.size());
    if (ids.empty() || room < 1) base::input_error("train.samples", {"a prompt is empty or too long", prompt});
    generate::GenerateOptions how;
    how.max_new_tokens = std::min(options.sample_tokens, room);
    how.temperature = options.sample_temperature;
    how.seed = options.seed + static_cast<int64_t>(texts.size());  // or every prompt would go on with the same luck
    texts.push_back(generate::generate(source, request.tokenizer, ids, ends, how).text);
  }
  return texts;
}

}  // namespace

std::vector<std::string> write_training_samples(const train::SampleRequest& request) {
  if (request.adapted) {
    LearningLayers layers(request.decoder);
    return write_texts(request, [&]() -> generate::ScoreSource& { return layers.clear(), layers; });
  }
  nn::NamedWeights weights = nn::weights_of(request.decoder);
  const auto views = checkpoint::Checkpoint::of("the weights that learn", weights.arrays, nullptr);
  const auto model = engine::Model::load(request.decoder.model(), views, {});
  engine::Session session(model);
  return write_texts(request, [&]() -> generate::ScoreSource& { return session.truncate(0), session; });
}

}  // namespace athanor::app
