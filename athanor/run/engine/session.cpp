#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/engine/executor.h"

namespace athanor::engine {

int64_t room_in(const LoadedModel& model, const SequenceCache& cache) {
  return model.context - std::max(cache.length(), model.virtual_tokens.count);
}

void check_ids(const LoadedModel& model, std::span<const text::TokenId> ids, int64_t room) {
  if (ids.empty()) base::input_error("engine.session", {"no token given", "", "at least one"});
  if (static_cast<int64_t>(ids.size()) > room)
    base::input_error("engine.session", {"the context is full", base::cat(ids.size(), " tokens more after ", model.context - room),
                                         base::cat("at most ", model.context, " in all"), "a larger context or a shorter prompt"});
  const int64_t vocab = model.spec().vocab;
  for (text::TokenId id : ids)
    if (id < 0 || id >= vocab)
      base::input_error("engine.session", {"a token id outside the vocabulary", base::cat(id), base::cat("0 to ", vocab - 1),
                                           "the tokenizer of this model"});
}

struct Session::State {
  explicit State(const std::shared_ptr<const LoadedModel>& model) : executor(model), cache(*model) {}

  int64_t before() const { return executor.model().virtual_tokens.count; }
  int64_t room() const { return room_in(executor.model(), cache); }
  void check(std::span<const text::TokenId> ids) const { check_ids(executor.model(), ids, room()); }

  /// Appends ids chunk by chunk; `each` sees the normalized states of every chunk.
  template <typename Each>
  void append(std::span<const text::TokenId> ids, std::vector<std::vector<float>>* hidden, const Each& each) {
    check(ids);
    run_in_chunks(executor, cache, ids, hidden, each, stops);
  }

  Executor executor;
  SequenceCache cache;
  std::vector<float> scores;
  bool stops = false;  // where the user wants to
};

Session::Session(std::shared_ptr<const Model> model)
    : state_(std::make_unique<State>(std::static_pointer_cast<const LoadedModel>(std::move(model)))) {}
Session::~Session() = default;

int64_t Session::vocab_size() const { return state_->executor.model().spec().vocab; }
int64_t Session::length() const { return std::max<int64_t>(state_->cache.length() - state_->before(), 0); }
int64_t Session::room() const { return state_->room(); }
void Session::stop_between_chunks() { state_->stops = true; }

std::span<float> Session::append(std::span<const text::TokenId> ids) {
  const float* last = nullptr;
  state_->append(ids, nullptr, [&](const float* states, int64_t tokens) {
    last = states + (tokens - 1) * state_->executor.model().spec().hidden;
  });
  state_->scores.resize(static_cast<size_t>(vocab_size()));
  state_->executor.score(last, 1, state_->scores.data());
  return state_->scores;
}

std::span<float> Session::append(std::span<const text::TokenId> ids, std::vector<float>& states) {
  const int64_t hidden = state_->executor.model().spec().hidden;
  states.clear();
  state_->append(ids, nullptr,
                 [&](const float* chunk, int64_t tokens) { states.insert(states.end(), chunk, chunk + tokens * hidden); });
  state_->scores.resize(static_cast<size_t>(vocab_size()));
  state_->executor.score(states.data() + states.size() - hidden, 1, state_->scores.data());
  return state_->scores;
}

std::span<float> Session::append(std::span<const text::TokenId> ids, std::span<const int64_t> layers, bool norm) {
  state_->check(ids);
  const auto& spec = state_->executor.model().spec();
  for (int64_t layer : layers)
    if (layer < 0 || layer > spec.layers)
      base::input_error("engine.session", {"no such layer", base::cat(layer), base::cat("0 to ", spec.layers)});
  if (ids.size() > 1) state_->append(ids.first(ids.size() - 1), nullptr, [](const float*, int64_t) {});
  std::vector<std::vector<float>> hidden(static_cast<size_t>(spec.layers) + 1);  // of the last token
  state_->append(ids.last(1), &hidden, [](const float*, int64_t) {});
  state_->scores.resize((layers.size() + 1) * static_cast<size_t>(spec.vocab));
  for (size_t row = 0; row <= layers.size(); ++row) {
    const int64_t layer = row < layers.size() ? layers[row] : spec.layers;
    const float* states = hidden[static_cast<size_t>(layer)].data();
    if (norm && layer < spec.layers) states = state_->executor.final_norm(states);
    state_->executor.score(states, 1, state_->scores.data() + static_cast<int64_t>(row) * spec.vocab);
  }
  return state_->scores;
}

std::vector<float> Session::append_all(std::span<const text::TokenId> ids, std::vector<std::vector<float>>* hidden) {
  state_->check(ids);  // before so much memory is taken
  if (hidden) hidden->assign(static_cast<size_t>(state_->executor.model().spec().layers) + 1, {});
  std::vector<float> scores(ids.size() * static_cast<size_t>(vocab_size()));
  float* next = scores.data();
  state_->append(ids, hidden, [&](const float* states, int64_t tokens) {
    state_->executor.score(states, tokens, next);
    next += tokens * vocab_size();
  });
  return scores;
}

std::vector<float> Session::label_scores(std::span<const text::TokenId> ids) {
  const auto& spec = state_->executor.model().spec();
  std::vector<float> scores(static_cast<size_t>(std::max<int64_t>(spec.labels, 1)));
  truncate(0);
  const float* last = nullptr;
  state_->append(ids, nullptr, [&](const float* states, int64_t tokens) { last = states + (tokens - 1) * spec.hidden; });
  state_->executor.score_labels(last, scores.data());
  return scores;
}

int64_t Session::truncate(int64_t length) {
  if (length < 0 || length > this->length())
    base::input_error("engine.session", {"cannot forget to that length", base::cat(length), base::cat("0 to ", this->length())});
  return std::max<int64_t>(state_->cache.truncate(length == 0 ? 0 : state_->before() + length) - state_->before(), 0);
}

}  // namespace athanor::engine
