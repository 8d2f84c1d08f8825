#include "athanor/run/engine/decoding.h"

#include <algorithm>

namespace athanor::engine {
namespace {

class Branches final : public generate::BranchingSource {
 public:
  explicit Branches(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  std::span<float> begin(std::span<const text::TokenId> prompt) override {
    if (slots_.empty()) slots_.push_back(std::make_unique<Slot>(model_));
    Slot& slot = *slots_[0];
    slot.session.truncate(0);
    slot.ids.assign(prompt.begin(), prompt.end());
    at_ = {0};
    return slot.session.append(prompt, states_);
  }

  std::span<float> step(std::span<const int64_t> parents, std::span<const text::TokenId> ids) override {
    at_ = place(parents);
    scores_.resize(parents.size() * static_cast<size_t>(vocab_size()));
    states_.clear();
    for (size_t i = 0; i < parents.size(); ++i) {
      Slot& slot = *slots_[at_[i]];
      const std::span<float> row = slot.session.append(ids.subspan(i, 1), last_);
      slot.ids.push_back(ids[i]);
      std::copy(row.begin(), row.end(), scores_.begin() + static_cast<std::ptrdiff_t>(i) * vocab_size());
      states_.insert(states_.end(), last_.begin(), last_.end());
    }
    return scores_;
  }

  std::span<const float> states() const override { return states_; }
  int64_t vocab_size() const override { return model_->spec().vocab; }
  int64_t room() const override { return slots_[at_[0]]->session.room(); }

 private:
  struct Slot {
    explicit Slot(const std::shared_ptr<const Model>& model) : session(model) {}
    Session session;
    std::vector<text::TokenId> ids;  // what the session has seen
  };

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
    if (best == slots_.size()) slots_.push_back(std::make_unique<Slot>(model_));
    return best;
  }

  static size_t shared(const Slot& a, const Slot& b) {
    return static_cast<size_t>(std::mismatch(a.ids.begin(), a.ids.end(), b.ids.begin(), b.ids.end()).first - a.ids.begin());
  }

  static void fork(const Slot& from, Slot& to) {
    to.session.copy(from.session, static_cast<int64_t>(shared(from, to)));
    to.ids = from.ids;
  }

  std::shared_ptr<const Model> model_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<size_t> at_;  // the slot of every sequence
  std::vector<float> scores_, states_, last_;
};

class Layered final : public generate::LayeredSource {
 public:
  explicit Layered(const std::shared_ptr<const Model>& model) : model_(model), session_(model) {}
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

std::unique_ptr<generate::ScoreSource> Decoding::sequence() const { return std::make_unique<Session>(model_); }
std::unique_ptr<generate::BranchingSource> Decoding::branches() const { return std::make_unique<Branches>(model_); }
std::unique_ptr<generate::LayeredSource> Decoding::layered() const { return std::make_unique<Layered>(model_); }

}  // namespace athanor::engine
