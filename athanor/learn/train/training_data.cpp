#include "athanor/learn/train/training_data.h"

#include <algorithm>
#include <optional>

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
  all.removed.insert(all.removed.end(), one.removed.begin(), one.removed.end());
}

/// The shard that an earlier start made, where it is whole.
std::optional<data::TokenShard> made_before(const fs::path& path) {
  if (!fs::exists(path)) return std::nullopt;
  try {
    return data::TokenShard::open(path);
  } catch (const base::Error& error) {
    base::log_warning(base::cat("the mixture is made again: ", error.what()));
    return std::nullopt;
  }
}

/// What data.mix gives before it is mixed.
struct MixParts {
  std::vector<data::TokenShard> train, eval;
  data::MixOptions options;
  data::PreparedData all;  // all but its shards
};

MixParts prepare_sources(const TrainRecipe& recipe, const DataPlace& place) {
  if (place.reads == Reads::kLabels)
    base::input_error("data.mix", {"data.mix is for documents and samples", "stage: classify", "data.train"});
  MixParts parts;
  parts.options = {{}, recipe.data.temperature, recipe.data.exhausted};
  parts.all.reused = true;
  std::string key = base::cat(recipe.data.exhausted, " ", recipe.data.temperature);
  for (data::MixSource& source : data::read_mix(recipe.data.mix)) {
    data::DataOptions one = recipe.data;
    one.mix = {}, one.train = source.files;
    if (!parts.train.empty()) one.eval.clear();  // held-out files are read once
    data::PreparedData prepared = prepare_one(one, place);
    add_report(prepared.report, parts.all.report);
    if (prepared.eval) parts.eval.push_back(*std::move(prepared.eval));
    if (parts.all.chat_template.empty()) parts.all.chat_template = prepared.chat_template;
    parts.all.turn_end = prepared.turn_end;
    parts.all.reused = parts.all.reused && prepared.reused;
    parts.train.push_back(std::move(prepared.train));
    parts.options.weights.push_back(source.weight);
    key += base::cat(" ", prepared.key, " ", source.weight);
  }
  parts.all.key = base::hash64(key);
  return parts;
}

data::PreparedData prepare_mix(const TrainRecipe& recipe, const DataPlace& place) {
  if (!recipe.data.train.empty()) base::input_error("data.mix", {"data.mix goes without data.train", "", "files in data.mix"});
  MixParts parts = prepare_sources(recipe, place);
  const std::string hex = base::hash_hex(parts.all.key);
  const fs::path train = place.folder / ("mix-" + hex + ".tokens"), eval = place.folder / ("mix-eval-" + hex + ".tokens");
  auto mixed = made_before(train);
  if (!mixed) {
    const auto shares = data::mix_shards(parts.train, parts.options, 0, train);
    for (size_t i = 0; i < shares.size(); ++i)
      base::log_info(base::cat("mix, source ", i + 1, ": ", base::fixed(100 * shares[i].part, 1), " % of an epoch, ",
                               shares[i].tokens, " tokens, ", base::fixed(shares[i].passes, 2), " passes"));
    mixed = data::TokenShard::open(train);
    parts.all.reused = false;
  }
  parts.all.train = *std::move(mixed);
  if (parts.eval.size() == 1) parts.all.eval = std::move(parts.eval[0]);
  if (parts.eval.size() < 2) return std::move(parts.all);
  auto held_out = made_before(eval);
  if (!held_out) {
    data::join_shards(parts.eval, eval);
    held_out = data::TokenShard::open(eval);
  }
  parts.all.eval = *std::move(held_out);
  return std::move(parts.all);
}

}  // namespace

data::PreparedData prepare_training_data(const TrainRecipe& recipe, Reads reads, const text::Tokenizer& tokenizer, uint64_t hash,
                                         const fs::path& tokenizer_folder, const fs::path& folder, const LabelWishes& labels) {
  const DataPlace place{reads, {tokenizer, hash, tokenizer_folder, recipe.train.length}, folder, labels};
  return recipe.data.mix.kind == base::Node::Kind::kNull ? prepare_one(recipe.data, place) : prepare_mix(recipe, place);
}

}  // namespace athanor::train
