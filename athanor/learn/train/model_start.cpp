#include "athanor/learn/train/model_start.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/dtype.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/family.h"
#include "athanor/core/models/labels.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/device.h"

namespace athanor::train {
namespace fs = std::filesystem;
namespace {

/// Positions that the adapter's virtual tokens take in every sample.
int64_t added_positions(const adapters::AdapterOptions& adapter) {
  const bool soft = adapter.on() && adapter.method != "lora" && adapter.method != "ia3";
  return soft ? adapter.virtual_tokens : 0;
}

std::vector<int32_t> ids_of(const text::Tokenizer& tokenizer, const std::string& text) {
  const std::vector<text::TokenId> ids = tokenizer.encode(text);
  return {ids.begin(), ids.end()};
}

void set_where_absent(base::Json& keys, const char* name, const std::optional<text::TokenId>& id) {
  if (id && (!keys.contains(name) || keys[name].is_null())) keys[name] = *id;
}

models::DecoderModel decoder_model(const TrainRecipe& recipe, const base::Json& config) {
  models::DecoderModel model = models::decoder_from_config(config);
  model.spec.dropout = recipe.train.dropout;
  return model;
}

/// The folder's arrays; where a classifier begins from a language model, with a score head of its own: normal(0, init_std).
checkpoint::Checkpoint start_weights(const fs::path& folder, const models::DecoderModel& model, uint64_t seed) {
  checkpoint::Checkpoint weights = checkpoint::Checkpoint::open(folder);
  const std::string score = models::weight_name(model, models::Slot::kScore);
  if (score.empty() || weights.find(score)) return weights;
  struct Storage {
    checkpoint::Checkpoint weights;
    at::Tensor score;
  };
  const std::vector<int64_t> shape = models::weight_shape(model, models::Slot::kScore);
  auto storage = std::make_shared<Storage>(Storage{weights, nn::normal_values(shape, model.spec.init_std, seed, score)});
  std::vector<checkpoint::NamedArray> arrays = weights.arrays();
  arrays.push_back({score, nn::array_over(storage->score)});
  return checkpoint::Checkpoint::of(folder, std::move(arrays), storage);
}

/// Files beside the weights that go with a model: tokenizer, templates, licences, and what we do not know; not the traces of a run.
bool belongs_to_model(const fs::path& file) {
  static const std::set<std::string> kOfRun = {"config.json",         "generation_config.json", "train.log",
                                               "recipe.yaml",         "manifest.json",          "trainer_state.json",
                                               "adapter_config.json", "fisher.safetensors",     "watch.json"};
  static const std::set<std::string> kWeights = {".safetensors", ".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack", ".onnx"};
  const std::string name = file.filename().string();
  return !name.starts_with(".") && !kOfRun.contains(name) && !kWeights.contains(file.extension().string()) &&
         !name.ends_with(".index.json");
}

/// A tokenizer's own files, where it lies apart from the model.
bool belongs_to_tokenizer(const fs::path& file) {
  static const std::set<std::string> kNames = {
      "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
      "merges.txt",     "added_tokens.json",     "tokenizer.model",         "chat_template.jinja"};
  return kNames.contains(file.filename().string());
}

void copy_files(const fs::path& from, const fs::path& to, bool (*wanted)(const fs::path&)) {
  if (fs::is_regular_file(from)) {  // a tokenizer.json alone
    base::write_file(to / "tokenizer.json", base::read_text_file(from));
    return;
  }
  for (const auto& entry : fs::directory_iterator(from))
    if (entry.is_regular_file() && wanted(entry.path()))
      base::write_file(to / entry.path().filename(), base::read_text_file(entry.path()));
}

/// One more end token. Padding must not be an end, or who reads the file later masks the end away.
void add_end(base::Json& generation, int32_t id) {
  base::Json ends = base::Json::array({id});
  const base::Json before = generation.contains("eos_token_id") ? generation["eos_token_id"] : base::Json();
  for (const base::Json& end : before.is_array() ? before : before.is_null() ? base::Json::array() : base::Json::array({before}))
    if (std::find(ends.begin(), ends.end(), end) == ends.end()) ends.push_back(end);
  if (generation.contains("pad_token_id") && std::find(ends.begin(), ends.end(), generation["pad_token_id"]) != ends.end())
    generation.erase("pad_token_id");
  generation["eos_token_id"] = ends.size() == 1 ? ends[0] : ends;
}

}  // namespace

fs::path start_folder(const TrainRecipe& recipe) {
  if (recipe.model.kind == base::Node::Kind::kMap) return {};
  if (recipe.model.kind != base::Node::Kind::kScalar || recipe.model.scalar.empty())
    base::input_error("train.recipe",
                      {"model is neither a folder nor keys of config.json", "", "FOLDER or {model_type: llama, ...}"});
  return recipe.model.scalar;
}

fs::path tokenizer_path(const TrainRecipe& recipe) {
  if (!recipe.tokenizer.empty()) return recipe.tokenizer;
  fs::path folder = start_folder(recipe);
  if (folder.empty())
    base::input_error("train.recipe",
                      {"a new model needs a tokenizer", "", "", "set tokenizer to a folder; athanor train-tokenizer makes one"});
  return folder;
}

base::Json model_config(const TrainRecipe& recipe, const text::Tokenizer& tokenizer) {
  if (fs::path folder = start_folder(recipe); !folder.empty()) return *checkpoint::ModelFolder::open(folder).config;
  base::Json keys = base::node_to_json(recipe.model);
  if (!keys.contains("vocab_size")) keys["vocab_size"] = tokenizer.vocab_size();
  set_where_absent(keys, "bos_token_id", tokenizer.bos());
  set_where_absent(keys, "eos_token_id", tokenizer.eos());
  base::Json config = models::new_config(keys);
  const int64_t vocab = models::decoder_from_config(config).spec.vocab;
  if (vocab < tokenizer.vocab_size())
    base::input_error("train.recipe", {"the model's vocabulary is smaller than the tokenizer's", base::cat(vocab),
                                       base::cat("at least ", tokenizer.vocab_size())});
  return config;
}

LabelWishes label_wishes(base::Json& config, const text::Tokenizer& tokenizer) {
  LabelWishes wishes;
  if (const auto labels = models::labels_of(config)) wishes.names = labels->names, wishes.problem = labels->problem;
  if (models::pad_id_of(config) < 0) config["pad_token_id"] = tokenizer.eos().value_or(0);
  wishes.pad_id = models::pad_id_of(config);
  return wishes;
}

StartedModel start_model(const TrainRecipe& recipe, const base::Json& config, const text::Tokenizer& tokenizer, bool fresh) {
  const models::DecoderModel model = decoder_model(recipe, config);
  const int64_t positions = recipe.train.length + added_positions(recipe.adapter);
  if (model.spec.max_positions > 0 && positions > model.spec.max_positions)
    base::input_error("train.recipe", {"train.length is longer than the model's positions", base::cat(recipe.train.length),
                                       base::cat("at most ", model.spec.max_positions - added_positions(recipe.adapter))});
  nn::DecoderOptions options;
  options.dtype = nn::scalar_type_of(*base::dtype_from_user(recipe.train.dtype));
  options.device = nn::device_named(recipe.train.device);
  options.recompute_layers = recipe.train.activation_checkpointing;
  const fs::path folder = start_folder(recipe);
  const bool adapted = recipe.adapter.on();
  if (adapted && folder.empty())
    base::input_error("train.recipe", {"an adapter is for a model that is there", "keys of a new model", "model: FOLDER",
                                       "leave adapter out: every weight learns"});
  const bool four_bits = adapted && recipe.adapter.quantize == "nf4";
  options.without_memory = four_bits;  // and quantized array by array: a wide model is never there
  const auto seed = static_cast<uint64_t>(recipe.train.seed);
  const checkpoint::Checkpoint files = folder.empty() ? checkpoint::Checkpoint() : start_weights(folder, model, seed);
  StartedModel started;
  if (folder.empty() && fresh)
    started.decoder = nn::Decoder::build(model, options, seed);
  else
    started.decoder = std::make_unique<nn::Decoder>(model, options);
  if (!folder.empty() && (fresh || adapted) && !four_bits) nn::load_weights(*started.decoder, files);
  if (adapted)
    started.adapter =
        adapters::attach_adapter({*started.decoder, recipe.adapter, seed, fresh,
                                  [&](const std::string& text) { return ids_of(tokenizer, text); }, four_bits ? &files : nullptr});
  const models::Slot head_slot = model.spec.labels > 0                ? models::Slot::kScore
                                 : model.spec.adaptive.clusters() > 0 ? models::Slot::kAdaptiveHead
                                                                      : models::Slot::kHead;
  const std::string head = model.spec.tied_head ? "" : models::weight_name(model, head_slot);
  started.weights = collect_weights(*started.decoder, head);
  if (!folder.empty() && fresh) load_masters(started.weights, files, model.family->prefix);
  for (Weight& weight : started.weights)
    if (adapted) weight.lr_factor = started.adapter->lr_factor(weight.name);
  if (recipe.train.layer_decay < 1) decay_by_layer(started.weights, started.decoder->layer_paths(), recipe.train.layer_decay);
  return started;
}

void write_model_files(const fs::path& folder, const base::Json& config, const TrainRecipe& recipe,
                       const data::PreparedData& data) {
  const fs::path from = start_folder(recipe);
  if (!from.empty()) copy_files(from, folder, recipe.adapter.on() ? belongs_to_tokenizer : belongs_to_model);
  if (fs::path tokenizer = tokenizer_path(recipe); tokenizer != from) copy_files(tokenizer, folder, belongs_to_tokenizer);
  if (!data.chat_template.empty()) base::write_file(folder / "chat_template.jinja", data.chat_template);
  const bool classifies = models::labels_of(config).has_value();
  if (classifies) base::write_file(folder / "config.json", config.dump(2) + "\n");  // an adapter's names its labels
  if (recipe.adapter.on() || classifies) return;
  base::Json generation = base::Json::object();
  if (!from.empty() && fs::exists(from / "generation_config.json"))
    generation = base::read_json_file(from / "generation_config.json", "train.model");
  for (const char* name : {"bos_token_id", "eos_token_id", "pad_token_id"})
    if (!generation.contains(name) && config.contains(name) && !config[name].is_null()) generation[name] = config[name];
  if (data.turn_end >= 0) add_end(generation, data.turn_end);
  base::write_file(folder / "generation_config.json", generation.dump(2) + "\n");
  base::write_file(folder / "config.json", config.dump(2) + "\n");
}

}  // namespace athanor::train
