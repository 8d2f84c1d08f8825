#include "athanor/run/generate/constraint.h"

#include <algorithm>
#include <mutex>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/run/generate/constraints/matcher.h"
#include "athanor/run/generate/constraints/shelf.h"

namespace athanor::generate {
namespace {

constexpr size_t kMostListStates = 400'000;  // a list needs one for each character at most

Automaton compile(std::string_view kind, std::string_view text, std::string_view source) {
  const ConstraintRow& row = base::find_row(constraints(), kind, "generate.constraint");
  const std::string where = base::cat("generate.", kind == "json-schema" ? "json_schema" : kind);
  GrammarOrigin origin = {.where = where.c_str(), .source = std::string(source)};
  if (source.empty()) origin.kind = base::ErrorKind::kInput;
  if (kind == "choices") origin.most_states = kMostListStates;
  Grammar grammar(origin);
  row.write(grammar, text);
  return compile_grammar(grammar);
}

std::string shown(const std::string& text) {
  constexpr size_t kMost = 60;
  return text::repair_utf8(text.size() > kMost ? "..." + text.substr(text.size() - kMost) : text);
}

}  // namespace

struct Constraint::Machinery {
  Machinery(Automaton compiled, const text::Tokenizer& tokenizer, std::span<const text::TokenId> ends)
      : automaton(std::move(compiled)), end_ids(ends.begin(), ends.end()), trie(tokenizer, ends), masks(automaton, trie) {
    size_t limit = trie.id_limit();
    for (text::TokenId id : end_ids) limit = std::max(limit, static_cast<size_t>(id) + 1);
    words = (limit + 63) / 64;
    bytes_of.resize(trie.id_limit());
    for (size_t id = 0; id < bytes_of.size(); ++id) bytes_of[id] = tokenizer.token_bytes(static_cast<text::TokenId>(id));
  }

  bool is_end(text::TokenId id) const { return std::find(end_ids.begin(), end_ids.end(), id) != end_ids.end(); }

  const Automaton automaton;
  const std::vector<text::TokenId> end_ids;
  const TokenTrie trie;
  std::vector<std::string> bytes_of;  // per token
  size_t words;
  std::mutex mutex;
  TokenMasks masks;
};

class Constraint::Step final : public ScoreStep {
 public:
  explicit Step(std::shared_ptr<Machinery> m) : m_(std::move(m)), matcher_(m_->automaton, m_->masks), bits_(m_->words) {}

  void apply(std::span<float> scores, const History& history) override {
    follow(history.generated);
    std::fill(bits_.begin(), bits_.end(), 0);
    if (!ended_ && !matcher_.is_dead()) {
      const std::lock_guard lock(m_->mutex);
      matcher_.add_allowed(bits_);
    }
    if (ended_ || matcher_.may_end())
      for (text::TokenId id : m_->end_ids) bits_[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64);
    if (keep_tokens(bits_, scores) == 0)
      base::input_error("generate.constraint",
                        {matcher_.is_dead() ? "the text does not match its constraint" : "no token of the vocabulary can follow",
                         base::cat("the text so far \"", shown(text_), '"')});
  }

 private:
  void follow(std::span<const text::TokenId> generated) {
    const bool grows = seen_.size() <= generated.size() && std::equal(seen_.begin(), seen_.end(), generated.begin());
    if (!grows) {
      matcher_.restart();
      seen_.clear();
      text_.clear();
      ended_ = false;
    }
    for (text::TokenId id : generated.subspan(seen_.size())) {
      seen_.push_back(id);
      ended_ |= m_->is_end(id);
      if (ended_) continue;
      const std::string& bytes = m_->bytes_of.at(static_cast<size_t>(id));
      matcher_.advance(bytes);
      text_ += bytes;
    }
  }

  std::shared_ptr<Machinery> m_;
  Matcher matcher_;
  TokenBits bits_;
  std::vector<text::TokenId> seen_;
  std::string text_;
  bool ended_ = false;
};

Constraint::Constraint(std::string_view kind, std::string_view text, std::string_view source, const text::Tokenizer& tokenizer,
                       std::span<const text::TokenId> end_ids) {
  if (end_ids.empty())
    base::input_error("generate.constraint",
                      {"the model names no token that ends a text", "", "eos_token_id in its configuration"});
  machinery_ = std::make_shared<Machinery>(compile(kind, text, source), tokenizer, end_ids);
}

Constraint::~Constraint() = default;

std::unique_ptr<ScoreStep> Constraint::step() const { return std::make_unique<Step>(machinery_); }

}  // namespace athanor::generate
