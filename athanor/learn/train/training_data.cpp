#include "athanor/learn/train/training_data.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/log.h"
#include "athanor/core/data/mixing.h"
#include "athanor/core/data/prepare_labels.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::train {
namespace fs = std::filesystem;
namespace {

struct DataPlace {
  Reads reads;
  data::SampleContext samples;
  fs::path folder;
  LabelWishes labels;
};

data::PreparedData prepare_one(const data::DataOptions& options, const DataPlace& place) {
  const data::SampleContext& c = place.samples;
  if (place.reads == Reads::kLabels)
    return data::prepare_labels(options, {c, place.labels.names, place.labels.problem, place.labels.pad_id}, place.folder);
  if (place.reads == Reads::kSamples) return data::prepare_samples(options, c, place.folder);
  return data::prepare_data(options, c.tokenizer, c.tokenizer_hash, place.folder);
}

void add_report(const data::DataReport& one, data::DataReport& all) {
  all.documents += one.documents, all.bytes += one.bytes, all.tokens += one.tokens, all.learned_tokens += one.learned_tokens;
  all.eval_documents += one.eval_documents, all.eval_bytes += one.eval_bytes, all.eval_tokens += one.eval_tokens;
  for (const auto& [step, count] : one.cleaning) {
    const auto found =
        std::find_if(all.cleaning.begin(), all.cleaning.end(), [&step = step](const auto& c) { return c.first == step; });
    if (found == all.cleaning.end())
      all.cleaning.emplace_back(step, count);
    else
      found->second += count;
  }
}

data::PreparedData prepare_mix(const TrainRecipe& recipe, const DataPlace& place) {
  if (place.reads == Reads::kLabels)
    base::input_error("data.mix", {"data.mix is for documents and samples", "stage: classify", "data.train"});
  if (!recipe.data.train.empty() || recipe.data.holdout > 0)
    base::input_error("data.mix",
                      {"data.mix goes without data.train and data.holdout", "", "files in data.mix, held-out ones in data.eval"});
  data::PreparedData all;
  std::vector<data::TokenShard> shards;
  data::MixOptions options{{}, recipe.data.temperature, recipe.data.exhausted};
  std::string key = base::cat(recipe.data.exhausted, " ", recipe.data.temperature);
  for (data::MixSource& source : data::read_mix(recipe.data.mix)) {
    data::DataOptions one = recipe.data;
    one.mix = {}, one.train = source.files;
    if (!shards.empty()) one.eval.clear();
    data::PreparedData prepared = prepare_one(one, place);
    add_report(prepared.report, all.report);
    if (shards.empty()) all.eval = std::move(prepared.eval);
    if (all.chat_template.empty()) all.chat_template = prepared.chat_template;
    all.turn_end = prepared.turn_end;
    shards.push_back(std::move(prepared.train));
    options.weights.push_back(source.weight);
    key += base::cat(" ", prepared.key, " ", source.weight);
  }
  all.key = base::hash64(key);
  const fs::path path = place.folder / ("mix-" + base::hash_hex(all.key) + ".tokens");
  const auto shares = data::mix_shards(shards, options, 0, path);
  for (size_t i = 0; i < shares.size(); ++i)
    base::log_info(base::cat("mix, source ", i + 1, ": ", base::fixed(100 * shares[i].part, 1), " % of an epoch, ",
                             shares[i].tokens, " tokens, ", base::fixed(shares[i].passes, 2), " passes"));
  all.train = data::TokenShard::open(path);
  return all;
}

}  // namespace

data::PreparedData prepare_training_data(const TrainRecipe& recipe, Reads reads, const text::Tokenizer& tokenizer, uint64_t hash,
                                         const fs::path& tokenizer_folder, const fs::path& folder, const LabelWishes& labels) {
  const DataPlace place{reads, {tokenizer, hash, tokenizer_folder, recipe.train.length}, folder, labels};
  return recipe.data.mix.kind == base::Node::Kind::kNull ? prepare_one(recipe.data, place) : prepare_mix(recipe, place);
}

}  // namespace athanor::train
