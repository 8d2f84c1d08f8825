#include "lab/lab.h"

#include <algorithm>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/text/bpe_trainer.h"

namespace athanor::lab {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kVocabulary = 512;
constexpr size_t kLeast = 20'000;                           // bytes of a corpus
constexpr size_t kMost = 1'100'000, kMostQuick = 40'000;    // that are read of it
constexpr size_t kHeldOut = 50'000, kHeldOutQuick = 3'000;  // of them held out, at most a tenth
constexpr const char* kModel =
    "{model_type: llama, vocab_size: 512, hidden_size: 96, num_hidden_layers: 2, num_attention_heads: 3, num_key_value_heads: 3, "
    "intermediate_size: 256, max_position_embeddings: 512, tie_word_embeddings: true}";

/// Where the text may be cut: after the last newline before `at`, or there.
size_t cut_at(const std::string& text, size_t at) {
  const size_t newline = text.rfind('\n', at);
  if (newline != std::string::npos && newline + 2000 > at) return newline + 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

}  // namespace

const char kModelText[] = "llama, 0.27 M parameters (width 96, 2 layers, vocabulary 512), f32";

Lab::Lab(std::string name, LabOptions options) : name_(std::move(name)), options_(std::move(options)) {
  fs::create_directories(options_.out);
  fs::remove_all(options_.out / "runs");
  general_ = write_corpus("general", options_.general, "botchan.txt");
  domain_ = write_corpus("domain", options_.domain, "tinyshakespeare.txt");
  train_tokenizer();
}

Lab::~Lab() {
  std::error_code ignored;
  fs::remove_all(options_.out / "runs", ignored);
}

Corpus Lab::write_corpus(const std::string& name, const std::string& file, const char* bundled) {
  const fs::path path = file.empty() ? options_.bundled / bundled : fs::path(file);
  std::string text = base::read_text_file(path);
  if (text.size() < kLeast)
    base::input_error("lab.corpus",
                      {path.string() + " is too short", base::cat(text.size(), " bytes"), base::cat("at least ", kLeast)});
  const size_t most = options_.quick ? kMostQuick : kMost;
  if (text.size() > most) text.resize(cut_at(text, most));
  const size_t cut = cut_at(text, text.size() - std::min(text.size() / 10, options_.quick ? kHeldOutQuick : kHeldOut));
  Corpus corpus{path.filename().string(), options_.out / "text" / (name + "-train.txt"),
                options_.out / "text" / (name + "-held-out.txt"), static_cast<int64_t>(text.size() - cut)};
  fs::create_directories(options_.out / "text");
  base::write_file(corpus.train, text.substr(0, cut));
  base::write_file(corpus.held_out, text.substr(cut));
  return corpus;
}

Corpus Lab::measured_on(Corpus corpus, size_t bytes) {
  corpus.held_out = beginning(corpus.held_out, bytes);
  corpus.held_out_bytes = static_cast<int64_t>(fs::file_size(corpus.held_out));
  return corpus;
}

fs::path Lab::beginning(const fs::path& file, size_t bytes) {
  const std::string text = base::read_text_file(file);
  const fs::path path = file.parent_path() / base::cat("first-", bytes, "-of-", file.filename().string());
  base::write_file(path, text.size() > bytes ? text.substr(0, cut_at(text, bytes)) : text);
  return path;
}

void Lab::train_tokenizer() {
  text::BpeTrainerOptions options;
  options.vocab_size = kVocabulary;
  tokenizer_ = options_.out / "tokenizer";
  text::write_tokenizer_folder(text::train_bpe({general_.train, domain_.train}, options), options, tokenizer_);
}

fs::path Lab::new_folder(const std::string& name) { return options_.out / "runs" / base::cat(++folders_, "-", name); }

void Lab::plan(int64_t steps) {
  progress_ = std::make_unique<base::Progress>("lab " + name_, static_cast<uint64_t>(steps), "steps");
}

void Lab::advance(int64_t steps, const std::string& note) {
  if (progress_) progress_->advance(static_cast<uint64_t>(steps), note);
  if (base::stop_requested()) throw Stopped();
}

train::TrainRecipe Lab::pretraining(const Corpus& corpus, int64_t steps, int64_t seed) {
  train::TrainRecipe recipe;
  recipe.model = base::parse_yaml(kModel, "lab");
  recipe.tokenizer = tokenizer_.string();
  recipe.data.train = {corpus.train.string()};
  recipe.out = new_folder("pretrained").string();
  train::TrainOptions& o = recipe.train;
  o.steps = steps, o.batch = 8, o.length = 128, o.seed = seed, o.threads = options_.threads;
  o.optimizer = "muon", o.lr = 4e-3, o.warmup = 20, o.min_lr = 0.05;
  if (quick()) o.batch = 2, o.warmup = 0;
  o.log_every = 10;
  return recipe;
}

train::TrainRecipe Lab::tuning(const fs::path& start, const fs::path& text, int64_t steps, int64_t seed) {
  train::TrainRecipe recipe = pretraining(domain_, steps, seed);
  recipe.data.train = {text.string()};
  recipe.model = {};
  recipe.model.kind = base::Node::Kind::kScalar, recipe.model.scalar = start.string();
  recipe.tokenizer.clear();
  recipe.out = new_folder("tuned").string();
  train::TrainOptions& o = recipe.train;
  o.batch = quick() ? 2 : 4, o.optimizer = "adamw", o.lr = 1e-3, o.warmup = 0, o.schedule = "constant", o.weight_decay = 0;
  return recipe;
}

train::TrainResult Lab::train(const train::TrainRecipe& recipe, const std::function<void(train::StartedModel&)>& on_start) {
  train::TrainHooks hooks;
  hooks.history = false;
  hooks.on_start = on_start;
  int64_t seen = 0;
  hooks.on_log = [&](const train::LogEntry& entry) {
    if (progress_) progress_->advance(static_cast<uint64_t>(entry.step - seen));
    seen = entry.step;
  };
  train::TrainResult result = train::train_recipe(recipe, train::Resume::kNo, hooks);
  if (base::stop_requested()) throw Stopped();
  return result;
}

WatchedBytes watched_per_byte(const train::TrainResult& result, const Corpus& corpus) {
  base::expect(result.watch.has_value(), "lab.watch", "a run watched nothing");
  const double tokens_per_byte = static_cast<double>(result.watch->tokens) / static_cast<double>(corpus.held_out_bytes);
  return {result.watch->before * tokens_per_byte, result.watch->after * tokens_per_byte};
}

}  // namespace athanor::lab
