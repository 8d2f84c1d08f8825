#include "athanor/learn/train/watch.h"

#include <ATen/core/grad_mode.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/log.h"
#include "athanor/core/data/eval_windows.h"
#include "athanor/core/data/prepare.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/train/batch_tensors.h"

namespace athanor::train {
namespace {

data::DataOptions options_of(const TrainRecipe& recipe) {
  data::DataOptions options;
  options.train = recipe.data.watch;
  options.text_key = recipe.data.text_key;
  options.separator = recipe.data.separator;
  options.clean = recipe.data.clean;
  return options;
}

}  // namespace

struct Watch::Text {
  data::PreparedData data;
  data::EvalWindows windows;
  Text(data::PreparedData prepared, const data::EvalOptions& options) : data(std::move(prepared)), windows(data.train, options) {}
};

Watch::Watch(nn::Decoder& decoder, const text::Tokenizer& tokenizer, uint64_t tokenizer_hash, const TrainRecipe& recipe,
             const std::filesystem::path& folder)
    : decoder_(decoder),
      text_(std::make_unique<Text>(
          data::prepare_data(options_of(recipe), tokenizer, tokenizer_hash, folder / "data"),
          data::EvalOptions{recipe.train.length, recipe.train.batch, 0, data::delimiters_of(tokenizer).start})),
      file_(folder / "watch.json"),
      crosses_(recipe.data.cross_documents) {
  result_.tokens = text_->windows.tokens();
}

Watch::~Watch() = default;

double Watch::loss() const {
  at::NoGradGuard no_grad;
  decoder_.eval();
  double nats = 0;
  for (int64_t i = 0; i < text_->windows.batches(); ++i) {
    const data::Batch batch = text_->windows.batch(i);
    const BatchTensors tensors = tensors_of(batch, decoder_.options().device, crosses_);
    nats += decoder_.loss(tensors.input, tensors.targets).item<double>();
  }
  return nats / static_cast<double>(result_.tokens);
}

void Watch::before(bool fresh) {
  if (!fresh && std::filesystem::exists(file_)) {
    result_.before = base::read_json_file(file_, "train.watch").value("before", 0.0);
    return;
  }
  result_.before = loss();
  save(result_, false);
  base::log_info(base::cat("watched text before: ", base::fixed(result_.before, 4), " nats per token, perplexity ",
                           base::fixed(std::exp(result_.before), 2)));
}

WatchResult Watch::after() {
  result_.after = loss();
  save(result_, true);
  base::log_info(base::cat("watched text after: ", base::fixed(result_.after, 4), " nats per token, perplexity ",
                           base::fixed(std::exp(result_.after), 2), " (before: ", base::fixed(std::exp(result_.before), 2), ")"));
  return result_;
}

void Watch::save(const WatchResult& result, bool finished) const {
  base::Json json = {{"tokens", result.tokens}, {"before", result.before}};
  if (finished) json["after"] = result.after;
  base::write_file(file_, json.dump(2) + "\n");
}

}  // namespace athanor::train
