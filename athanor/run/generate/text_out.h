#pragma once
// Ids in, certain text out: characters whole, stop texts hidden, repeated sentences left out. Private to the room.

#include <optional>
#include <string>
#include <vector>

#include "athanor/run/generate/generate.h"
#include "athanor/run/generate/repeat_filter.h"
#include "athanor/run/generate/stop_text.h"

namespace athanor::generate {

class TextOut {
 public:
  /// What becomes certain is added to `result.text` and given to `on_text`.
  TextOut(const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt, const GenerateOptions& options,
          const OnText& on_text, GenerateResult& result);

  /// "" to go on, else the reason to end.
  const char* push(text::TokenId id);
  void finish();

 private:
  const char* take(const std::string& certain);
  void show(const std::string& piece);

  const text::Tokenizer& tokenizer_;
  text::StreamDecoder decoder_;
  StopText stop_;
  const std::vector<std::string>& stops_;
  const OnText& on_text_;
  GenerateResult& result_;
  std::optional<RepeatFilter> filter_;
  bool cancelled_ = false;
};

}  // namespace athanor::generate
