// What makes a model repeat itself, and what helps (Holtzman et al. 2020, arXiv:1904.09751). A model of plays continues beginnings
// that it has never seen, once for each remedy; of what it writes, in tokens:
//   rep-4 = 1 - different 4-grams / 4-grams     distinct-2 = different pairs / pairs     (Li et al. 2016, arXiv:1510.03055)
// and how surprised the model itself is by it, in nats per token: a remedy that buys variety with nonsense shows there. Remedies of
// training need a model each: a passage that makes up a fifth of the text, the same text deduplicated, noise on the embeddings
// (NEFTune). The held-out text itself, cut to the same lengths, is the mark to reach.

#include <algorithm>
#include <map>
#include <set>

#include "app/cli/engine_scorer.h"
#include "app/cli/model.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/threads.h"
#include "athanor/run/engine/decoding.h"
#include "athanor/run/generate/generate.h"
#include "lab/experiment.h"
#include "lab/lab.h"

namespace athanor::lab {
namespace {

namespace fs = std::filesystem;
using base::cat;
using Ids = std::vector<text::TokenId>;

constexpr size_t kPrompts = 8;
constexpr int64_t kNewTokens = 120, kSteps = 150;
constexpr size_t kPiece = 24;  // bytes of the repeated passage by which it is recognised

enum class Data { kPlain, kDirty, kDeduplicated, kNoise };
constexpr Data kModels[] = {Data::kPlain, Data::kDirty, Data::kDeduplicated, Data::kNoise};

struct Remedy {
  const char* name;
  Data data;
  void (*set)(generate::GenerateOptions& options);
};

void greedy(generate::GenerateOptions&) {}
void sample(generate::GenerateOptions& o) { o.temperature = 1; }

const Remedy kRemedies[] = {
    {"greedy", Data::kPlain, greedy},
    {"temperature 0.5", Data::kPlain, [](generate::GenerateOptions& o) { o.temperature = 0.5; }},
    {"temperature 1", Data::kPlain, sample},
    {"temperature 1, top-p 0.9", Data::kPlain, [](generate::GenerateOptions& o) { o.temperature = 1, o.top_p = 0.9; }},
    {"Gumbel noise 0.5", Data::kPlain, [](generate::GenerateOptions& o) { o.gumbel_noise = 0.5; }},
    {"repetition penalty 1.2", Data::kPlain, [](generate::GenerateOptions& o) { o.repetition_penalty = 1.2; }},
    {"frequency penalty 0.5", Data::kPlain, [](generate::GenerateOptions& o) { o.frequency_penalty = 0.5; }},
    {"no repeated 4-gram", Data::kPlain, [](generate::GenerateOptions& o) { o.no_repeat_ngram_size = 4; }},
    {"DRY 0.8", Data::kPlain, [](generate::GenerateOptions& o) { o.dry_multiplier = 0.8; }},
    {"contrastive search", Data::kPlain, [](generate::GenerateOptions& o) { o.penalty_alpha = 0.6, o.top_k = 4; }},
    {"4 beams", Data::kPlain, [](generate::GenerateOptions& o) { o.num_beams = 4; }},
    {"8 beams", Data::kPlain, [](generate::GenerateOptions& o) { o.num_beams = 8; }},
    {"repeated sentences dropped", Data::kPlain, [](generate::GenerateOptions& o) { o.drop_repeated_sentences = 1; }},
    {"embedding noise, greedy", Data::kNoise, greedy},
    {"repeated passage, greedy", Data::kDirty, greedy},
    {"the same deduplicated, greedy", Data::kDeduplicated, greedy},
    {"repeated passage, temperature 1", Data::kDirty, sample},
    {"the same deduplicated, temperature 1", Data::kDeduplicated, sample},
};

double repeated(const Ids& ids, size_t n) {
  if (ids.size() < n) return 0;
  std::set<Ids> seen;
  for (size_t i = 0; i + n <= ids.size(); ++i)
    seen.emplace(ids.begin() + static_cast<ptrdiff_t>(i), ids.begin() + static_cast<ptrdiff_t>(i + n));
  return 1 - static_cast<double>(seen.size()) / static_cast<double>(ids.size() - n + 1);
}

std::vector<std::string> speeches_of(const std::string& text) {
  std::vector<std::string> speeches;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find("\n\n", begin), text.size());
    if (end > begin) speeches.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return speeches;
}

/// The training text with one of its passages again and again, so that the copies are a fifth of it.
struct Dirty {
  std::string text, passage;
};
Dirty make_dirty(const std::string& clean) {
  const std::vector<std::string> speeches = speeches_of(clean);
  Dirty dirty;
  for (const std::string& speech : speeches)
    if (dirty.passage.empty() || (dirty.passage.size() < 200 && speech.size() < 400)) dirty.passage = speech;
  size_t written = 0, copied = 0;
  for (const std::string& speech : speeches) {
    dirty.text += speech + "\n\n", written += speech.size() + 2;
    for (; copied * 4 < written; copied += dirty.passage.size() + 2) dirty.text += dirty.passage + "\n\n";
  }
  return dirty;
}

struct Scores {
  std::vector<double> rep4, distinct2, surprise, left, passage;  // of each seed; passage: texts that hold a piece of it, in %
};

/// Means over the texts of one seed.
class Tally {
 public:
  void add(const Ids& ids, double surprise, bool passage) {
    rep4_ += repeated(ids, 4), distinct2_ += 1 - repeated(ids, 2), surprise_ += surprise, left_ += static_cast<double>(ids.size());
    passage_ += passage ? 100 : 0, ++count_;
  }
  void end(Scores& scores) const {
    const double n = std::max(1.0, count_);
    scores.rep4.push_back(rep4_ / n), scores.distinct2.push_back(distinct2_ / n), scores.surprise.push_back(surprise_ / n);
    scores.left.push_back(left_ / n), scores.passage.push_back(passage_ / n);
  }

 private:
  double rep4_ = 0, distinct2_ = 0, surprise_ = 0, left_ = 0, passage_ = 0, count_ = 0;
};

/// Nats per token of `ids` after `prompt`, by the model itself.
double surprise_of(app::EngineScorer& scorer, const Ids& prompt, const Ids& ids) {
  if (ids.empty()) return 0;
  Ids all = prompt;
  all.insert(all.end(), ids.begin(), ids.end());
  double nats = 0;
  for (double logprob : scorer.logprobs(all, static_cast<int64_t>(prompt.size()))) nats -= logprob;
  return nats / static_cast<double>(ids.size());
}

class Experimenter {
 public:
  explicit Experimenter(Lab& lab) : lab_(lab), dirty_(make_dirty(base::read_text_file(lab.domain().train))) {
    base::write_file(lab.options().out / "text/dirty.txt", dirty_.text);
    const size_t wanted = lab.quick() ? 2 : kPrompts;
    for (const std::string& speech : speeches_of(base::read_text_file(lab.domain().held_out)))
      if (speech.size() >= 80 && speeches_.size() < wanted) speeches_.push_back(speech);
    for (const std::string& speech : speeches_) prompts_.push_back(speech.substr(0, speech.rfind(' ', 48)));
  }

  Answer run() {
    const auto models = static_cast<int64_t>(std::size(kModels)), ways = static_cast<int64_t>(std::size(kRemedies));
    lab_.plan(lab_.seeds() * (models * lab_.steps(kSteps) + ways * kWorth));
    for (int64_t seed = 0; seed < lab_.seeds(); ++seed) {
      std::map<Data, app::RunningModel> running;
      for (Data data : kModels) running.emplace(data, app::open_model({.model = train(data, seed).string(), .context = 0}, ""));
      base::set_region_executor(nullptr);  // from here on the engine works, on our own pool
      for (const Remedy& remedy : kRemedies) {
        write(remedy, running.at(remedy.data), seed);
        lab_.advance(kWorth, remedy.name);
      }
      measure_text(running.at(Data::kPlain));
    }
    return answer();
  }

 private:
  static constexpr int64_t kWorth = 10;  // steps that the texts of one remedy are counted as

  fs::path train(Data data, int64_t seed) {
    train::TrainRecipe recipe = lab_.pretraining(lab_.domain(), lab_.steps(kSteps), seed);
    recipe.data.separator = "blank-lines", recipe.data.cross_documents = true;
    recipe.data.clean.drop_duplicates = data == Data::kDeduplicated;
    if (data == Data::kDirty || data == Data::kDeduplicated) recipe.data.train = {(lab_.options().out / "text/dirty.txt").string()};
    lab_.train(recipe, [&](train::StartedModel& model) {
      if (data == Data::kNoise) model.decoder->set_embedding_noise(5);
    });
    return recipe.out;
  }

  void write(const Remedy& remedy, const app::RunningModel& model, int64_t seed) {
    const auto tokenizer = model.tokenizer();
    const engine::Decoding decoding(model.engine);
    app::EngineScorer scorer(model.engine);
    Tally tally;
    for (size_t i = 0; i < prompts_.size(); ++i) {
      const Ids prompt = tokenizer->encode(prompts_[i]);
      generate::GenerateOptions options;
      options.max_new_tokens = lab_.quick() ? 24 : kNewTokens;
      options.temperature = 0, options.ignore_eos = true, options.seed = 1000 * seed + static_cast<int64_t>(i);
      remedy.set(options);
      const auto result = generate::generate(decoding, *tokenizer, prompt, {}, options);
      const Ids ids = options.drop_repeated_sentences > 0 ? tokenizer->encode(result.text) : result.ids;
      tally.add(ids, surprise_of(scorer, prompt, ids), holds_passage(result.text));
    }
    tally.end(scores_[remedy.name]);
  }

  bool holds_passage(const std::string& text) const {
    for (size_t at = 0; at + kPiece <= dirty_.passage.size(); ++at)
      if (text.find(dirty_.passage.substr(at, kPiece)) != std::string::npos) return true;
    return false;
  }

  /// The held-out text, from the same places on.
  void measure_text(const app::RunningModel& model) {
    const auto tokenizer = model.tokenizer();
    app::EngineScorer scorer(model.engine);
    const std::string text = base::read_text_file(lab_.domain().held_out);
    Tally tally;
    for (const std::string& prompt : prompts_) {
      const Ids before = tokenizer->encode(prompt);
      Ids ids = tokenizer->encode(text.substr(text.find(prompt) + prompt.size(), 2000));
      ids.resize(std::min<size_t>(ids.size(), lab_.quick() ? 24 : kNewTokens));
      tally.add(ids, surprise_of(scorer, before, ids), false);
    }
    tally.end(scores_["the held-out text itself"]);
  }

  Claim lower(const std::string& sentence, const char* from, const char* to) const {
    const Estimate d = difference(scores_.at(from).rep4, scores_.at(to).rep4);
    return {sentence, judge_above(d, 0),
            cat("rep-4 ", base::fixed(estimate(scores_.at(from).rep4).mean, 3), " -> ",
                base::fixed(estimate(scores_.at(to).rep4).mean, 3), ", a fall of ", estimate_text(d, 3), ".")};
  }

  std::vector<Claim> claims() const {
    std::vector<Claim> out = {
        lower("A higher temperature makes the model repeat less.", "greedy", "temperature 1"),
        lower("Noise on the scores makes it repeat less.", "greedy", "Gumbel noise 0.5"),
        lower("A penalty on what was said makes it repeat less.", "greedy", "repetition penalty 1.2"),
        lower("A filter behind the model makes it repeat less.", "greedy", "repeated sentences dropped"),
        lower("More beams make it repeat less.", "greedy", "8 beams"),
        lower("Noise on the embeddings while it learns makes it repeat less.", "greedy", "embedding noise, greedy"),
        lower("A passage that is a fifth of the data makes it repeat more.", "repeated passage, temperature 1", "temperature 1"),
        lower("Deduplication of that data makes it repeat less.", "repeated passage, temperature 1",
              "the same deduplicated, temperature 1"),
    };
    const auto says = [&](const char* name) { return base::fixed(estimate(scores_.at(name).passage).mean, 0); };
    out[6].numbers += cat(" ", says("repeated passage, temperature 1"), " % of its texts hold a piece of the passage.");
    out[7].numbers += cat(" ", says("the same deduplicated, temperature 1"), " % hold a piece of it then.");
    return out;
  }

  Answer answer() const {
    Answer answer;
    answer.claims = claims();
    answer.table = {"remedy",
                    {{"rep-4", 3}, {"distinct-2", 3}, {"surprise, nats per token", 2}, {"tokens", 0}, {"holds the passage, %", 0}},
                    {}};
    answer.plot = {
        "How much a model of 0.27 M parameters repeats itself", "part of the 4-grams (rep-4), of the pairs (distinct-2)", "", {}};
    answer.plot.series = {{"rep-4: less is better", {}}, {"distinct-2", {}}};
    std::vector<std::string> names = {"the held-out text itself"};
    for (const Remedy& remedy : kRemedies) names.emplace_back(remedy.name);
    for (const std::string& name : names) {
      const Scores& s = scores_.at(name);
      const auto row = static_cast<double>(answer.plot.rows.size());
      answer.table.rows.push_back({name, {s.rep4, s.distinct2, s.surprise, s.left, s.passage}});
      answer.plot.rows.push_back(name);
      answer.plot.series[0].marks.push_back({estimate(s.rep4).mean, row, estimate(s.rep4).sd, 0});
      answer.plot.series[1].marks.push_back({estimate(s.distinct2).mean, row, estimate(s.distinct2).sd, 0});
    }
    answer.setting = {{"model", kModelText},
                      {"trained", cat(lab_.steps(kSteps), " steps of 8 x 128 tokens on ", lab_.domain().name,
                                      ", one model for each kind of data and seed")},
                      {"written", cat(prompts_.size(), " beginnings from the held-out part, ", kNewTokens, " tokens each")},
                      {"repeated passage", cat(dirty_.passage.size(), " bytes, again after every ", 4 * dirty_.passage.size(),
                                               " or so: a fifth of the text")},
                      {"seeds", cat(lab_.seeds())}};
    return answer;
  }

  Lab& lab_;
  Dirty dirty_;
  std::vector<std::string> speeches_, prompts_;
  std::map<std::string, Scores> scores_;
};

}  // namespace

Answer run_repetition(Lab& lab) { return Experimenter(lab).run(); }

}  // namespace athanor::lab
