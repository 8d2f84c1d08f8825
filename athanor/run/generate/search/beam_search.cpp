// Beam search (Graves 2012; Sutskever et al. 2014): keeps the n most probable sequences and extends all of them at once. A sequence
// that ends is set aside with score = sum of ln p / length^length_penalty; the best of those set aside is the answer. Each step
// takes the best max(2, 1 + end tokens) * n continuations, so that n are left when some of them end; only an end among the best n
// counts. It stops when n have ended and (early_stopping true) at once, (false) when the best open sequence would not be better if
// it ended now, or (never) could not become better at any length.
//
// Diverse beam search (Vijayakumar et al. 2018): groups of beams search side by side; a group's ln p of a token falls by
// diversity_penalty for every beam of the groups before it that took the same token at this step.
//
// Penalties of samplers/ apply to ln p. Checked against transformers' generate: beams 5.24, groups 4.49 (the last that has them).

#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "athanor/run/generate/search.h"
#include "athanor/run/generate/search/phrases.h"

namespace athanor::generate {
namespace {

struct Hypothesis {
  std::vector<text::TokenId> ids;
  float score;
};

/// Beams that compete with one another.
struct Group {
  std::vector<Beam> beams;
  std::vector<Hypothesis> ended;  // best first
  bool done = false;
};

class BeamSearch {
 public:
  explicit BeamSearch(const SearchTask& task)
      : task_(task),
        options_(task.options),
        source_(task.model.branches()),
        phrases_(phrase_ids(task)),
        beams_(options_.num_beams / options_.num_beam_groups),
        groups_(static_cast<size_t>(options_.num_beam_groups)) {}

  Hypothesis search() {
    std::span<float> scores = source_->begin(task_.prompt);
    const std::vector<float> first(scores.begin(), scores.end());
    most_ = most_new_tokens(options_, source_->room());
    for (Group& group : groups_) group.beams = {Beam{}};
    for (length_ = 0; length_ < most_ && !base::stop_requested(); ++length_) {
      if (length_ > 0) scores = step();
      taken_.clear();
      for (Group& group : groups_) {
        if (length_ == 0) std::copy(first.begin(), first.end(), scores.begin());  // all groups begin with the same sequence
        if (!group.done) advance(group, scores);
      }
      if (std::all_of(groups_.begin(), groups_.end(), [](const Group& g) { return g.done; })) break;
    }
    return best();
  }

 private:
  /// The scores of every open beam; beams learn the number of their sequence.
  std::span<float> step() {
    std::vector<int64_t> parents;
    std::vector<text::TokenId> ids;
    for (Group& group : groups_) {
      for (Beam& beam : group.beams) {
        if (group.done) continue;
        parents.push_back(beam.sequence);
        ids.push_back(beam.ids.back());
        beam.sequence = static_cast<int64_t>(parents.size()) - 1;
      }
    }
    return source_->step(parents, ids);
  }

  /// ln p of every continuation of a beam, edited, plus the beam's own score.
  void add_up(const Beam& beam, std::span<float> scores) {
    const double log_total = log_sum_exp(scores);
    for (float& s : scores) s = static_cast<float>(s - log_total);
    for (text::TokenId id : taken_)
      if (static_cast<size_t>(id) < scores.size())
        scores[static_cast<size_t>(id)] -= static_cast<float>(options_.diversity_penalty);
    apply_penalties(options_, {&task_.tokenizer, task_.end_ids}, scores, {task_.prompt, beam.ids});
    for (float& s : scores) s += beam.score;
  }

  /// The best continuations of a group, best first; among equals the earlier beam, then the lower id.
  std::vector<Continuation> best_continuations(const Group& group, std::span<float> scores, size_t vocab) {
    const auto worse = [](const Continuation& a, const Continuation& b) {
      return a.score != b.score ? a.score > b.score : a.beam != b.beam ? a.beam < b.beam : a.id < b.id;
    };
    const size_t count = std::max<size_t>(2, 1 + (options_.ignore_eos ? 0 : task_.end_ids.size())) * static_cast<size_t>(beams_);
    std::vector<Continuation> best;  // a heap, the worst on top
    for (size_t b = 0; b < group.beams.size(); ++b) {
      const std::span<float> row = scores.subspan(static_cast<size_t>(group.beams[b].sequence) * vocab, vocab);
      add_up(group.beams[b], row);
      for (size_t v = 0; v < vocab; ++v) {
        const Continuation next = {row[v], b, static_cast<text::TokenId>(v)};
        if (next.score == kNever || (best.size() == count && !worse(next, best.front()))) continue;
        if (best.size() == count) std::pop_heap(best.begin(), best.end(), worse), best.pop_back();
        best.push_back(next);
        std::push_heap(best.begin(), best.end(), worse);
      }
    }
    std::sort_heap(best.begin(), best.end(), worse);
    return best;
  }

  void advance(Group& group, std::span<float> scores) {
    const auto vocab = static_cast<size_t>(source_->vocab_size());
    const std::vector<Continuation> candidates = best_continuations(group, scores, vocab);
    if (candidates.empty())
      base::input_error("generate.scores", {"no token is possible", "every score is -infinity", "", "loosen what forbids tokens"});
    std::vector<Continuation> open;
    for (size_t rank = 0; rank < candidates.size() && open.size() < static_cast<size_t>(beams_); ++rank) {
      if (!task_.ends(candidates[rank].id))
        open.push_back(candidates[rank]);
      else if (rank < static_cast<size_t>(beams_))
        end(group, extended(group, candidates[rank]));
    }
    if (!phrases_.empty()) open = with_phrases(phrases_, group.beams, std::move(open), scores, vocab);
    std::vector<Beam> beams;
    for (const Continuation& c : open) {
      beams.push_back(extended(group, c));
      taken_.push_back(c.id);
    }
    group.beams = std::move(beams);
    if (length_ + 1 == most_) close(group);
    group.done = group.beams.empty() || is_done(group);
  }

  static Beam extended(const Group& group, const Continuation& c) {
    Beam beam = group.beams[c.beam];
    beam.ids.push_back(c.id);
    beam.score = c.score;
    return beam;
  }

  float rated(float score, int64_t length) const {
    return static_cast<float>(score / std::pow(static_cast<double>(length), options_.length_penalty));
  }

  void end(Group& group, Beam beam) {
    std::span<const text::TokenId> before = std::span(beam.ids).first(beam.ids.size() - 1);
    if (!phrases_.empty() && !holds_all(phrases_, before)) return;
    set_aside(group, std::move(beam));
  }

  void set_aside(Group& group, Beam beam) {
    const float score = rated(beam.score, static_cast<int64_t>(beam.ids.size()));
    const auto at = std::find_if(group.ended.begin(), group.ended.end(), [&](const Hypothesis& h) { return h.score < score; });
    group.ended.insert(at, {std::move(beam.ids), score});
    if (group.ended.size() > static_cast<size_t>(beams_)) group.ended.pop_back();
  }

  bool is_done(const Group& group) const {
    if (group.ended.size() < static_cast<size_t>(beams_)) return false;
    if (options_.early_stopping == "true") return true;
    const bool any_length = options_.early_stopping == "never" && options_.length_penalty > 0;
    return rated(group.beams.front().score, any_length ? most_ : length_ + 1) <= group.ended.back().score;
  }

  /// Open sequences count as ended where the length stops them: those that hold all phrases, or all of them where none does.
  void close(Group& group) {
    const bool any_holds =
        std::any_of(group.beams.begin(), group.beams.end(), [&](const Beam& b) { return holds_all(phrases_, b.ids); });
    for (Beam& beam : group.beams)
      if (!beam.ids.empty() && (!any_holds || holds_all(phrases_, beam.ids))) set_aside(group, std::move(beam));
    group.beams.clear();
  }

  Hypothesis best() {
    Hypothesis best = {{}, kNever};
    for (Group& group : groups_) {
      if (!group.done) close(group);  // interrupted
      if (!group.ended.empty() && group.ended.front().score > best.score) best = group.ended.front();
    }
    return best;
  }

  const SearchTask& task_;
  const GenerateOptions& options_;
  std::unique_ptr<BranchingSource> source_;
  std::vector<std::vector<text::TokenId>> phrases_;
  int64_t beams_, most_ = 0, length_ = 0;
  std::vector<Group> groups_;
  std::vector<text::TokenId> taken_;  // at this step, by the groups so far
};

void check_beams(const GenerateOptions& o) {
  if (o.num_beams < 1 || o.num_beams > 1024)
    base::input_error("generate.num_beams", {"out of range", base::cat(o.num_beams), "1 to 1024"});
  if (o.num_beam_groups < 1 || o.num_beams % o.num_beam_groups != 0)
    base::input_error("generate.num_beam_groups",
                      {"beams must divide into groups of one size",
                       base::cat(o.num_beam_groups, " groups of ", o.num_beams, " beams"), "a divisor of num_beams"});
  if (!(o.diversity_penalty >= 0))
    base::input_error("generate.diversity_penalty", {"out of range", base::cat(o.diversity_penalty), "0 or more"});
  if (!(std::abs(o.length_penalty) <= 100))
    base::input_error("generate.length_penalty", {"out of range", base::cat(o.length_penalty), "-100 to 100"});
  if (o.early_stopping != "true" && o.early_stopping != "false" && o.early_stopping != "never")
    base::input_error("generate.early_stopping", {"unknown value", o.early_stopping, "true, false or never"});
  if (o.num_beams == 1 && (o.length_penalty != 1 || o.early_stopping != "false" || !o.force_words.empty()))
    base::input_error("generate.num_beams",
                      {"length_penalty, early_stopping and force_words need beams", "num_beams 1", "2 or more"});
  if (o.num_beam_groups == 1 && o.diversity_penalty != 0)
    base::input_error("generate.diversity_penalty", {"needs groups of beams", "num_beam_groups 1", "2 or more"});
  if (o.num_beam_groups > 1 && !o.force_words.empty())
    base::input_error("generate.force_words",
                      {"goes with one group of beams only", base::cat("num_beam_groups ", o.num_beam_groups), "1"});
}

}  // namespace

bool asks_for_beams(const GenerateOptions& options) {
  check_beams(options);
  return options.num_beams > 1 && options.num_beam_groups == 1 && options.force_words.empty();
}

bool asks_for_diverse_beams(const GenerateOptions& options) { return options.num_beam_groups > 1; }

bool asks_for_constrained_beams(const GenerateOptions& options) { return !options.force_words.empty(); }

GenerateResult run_beam_search(const SearchTask& task) {
  refuse_draws(task.options, "beam-search");
  const Hypothesis best = BeamSearch(task).search();
  GenerateResult result = written(task, best.ids);
  result.score = best.score;
  return result;
}

}  // namespace athanor::generate
