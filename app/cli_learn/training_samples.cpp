#include "app/cli_learn/training_samples.h"

#include <algorithm>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/run/engine/engine.h"
#include "athanor/run/generate/generate.h"

namespace athanor::app {

std::vector<std::string> write_training_samples(const train::SampleRequest& request) {
  const train::TrainOptions& options = request.options;
  nn::NamedWeights weights = nn::weights_of(request.decoder);
  const auto views = checkpoint::Checkpoint::of("the weights that learn", weights.arrays, nullptr);
  const auto model = engine::Model::load(request.decoder.model(), views, {});
  std::vector<text::TokenId> end_ids;
  if (auto eos = request.tokenizer.eos()) end_ids.push_back(*eos);
  engine::Session session(model);
  std::vector<std::string> texts;
  for (const std::string& prompt : options.sample_prompts) {
    session.truncate(0);
    const std::vector<text::TokenId> ids = request.tokenizer.encode(prompt);
    const int64_t room = session.room() - static_cast<int64_t>(ids.size());
    if (ids.empty() || room < 1) base::input_error("train.samples", {"a prompt is empty or too long", prompt});
    generate::GenerateOptions how;
    how.max_new_tokens = std::min(options.sample_tokens, room);
    how.temperature = options.sample_temperature;
    how.seed = options.seed + static_cast<int64_t>(texts.size());  // or every prompt would go on with the same luck
    texts.push_back(generate::generate(session, request.tokenizer, ids, end_ids, how).text);
  }
  return texts;
}

}  // namespace athanor::app
