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
  v.integer("no_repeat_ngram_size", no_repeat_ngram_size, {"no n-gram of this many tokens occurs twice; 0: off", 0, 1e6});
  v.number("dry_multiplier", dry_multiplier, {"strength of the penalty on continuing a repetition; 0: off", 0, 100});
  v.number("dry_base", dry_base, {"growth of that penalty with each repeated token", 1, 100});
  v.integer("dry_allowed_length", dry_allowed_length, {"repeated tokens that cost nothing yet", 1, 1e6});
  v.integer("dry_penalty_last_n", dry_penalty_last_n, {"tokens looked back at; -1: all", -1, 1e9});
  v.texts("dry_sequence_breakers", dry_sequence_breakers,
          {.help = "texts over which no repetition reaches", .other_names = {"dry_sequence_breaker"}});
  v.integer("exponential_decay_start", exponential_decay_start,
            {"tokens after which the end becomes likelier", 0, 1e9, {"exponential_decay_length_penalty"}});
  v.number("exponential_decay_factor", exponential_decay_factor, {"how fast, per token; 1: off", 0.01, 100});
  v.number("top_n_sigma", top_n_sigma, {"keep scores within n standard deviations of the best; 0: off", 0, 1e9});
  v.number("typical_p", typical_p, {"keep the tokens of typical information whose probabilities reach p", 0, 1, {"typical"}});
  v.number("epsilon_cutoff", epsilon_cutoff, {"keep tokens at least this likely; 0: off", 0, 1});
  v.number("eta_cutoff", eta_cutoff, {"the same, lower where the model is unsure; 0: off", 0, 1});
  v.number("xtc_probability", xtc_probability, {"how often the likeliest tokens are excluded; 0: never", 0, 1});
  v.number("xtc_threshold", xtc_threshold, {"how likely a token must be for that", 0, 1});
  v.integer("mirostat", mirostat, {"2: hold the surprise per token at mirostat_tau; 0: off", 0, 2});
  v.number("mirostat_tau", mirostat_tau, {"surprise to hold, in bits", 0, 100, {"mirostat_ent"}});
  v.number("mirostat_eta", mirostat_eta, {"how fast it is corrected", 0, 1, {"mirostat_lr"}});
  v.number("gumbel_noise", gumbel_noise, {"Gumbel noise added to the scores, times this; 0: off", 0, 100});
  v.integer("num_beams", num_beams, {"beams of a beam search; 1: none", 1, 1024, {"beam_size", "beams"}});
  v.integer("num_beam_groups", num_beam_groups, {"groups of beams that differ from one another", 1, 1024});
  v.number("diversity_penalty", diversity_penalty, {"subtracted where an earlier group took the same token", 0, 1e6});
  v.number("length_penalty", length_penalty, {"beams: scores are divided by length to this power", -100, 100});
  v.text("early_stopping", early_stopping,
         {.help = "when beams end: enough finished, nothing better likely, or nothing better possible",
          .choices = {"true", "false", "never"}});
  v.texts("force_words", force_words, {.help = "beams: a text that must come", .other_names = {"force_words_ids", "constraints"}});
  v.number("penalty_alpha", penalty_alpha, {"contrastive search over top_k candidates: weight against likeness; 0: off", 0, 1});
  v.text("dola_layers", dola_layers, {.help = "DoLa: the layers to contrast with: low, high or a list as 2,4,6"});
  v.boolean("dola_norm", dola_norm, {.help = "DoLa: early layers go through the final norm too"});
  v.number("guidance_scale", guidance_scale,
           {"classifier-free guidance away from the negative prompt; 1: off", -100, 100, {"cfg_scale"}});
  v.text("negative_prompt", negative_prompt,
         {.help = "what guidance leads away from; empty: the prompt's last token alone", .other_names = {"cfg_negative_prompt"}});
  v.integer("seed", seed, {"the same seed draws the same tokens", 0});
  v.texts(
      "stop", stop,
      {.help = "texts that end generation and are not shown", .other_names = {"stop_strings", "stop_sequences", "reverse_prompt"}});
  v.integer("drop_repeated_sentences", drop_repeated_sentences,
            {"leave a sentence out of the text where it was said this many times; 0: never", 0, 1e6});
  v.boolean("ignore_eos", ignore_eos, {.help = "go on after the end token"});
  v.integer("logprobs", logprobs, {"best alternatives to report for each token", 0, 1000, {"top_logprobs"}});
}

}  // namespace athanor::generate
