// What keeps general ability while a model learns a domain. A model is pretrained on general text, then tuned on a little text of a
// domain for several epochs, once for each remedy; held-out text of both says what was gained and what was lost. EWC is Kirkpatrick
// et al. 2017 (arXiv:1612.00796):
//   L + strength / 2 * sum_i F_i (w_i - w*_i)^2,    F the diagonal of the Fisher information on general text
// the same with every F_i = 1 is L2 towards the start (Li et al. 2018, arXiv:1802.01483); replay mixes general text among the
// domain's, in tokens. Everything but the named change stays as it is, and the same seed begins from the same model.

#include <algorithm>
#include <numbers>

#include "athanor/core/base/cat.h"
#include "lab/experiment.h"
#include "lab/lab.h"

namespace athanor::lab {
namespace {

namespace fs = std::filesystem;
using base::cat;
using train::TrainRecipe;

constexpr int64_t kPretrained = 100, kTuned = 40;  // steps
constexpr size_t kLittle = 20'000;                 // bytes of the domain that is learned
constexpr size_t kMeasured = 10'000;               // bytes held out of each
constexpr double kLeastKept = 0.01;                // nats per byte: less is no remedy, however sure

struct Remedy {
  const char* name;
  const char* claim;  // "" where the handbook says nothing of it
  void (*set)(TrainRecipe& recipe, const Lab& lab);
};

void replay(TrainRecipe& recipe, const Lab& lab, int64_t general) {
  recipe.data.mix = base::parse_yaml(cat("[{files: [\"", recipe.data.train.at(0), "\"], weight: 1}, {files: [\"",
                                         lab.general().train.string(), "\"], weight: ", general, "}]"),
                                     "lab");
  recipe.data.train.clear();
}

void hold(TrainRecipe& recipe, const Lab& lab, const char* method, double strength) {
  recipe.regularizer.method = method, recipe.regularizer.strength = strength;
  if (std::string_view(method) == "ewc") recipe.regularizer.data = {lab.general().train.string()};
  recipe.regularizer.rows = lab.quick() ? 2 : 64;
}

const Remedy kRemedies[] = {
    {"nothing", "", [](TrainRecipe&, const Lab&) {}},
    {"a tenth of the rate", "A smaller learning rate forgets less", [](TrainRecipe& r, const Lab&) { r.train.lr /= 10; }},
    {"weight decay 0.1", "Weight decay forgets less", [](TrainRecipe& r, const Lab&) { r.train.weight_decay = 0.1; }},
    {"early stopping", "Early stopping forgets less",
     [](TrainRecipe& r, const Lab&) { r.train.eval_every = 5, r.train.patience = 2, r.train.keep_best = true; }},
    {"L2 to the start, strength 0.1", "A pull towards the start forgets less (strength 0.1)",
     [](TrainRecipe& r, const Lab& lab) { hold(r, lab, "l2-start", 0.1); }},
    {"L2 to the start, strength 1", "A pull towards the start forgets less (strength 1)",
     [](TrainRecipe& r, const Lab& lab) { hold(r, lab, "l2-start", 1); }},
    {"EWC, strength 100", "EWC forgets less (strength 100)", [](TrainRecipe& r, const Lab& lab) { hold(r, lab, "ewc", 100); }},
    {"EWC, strength 1000", "EWC forgets less (strength 1000)", [](TrainRecipe& r, const Lab& lab) { hold(r, lab, "ewc", 1000); }},
    {"LoRA, r 8", "", [](TrainRecipe& r, const Lab&) { r.adapter.method = "lora", r.adapter.r = 8, r.adapter.alpha = 16; }},
    {"replay 1:5", "General data mixed in at 1:5 forgets less", [](TrainRecipe& r, const Lab& lab) { replay(r, lab, 5); }},
    {"replay 1:10", "General data mixed in at 1:10 forgets less", [](TrainRecipe& r, const Lab& lab) { replay(r, lab, 10); }},
    {"replay 1:5, six times the steps", "", [](TrainRecipe& r, const Lab& lab) { replay(r, lab, 5), r.train.steps *= 6; }},
};
constexpr size_t kNothing = 0, kFive = 9, kTen = 10, kFiveLong = 11;

/// Nats per byte on held-out text, of each seed.
struct Scores {
  std::vector<double> domain, general;
};

/// Of the weights that are saved: the best evaluation where those are kept.
double domain_loss(const TrainRecipe& recipe, const train::TrainResult& result) {
  double best = result.held_out->nats_per_byte();
  if (!recipe.train.keep_best) return best;
  for (const train::LogEntry& entry : result.log)
    if (entry.held_out) best = std::min(best, entry.held_out->bits_per_byte * std::numbers::ln2);
  return best;
}

Scores pretrain(Lab& lab, std::vector<fs::path>& bases) {
  Scores scores;
  const Corpus general = lab.measured_on(lab.general(), kMeasured), domain = lab.measured_on(lab.domain(), kMeasured);
  for (int64_t seed = 0; seed < lab.seeds(); ++seed) {
    TrainRecipe recipe = lab.pretraining(lab.general(), lab.steps(kPretrained), seed);
    recipe.data.eval = {domain.held_out.string()}, recipe.data.watch = {general.held_out.string()};
    const train::TrainResult result = lab.train(recipe);
    scores.domain.push_back(domain_loss(recipe, result));
    scores.general.push_back(watched_per_byte(result, general).after);
    bases.emplace_back(recipe.out);
  }
  return scores;
}

Scores tune(Lab& lab, const Remedy& remedy, const std::vector<fs::path>& bases, const fs::path& little) {
  Scores scores;
  const Corpus general = lab.measured_on(lab.general(), kMeasured), domain = lab.measured_on(lab.domain(), kMeasured);
  for (int64_t seed = 0; seed < lab.seeds(); ++seed) {
    TrainRecipe recipe = lab.tuning(bases[static_cast<size_t>(seed)], little, lab.steps(kTuned), seed);
    recipe.train.lr = 2e-3;
    recipe.data.eval = {domain.held_out.string()}, recipe.data.watch = {general.held_out.string()};
    remedy.set(recipe, lab);
    const train::TrainResult result = lab.train(recipe);
    scores.domain.push_back(domain_loss(recipe, result));
    scores.general.push_back(watched_per_byte(result, general).after);
    fs::remove_all(recipe.out);
  }
  return scores;
}

std::vector<Claim> judge(const Scores& base, const std::vector<Scores>& all) {
  const Scores& plain = all[kNothing];
  const Estimate lost = difference(plain.general, base.general), won = difference(base.domain, plain.domain);
  std::vector<Claim> claims = {
      {"Tuning on a domain loses general ability.", judge_above(lost, 0),
       cat("General text costs ", estimate_text(lost, 3), " nats per byte more; the domain ", estimate_text(won, 3), " less.")}};
  for (size_t i = 0; i < std::size(kRemedies); ++i) {
    if (*kRemedies[i].claim == '\0') continue;
    const Estimate kept = difference(plain.general, all[i].general);
    claims.push_back({cat(kRemedies[i].claim, ", by at least ", kLeastKept, " nats per byte."), judge_above(kept, kLeastKept),
                      cat("It keeps ", estimate_text(kept, 3), " of these ", base::fixed(lost.mean, 3), "; the domain's loss is ",
                          estimate_text(difference(all[i].domain, plain.domain), 3), " above plain tuning's.")});
  }
  const Estimate more = difference(all[kFive].general, all[kTen].general);
  claims.push_back({"1:10 keeps more than 1:5 in the same steps.", judge_above(more, 0), cat("By ", estimate_text(more, 3), ".")});
  claims.push_back(
      {"With as much of the domain read (six times the steps), replay at 1:5 costs the domain nothing (0.02).",
       judge_above(difference(plain.domain, all[kFiveLong].domain), -0.02),
       cat("The domain's loss is ", estimate_text(difference(all[kFiveLong].domain, plain.domain), 3), " above plain tuning's.")});
  return claims;
}

void show(Answer& answer, const std::string& name, const Scores& scores) {
  answer.table.rows.push_back({name, {scores.domain, scores.general}});
  const Estimate domain = estimate(scores.domain), general = estimate(scores.general);
  answer.plot.series[0].marks.push_back({domain.mean, general.mean, domain.sd, general.sd, name});
}

int64_t planned(Lab& lab) {
  int64_t steps = lab.steps(kPretrained);
  for (const Remedy& remedy : kRemedies) {
    TrainRecipe recipe;
    recipe.data.train = {""}, recipe.train.steps = lab.steps(kTuned);
    remedy.set(recipe, lab);
    steps += recipe.train.steps;
  }
  return lab.seeds() * steps;
}

}  // namespace

Answer run_forgetting(Lab& lab) {
  lab.plan(planned(lab));
  const fs::path little = lab.beginning(lab.domain().train, kLittle);
  std::vector<fs::path> bases;
  const Scores base = pretrain(lab, bases);
  Answer answer;
  answer.table = {"remedy", {{"domain, nats per byte", 3}, {"general, nats per byte", 3}}, {}};
  answer.plot = {"What a model of 0.27 M parameters learns and forgets", "domain: nats per byte of held-out text",
                 "general: nats per byte of held-out text"};
  answer.plot.series = {{"remedies", {}}};
  show(answer, "before tuning", base);
  std::vector<Scores> all;
  for (const Remedy& remedy : kRemedies) {
    all.push_back(tune(lab, remedy, bases, little));
    show(answer, remedy.name, all.back());
  }
  answer.claims = judge(base, all);
  answer.setting = {{"model", kModelText},
                    {"general text", cat(lab.general().name, ", ", lab.steps(kPretrained), " steps of 8 x 128 tokens")},
                    {"domain", cat("the first ", kLittle / 1000, " kB of ", lab.domain().name, ", ", lab.steps(kTuned),
                                   " steps of 4 x 128 tokens, AdamW, lr 2e-3, no weight decay")},
                    {"held out", cat(kMeasured / 1000, " kB of each")},
                    {"seeds", cat(lab.seeds())}};
  return answer;
}

}  // namespace athanor::lab
