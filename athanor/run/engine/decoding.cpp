#include "athanor/run/engine/decoding.h"

#include <algorithm>

#include "athanor/run/engine/executor.h"

namespace athanor::engine {
namespace {

class Branches final : public generate::BranchingSource {
 public:
  explicit Branches(std::shared_ptr<const LoadedModel> model) : model_(std::move(model)), executor_(model_) {}

  std::span<float> begin(std::span<const text::TokenId> prompt) override {
    check_ids(*model_, prompt, model_->context - model_->virtual_tokens.count);
    if (slots_.empty()) slots_.push_back(std::make_unique<Slot>(*model_));
    Slot& slot = *slots_[0];
    slot.cache.truncate(0);
    slot.ids.assign(prompt.begin(), prompt.end());
    at_ = {0};
    states_.clear();
    const auto keep = [this](const float* states, int64_t tokens) {
      states_.insert(states_.end(), states, states + tokens * model_->spec().hidden);
    };
    run_in_chunks(executor_, slot.cache, prompt, nullptr, keep, true);
    scores_.resize(static_cast<size_t>(vocab_size()));
    executor_.score(states_.data() + states_.size() - model_->spec().hidden, 1, scores_.data());
    return scores_;
  }

  std::span<float> step(std::span<const int64_t> parents, std::span<const text::TokenId> ids) override {
    check_ids(*model_, ids, room() > 0 ? INT64_MAX : 0);
    at_ = place(parents);
    scores_.resize(parents.size() * static_cast<size_t>(vocab_size()));
    states_.clear();
    for (size_t begin = 0; begin < ids.size(); begin += kChunk)
      run(begin, ids.subspan(begin, std::min(kChunk, ids.size() - begin)));
    return scores_;
  }

  std::span<const float> states() const override { return states_; }
  int64_t vocab_size() const override { return model_->spec().vocab; }
  int64_t room() const override { return room_in(*model_, slots_[at_[0]]->cache); }

 private:
  struct Slot {
    explicit Slot(const LoadedModel& model) : cache(model) {}
    SequenceCache cache;
    std::vector<text::TokenId> ids;  // what the cache has seen
  };

  /// One token more for each of the sequences from `begin` on, all in one pass over the weights.
  void run(size_t begin, std::span<const text::TokenId> ids) {
    std::vector<SequenceRows> rows;
    for (size_t i = 0; i < ids.size(); ++i) {
      Slot& slot = *slots_[at_[begin + i]];
      slot.ids.push_back(ids[i]);
      rows.push_back({&slot.cache, 1});
    }
    const auto count = static_cast<int64_t>(ids.size());
    const float* states = executor_.run(ids, rows, rows[0].cache->length() + 1, nullptr);
    states_.insert(states_.end(), states, states + count * model_->spec().hidden);
    executor_.score(states, count, scores_.data() + static_cast<int64_t>(begin) * vocab_size());
  }

  /// Slots for the children of `parents`, holding what their parents hold.
  std::vector<size_t> place(std::span<const int64_t> parents) {
    std::vector<size_t> places(parents.size());
    std::vector<bool> taken(slots_.size()), needed(slots_.size());
    for (int64_t p : parents) needed[at_[static_cast<size_t>(p)]] = true;
    for (size_t i = 0; i < parents.size(); ++i) {
      const size_t parent = at_[static_cast<size_t>(parents[i])];
      places[i] = parent;
      if (!taken[parent]) {
        taken[parent] = true;  // the first child goes on where the parent was
        continue;
      }
      places[i] = free_slot(parent, taken, needed);
      if (places[i] == taken.size()) taken.push_back(false), needed.push_back(false);
      taken[places[i]] = true;
      fork(*slots_[parent], *slots_[places[i]]);
    }
    return places;
  }

  /// The free slot that has most in common with the parent; a new one where none is free.
  size_t free_slot(size_t parent, const std::vector<bool>& taken, const std::vector<bool>& needed) {
    size_t best = slots_.size(), most = 0;
    for (size_t s = 0; s < slots_.size(); ++s) {
      if (taken[s] || needed[s]) continue;
      const size_t common = shared(*slots_[parent], *slots_[s]);
      if (best == slots_.size() || common > most) best = s, most = common;
    }
    if (best == slots_.size()) slots_.push_back(std::make_unique<Slot>(*model_));
    return best;
  }

  static size_t shared(const Slot& a, const Slot& b) {
    return static_cast<size_t>(std::mismatch(a.ids.begin(), a.ids.end(), b.ids.begin(), b.ids.end()).first - a.ids.begin());
  }

  void fork(const Slot& from, Slot& to) const {
    const bool fresh = to.cache.length() == 0;
    to.cache.copy(from.cache, fresh ? 0 : model_->virtual_tokens.count + static_cast<int64_t>(shared(from, to)));
    to.ids = from.ids;
  }

  std::shared_ptr<const LoadedModel> model_;
  Executor executor_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<size_t> at_;  // the slot of every sequence
  std::vector<float> scores_, states_;
};

class Layered final : public generate::LayeredSource {
 public:
  explicit Layered(const std::shared_ptr<const Model>& model) : model_(model), session_(model) { session_.stop_between_chunks(); }
  std::span<float> append(std::span<const text::TokenId> ids, std::span<const int64_t> layers, bool norm) override {
    return session_.append(ids, layers, norm);
  }
  int64_t layer_count() const override { return model_->spec().layers; }
  bool tied_head() const override { return model_->spec().tied_head; }
  int64_t vocab_size() const override { return session_.vocab_size(); }
  int64_t room() const override { return session_.room(); }

 private:
  std::shared_ptr<const Model> model_;
  Session session_;
};

}  // namespace

std::unique_ptr<generate::ScoreSource> Decoding::sequence() const {
  auto session = std::make_unique<Session>(model_);
  session->stop_between_chunks();
  return session;
}
std::unique_ptr<generate::BranchingSource> Decoding::branches() const {
  return std::make_unique<Branches>(std::static_pointer_cast<const LoadedModel>(model_));
}
std::unique_ptr<generate::LayeredSource> Decoding::layered() const { return std::make_unique<Layered>(model_); }

}  // namespace athanor::engine
