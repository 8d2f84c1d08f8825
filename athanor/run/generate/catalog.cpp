#include "athanor/run/generate/constraint.h"
#include "athanor/run/generate/constraints/shelf.h"
#include "athanor/run/generate/known_tokens.h"
#include "athanor/run/generate/search.h"

namespace athanor::generate {

using Step = std::unique_ptr<ScoreStep>;
Step make_repetition_penalty(const GenerateOptions&, const StepContext&);
Step make_presence_frequency(const GenerateOptions&, const StepContext&);
Step make_no_repeat_ngram(const GenerateOptions&, const StepContext&);
Step make_dry(const GenerateOptions&, const StepContext&);
Step make_exponential_decay(const GenerateOptions&, const StepContext&);
Step make_temperature(const GenerateOptions&, const StepContext&);
Step make_top_n_sigma(const GenerateOptions&, const StepContext&);
Step make_top_k(const GenerateOptions&, const StepContext&);
Step make_top_p(const GenerateOptions&, const StepContext&);
Step make_min_p(const GenerateOptions&, const StepContext&);
Step make_typical_p(const GenerateOptions&, const StepContext&);
Step make_epsilon(const GenerateOptions&, const StepContext&);
Step make_eta(const GenerateOptions&, const StepContext&);
Step make_xtc(const GenerateOptions&, const StepContext&);
Step make_mirostat(const GenerateOptions&, const StepContext&);
Step make_gumbel_noise(const GenerateOptions&, const StepContext&);

bool asks_for_beams(const GenerateOptions&);
bool asks_for_diverse_beams(const GenerateOptions&);
bool asks_for_constrained_beams(const GenerateOptions&);
GenerateResult run_beam_search(const SearchTask&);
bool asks_for_contrastive(const GenerateOptions&);
GenerateResult run_contrastive(const SearchTask&);
bool asks_for_dola(const GenerateOptions&);
GenerateResult run_dola(const SearchTask&);
bool asks_for_guidance(const GenerateOptions&);
GenerateResult run_guidance(const SearchTask&);

std::span<const SamplerRow> samplers() {
  static const SamplerRow rows[] = {
      {{"repetition-penalty", "makes every token of the sequence so far less likely by a factor on its score", "Keskar et al. 2019",
        "samplers/repetition_penalty.cpp"},
       make_repetition_penalty,
       false},
      {{"presence-frequency", "subtracts from the scores of generated tokens, once and per occurrence", "OpenAI's API reference",
        "samplers/presence_frequency.cpp"},
       make_presence_frequency,
       false},
      {{"no-repeat-ngram", "forbids every token that would complete an n-gram a second time", "Paulus et al. 2017",
        "samplers/no_repeat_ngram.cpp"},
       make_no_repeat_ngram,
       false},
      {{"dry", "makes the token that continues a repetition less likely, the more the longer it is", "p-e-w 2024",
        "samplers/dry.cpp"},
       make_dry,
       false},
      {{"exponential-decay", "makes the end likelier with every token past a length", "transformers",
        "samplers/exponential_decay.cpp"},
       make_exponential_decay,
       false},
      {{"temperature", "sharpens (below 1) or flattens (above 1) the distribution; 0 takes the best token", "Ackley et al. 1985",
        "samplers/temperature.cpp"},
       make_temperature},
      {{"top-n-sigma", "keeps the tokens within n standard deviations of the best score", "Tang et al. 2024",
        "samplers/top_n_sigma.cpp"},
       make_top_n_sigma},
      {{"top-k", "keeps the k best tokens", "Fan et al. 2018", "samplers/top_k.cpp"}, make_top_k},
      {{"top-p", "keeps the fewest best tokens whose probabilities reach p", "Holtzman et al. 2020", "samplers/top_p.cpp"},
       make_top_p},
      {{"min-p", "keeps the tokens at least p times as likely as the best", "Nguyen et al. 2024", "samplers/min_p.cpp"},
       make_min_p},
      {{"typical-p", "keeps the tokens that say about as much as is to be expected", "Meister et al. 2022",
        "samplers/typical_p.cpp"},
       make_typical_p},
      {{"epsilon", "keeps the tokens that are at least this likely", "Hewitt et al. 2022", "samplers/epsilon.cpp"}, make_epsilon},
      {{"eta", "keeps the tokens that are likely enough for how sure the model is", "Hewitt et al. 2022", "samplers/eta.cpp"},
       make_eta},
      {{"xtc", "now and then excludes all likely tokens but the least likely of them", "p-e-w 2024", "samplers/xtc.cpp"}, make_xtc},
      {{"mirostat", "holds the surprise of the drawn tokens at a level", "Basu et al. 2021", "samplers/mirostat.cpp"},
       make_mirostat},
      {{"gumbel-noise", "adds Gumbel noise to the scores", "Gumbel 1954", "samplers/gumbel_noise.cpp"}, make_gumbel_noise},
  };
  return rows;
}

std::span<const SearchRow> searches() {
  static const SearchRow rows[] = {
      {{"beam-search", "keeps the n most probable sequences", "Sutskever et al. 2014", "search/beam_search.cpp"},
       asks_for_beams,
       run_beam_search},
      {{"diverse-beam-search", "groups of beams that keep away from one another", "Vijayakumar et al. 2018",
        "search/beam_search.cpp"},
       asks_for_diverse_beams,
       run_beam_search},
      {{"constrained-beam-search", "beams that must hold given phrases", "Post and Vilar 2018", "search/phrases.cpp"},
       asks_for_constrained_beams,
       run_beam_search},
      {{"contrastive-search", "the likely token that is least like what was said", "Su et al. 2022", "search/contrastive.cpp"},
       asks_for_contrastive,
       run_contrastive},
      {{"dola", "contrasts the last layer's prediction with an early layer's", "Chuang et al. 2024", "search/dola.cpp"},
       asks_for_dola,
       run_dola},
      {{"guidance", "leads away from a negative prompt", "Sanchez et al. 2023", "search/guidance.cpp"},
       asks_for_guidance,
       run_guidance},
  };
  return rows;
}

std::span<const ConstraintRow> constraints() {
  static const ConstraintRow rows[] = {
      {{"choices", "the text is one line of a list", "", "constraints/choices.cpp"}, write_choices},
      {{"regex", "the text matches a regular expression", "Thompson 1968", "constraints/regex.cpp"}, write_regex},
      {{"json-schema", "the text is a JSON value that a schema takes", "JSON Schema 2020-12", "constraints/json_schema.cpp"},
       write_json_schema},
      {{"grammar", "the text matches a grammar in GBNF", "llama.cpp's documentation", "constraints/gbnf.cpp"}, write_gbnf},
  };
  return rows;
}

std::vector<base::Shelf> shelves() {
  base::Shelf steps = {"run/generate", "samplers", {}}, ways = {"run/generate", "search", {}},
              forms = {"run/generate", "constraints", {}};
  for (const SamplerRow& row : samplers()) steps.entries.push_back(row);
  for (const SearchRow& row : searches()) ways.entries.push_back(row);
  for (const ConstraintRow& row : constraints()) forms.entries.push_back(row);
  return {steps, ways, forms};
}

std::vector<std::unique_ptr<ScoreStep>> make_steps(const GenerateOptions& options, const StepContext& context) {
  std::vector<std::unique_ptr<ScoreStep>> steps;
  if (auto known = make_known_tokens(context)) steps.push_back(std::move(known));
  if (options.constraint) steps.push_back(options.constraint->step());
  for (const SamplerRow& row : samplers())
    if (auto step = row.make(options, context)) steps.push_back(std::move(step));
  return steps;
}

}  // namespace athanor::generate
