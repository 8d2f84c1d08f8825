#include "athanor/run/generate/constraints/token_trie.h"

#include <algorithm>

namespace athanor::generate {
namespace {

constexpr size_t kLongestToken = 4'096;  // longer ones stay out: no model's vocabulary has any

}  // namespace

TokenTrie::TokenTrie(const text::Tokenizer& tokenizer, std::span<const text::TokenId> never) {
  std::vector<std::pair<std::string, text::TokenId>> tokens;
  for (text::TokenId id = 0; id < tokenizer.vocab_size(); ++id)
    if (!tokenizer.is_special(id) && std::find(never.begin(), never.end(), id) == never.end())
      tokens.emplace_back(tokenizer.token_bytes(id), id);
  build(std::move(tokens));
}

TokenTrie::TokenTrie(std::vector<std::pair<std::string, text::TokenId>> tokens) { build(std::move(tokens)); }

void TokenTrie::build(std::vector<std::pair<std::string, text::TokenId>> tokens) {
  std::erase_if(tokens, [](const auto& t) { return t.first.empty() || t.first.size() > kLongestToken; });
  std::sort(tokens.begin(), tokens.end());
  nodes_.push_back({0, 0, 0, 0});
  std::vector<uint32_t> path = {0};  // from the root to the last node
  std::string_view before;
  for (const auto& [bytes, id] : tokens) {
    const auto shared =
        static_cast<size_t>(std::mismatch(before.begin(), before.end(), bytes.begin(), bytes.end()).first - before.begin());
    for (; path.size() > shared + 1; path.pop_back()) nodes_[path.back()].end = static_cast<uint32_t>(nodes_.size());
    for (size_t i = shared; i < bytes.size(); ++i) {
      path.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), static_cast<uint16_t>(i + 1), static_cast<uint8_t>(bytes[i])});
    }
    tokens_.push_back(id);
    deepest_ = std::max(deepest_, bytes.size());
    id_limit_ = std::max(id_limit_, static_cast<size_t>(id) + 1);
    before = bytes;
  }
  for (uint32_t node : path) nodes_[node].end = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({static_cast<uint32_t>(nodes_.size()), static_cast<uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace athanor::generate
