#include "athanor/run/generate/generate.h"

namespace athanor::generate {

void GenerateOptions::visit(base::OptionVisitor& v) {
  v.integer("max_new_tokens", max_new_tokens,
            {"tokens to write at most", 0, 1e9, {"max_tokens", "max_length", "predict", "n_predict"}});
  v.number("temperature", temperature, {"below 1 sharper, above 1 flatter; 0: always the best token", 0, 1e9, {"temp"}});
  v.integer("top_k", top_k, {"keep the k best tokens; 0: all", 0, 1e9});
  v.number("top_p", top_p, {"keep the best tokens whose probabilities reach p", 0, 1});
  v.number("min_p", min_p, {"keep tokens at least p times as likely as the best", 0, 1});
  v.number("repetition_penalty", repetition_penalty,
           {"divides scores of tokens already there; 1: off", 0.01, 100, {"repeat_penalty"}});
  v.number("presence_penalty", presence_penalty, {"subtracted once from tokens already generated", -100, 100});
  v.number("frequency_penalty", frequency_penalty, {"subtracted per occurrence of a generated token", -100, 100});
  v.integer("seed", seed, {"the same seed draws the same tokens", 0});
  v.texts(
      "stop", stop,
      {.help = "texts that end generation and are not shown", .other_names = {"stop_strings", "stop_sequences", "reverse_prompt"}});
  v.boolean("ignore_eos", ignore_eos, {.help = "go on after the end token"});
  v.integer("logprobs", logprobs, {"best alternatives to report for each token", 0, 1000, {"top_logprobs"}});
}

}  // namespace athanor::generate
