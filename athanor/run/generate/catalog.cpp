#include "athanor/run/generate/constraint.h"
#include "athanor/run/generate/constraints/shelf.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {

std::unique_ptr<ScoreStep> make_repetition_penalty(const GenerateOptions&);
std::unique_ptr<ScoreStep> make_presence_frequency(const GenerateOptions&);
std::unique_ptr<ScoreStep> make_temperature(const GenerateOptions&);
std::unique_ptr<ScoreStep> make_top_k(const GenerateOptions&);
std::unique_ptr<ScoreStep> make_top_p(const GenerateOptions&);
std::unique_ptr<ScoreStep> make_min_p(const GenerateOptions&);

std::span<const SamplerRow> samplers() {
  static const SamplerRow rows[] = {
      {{"repetition-penalty", "makes every token of the sequence so far less likely by a factor on its score", "Keskar et al. 2019",
        "samplers/repetition_penalty.cpp"},
       make_repetition_penalty},
      {{"presence-frequency", "subtracts from the scores of generated tokens, once and per occurrence", "OpenAI's API reference",
        "samplers/presence_frequency.cpp"},
       make_presence_frequency},
      {{"temperature", "sharpens (below 1) or flattens (above 1) the distribution; 0 takes the best token", "Ackley et al. 1985",
        "samplers/temperature.cpp"},
       make_temperature},
      {{"top-k", "keeps the k best tokens", "Fan et al. 2018", "samplers/top_k.cpp"}, make_top_k},
      {{"top-p", "keeps the fewest best tokens whose probabilities reach p", "Holtzman et al. 2020", "samplers/top_p.cpp"},
       make_top_p},
      {{"min-p", "keeps the tokens at least p times as likely as the best", "Nguyen et al. 2024", "samplers/min_p.cpp"},
       make_min_p},
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
  base::Shelf shelf = {"run/generate", "samplers", {}}, forms = {"run/generate", "constraints", {}};
  for (const SamplerRow& row : samplers()) shelf.entries.push_back(row);
  for (const ConstraintRow& row : constraints()) forms.entries.push_back(row);
  return {shelf, forms};
}

std::vector<std::unique_ptr<ScoreStep>> make_steps(const GenerateOptions& options) {
  std::vector<std::unique_ptr<ScoreStep>> steps;
  if (options.constraint) steps.push_back(options.constraint->step());
  for (const SamplerRow& row : samplers())
    if (auto step = row.make(options)) steps.push_back(std::move(step));
  return steps;
}

}  // namespace athanor::generate
