#pragma once
// What a model may forget: the loss on general text before and after a run (data.watch).

#include <filesystem>
#include <memory>
#include <optional>

#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::text {
class Tokenizer;
}

namespace athanor::train {

/// Nats per token of the watched files; exp of it is the perplexity.
struct WatchResult {
  double before = 0, after = 0;
  int64_t tokens = 0;
};

class Watch {
 public:
  /// Tokenizes recipe.data.watch into `folder`/data; errors as prepare_data's.
  Watch(nn::Decoder& decoder, const text::Tokenizer& tokenizer, uint64_t tokenizer_hash, const TrainRecipe& recipe,
        const std::filesystem::path& folder);
  ~Watch();
  /// Measures the weights as they are, unless an earlier start of the run did (`folder`/watch.json).
  void before(bool fresh);
  /// Measures them again and writes both numbers to `folder`/watch.json.
  WatchResult after();

 private:
  double loss() const;
  void save(const WatchResult& result, bool finished) const;
  struct Text;
  nn::Decoder& decoder_;
  std::unique_ptr<Text> text_;
  std::filesystem::path file_;
  WatchResult result_;
  bool crosses_;
};

}  // namespace athanor::train
