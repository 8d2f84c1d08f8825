#pragma once
// A model in the engine, with a prompt in front of it or without, that is asked tasks and reads general text.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/engine_scorer.h"
#include "app/cli/model.h"
#include "athanor/run/engine/decoding.h"
#include "lab/instruction-tuning/word_tasks.h"

namespace athanor::lab {

struct Reading {
  double exact = 0;  // %: greedy answers that are right to the last character and end there
  double nats = 0;   // per token of the right answers, the end among them
};

class TaskReader {
 public:
  /// `prompt`: adapter folders, at most one of virtual tokens.
  TaskReader(const std::filesystem::path& model, const std::vector<std::string>& prompt);
  /// The instruction stands before every example's words.
  Reading read(const std::vector<WordExample>& examples, const std::string& instruction);
  /// Nats per byte of a text, in windows of 128 tokens.
  double general(const std::string& text);

 private:
  double nats_of(const std::vector<text::TokenId>& asked, std::vector<text::TokenId> answer);
  app::RunningModel model_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  engine::Decoding decoding_;
  app::EngineScorer scorer_;
};

}  // namespace athanor::lab
