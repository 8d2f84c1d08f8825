#include "lab/instruction-tuning/task_reader.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "athanor/run/generate/generate.h"

namespace athanor::lab {
namespace {

using Ids = std::vector<text::TokenId>;

constexpr size_t kWindow = 128;
constexpr int64_t kContext = 256, kLongestAnswer = 12;  // tokens

}  // namespace

TaskReader::TaskReader(const std::filesystem::path& model, const std::vector<std::string>& prompt)
    : model_(app::open_model({.model = model.string(), .context = kContext, .lora = prompt}, "")),
      tokenizer_(model_.tokenizer()),
      decoding_(model_.engine),
      scorer_(model_.engine) {}

Reading TaskReader::read(const std::vector<WordExample>& examples, const std::string& instruction) {
  Reading sum;
  const double share = 1 / static_cast<double>(examples.size());
  generate::GenerateOptions options;
  options.max_new_tokens = kLongestAnswer, options.temperature = 0;
  for (const WordExample& example : examples) {
    const Ids asked = tokenizer_->encode(instruction + example.input, {.add_special_tokens = false});
    const auto said = generate::generate(decoding_, *tokenizer_, asked, model_.end_ids, options);
    sum.exact += said.finish_reason == "stop" && said.text == example.answer ? 100 * share : 0;
    sum.nats += share * nats_of(asked, tokenizer_->encode(example.answer, {.add_special_tokens = false}));
  }
  return sum;
}

double TaskReader::general(const std::string& text) {
  const Ids ids = tokenizer_->encode(text, {.add_special_tokens = false});
  double nats = 0;
  for (size_t at = 0; at + 1 < ids.size(); at += kWindow)
    for (double logprob : scorer_.logprobs(std::span(ids).subspan(at, std::min(kWindow + 1, ids.size() - at)), 1)) nats -= logprob;
  return nats / static_cast<double>(text.size());
}

double TaskReader::nats_of(const Ids& asked, Ids answer) {
  if (!model_.end_ids.empty()) answer.push_back(model_.end_ids[0]);
  Ids all = asked;
  all.insert(all.end(), answer.begin(), answer.end());
  const std::vector<double> logprobs = scorer_.logprobs(all, static_cast<int64_t>(asked.size()));
  return -std::accumulate(logprobs.begin(), logprobs.end(), 0.0) / static_cast<double>(answer.size());
}

}  // namespace athanor::lab
