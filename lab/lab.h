#pragma once
// What an experiment works with: two corpora, a tokenizer, small models, and runs of recipes as `athanor train` would do them.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "athanor/core/base/progress.h"
#include "athanor/learn/train/model_start.h"
#include "athanor/learn/train/run.h"

namespace athanor::lab {

struct LabOptions {
  std::filesystem::path out;
  int64_t seeds = 3;
  bool quick = false;             // a smoke test: small data, few steps; the numbers mean nothing
  std::string general;            // text file of the general corpus; "": the bundled novel
  std::string domain;             // text file of the domain; "": the bundled plays
  int64_t threads = 0;            // 0: all
  std::filesystem::path bundled;  // where the bundled corpora lie
};

/// A corpus in two files: what is learned, and what is held out (its end).
struct Corpus {
  std::string name;
  std::filesystem::path train, held_out;
  int64_t held_out_bytes = 0;
};

class Stopped {};  // thrown where the user wants to end

class Lab {
 public:
  /// Writes texts and tokenizer below options.out. input_error where a text is too short.
  Lab(std::string name, LabOptions options);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  int64_t seeds() const { return options_.seeds; }
  bool quick() const { return options_.quick; }
  /// `full`, or a few where the lab is quick.
  int64_t steps(int64_t full) const { return options_.quick ? std::max<int64_t>(2, full / 60) : full; }
  const Corpus& general() const { return general_; }
  const Corpus& domain() const { return domain_; }
  const std::filesystem::path& tokenizer() const { return tokenizer_; }
  const LabOptions& options() const { return options_; }
  /// A file with the first `bytes` of a corpus's file.
  std::filesystem::path beginning(const std::filesystem::path& file, size_t bytes);
  /// The corpus with so many bytes of its held-out text: where there are many runs, measuring would take longer than they do.
  Corpus measured_on(Corpus corpus, size_t bytes);
  /// A new folder below options.out/runs, removed with the lab.
  std::filesystem::path new_folder(const std::string& name);

  /// What is still to be done, for the time that is left: steps of training, or what else is counted.
  void plan(int64_t steps);
  void advance(int64_t steps, const std::string& note);

  /// A recipe that trains a new model of 0.27 million parameters on `corpus`: [8, 128] tokens a step, Muon.
  train::TrainRecipe pretraining(const Corpus& corpus, int64_t steps, int64_t seed);
  /// A recipe that tunes the model in `start` on `text`: [4, 128] tokens a step, AdamW at a constant rate.
  train::TrainRecipe tuning(const std::filesystem::path& start, const std::filesystem::path& text, int64_t steps, int64_t seed);
  /// Runs it; `on_start` may change the model before the first step.
  train::TrainResult train(const train::TrainRecipe& recipe, const std::function<void(train::StartedModel&)>& on_start = {});

 private:
  Corpus write_corpus(const std::string& name, const std::string& file, const char* bundled);
  void train_tokenizer();
  std::string name_;
  LabOptions options_;
  Corpus general_, domain_;
  std::filesystem::path tokenizer_;
  std::unique_ptr<base::Progress> progress_;
  int64_t folders_ = 0;
};

/// What the models of a lab are: kind, parameters, shape.
extern const char kModelText[];

/// Of TrainResult.watch: nats per byte before and after.
struct WatchedBytes {
  double before, after;
};
WatchedBytes watched_per_byte(const train::TrainResult& result, const Corpus& corpus);

}  // namespace athanor::lab
