#include "athanor/core/text/tokenizers/added_tokens.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

namespace {

// A text of n bytes costs up to n times the longest token, so that has a limit.
constexpr size_t kLongestToken = 1024;

uint8_t class_before(std::string_view text, size_t i) {
  return class_at(CharClasses::instance(), text.data() + last_char(text.substr(0, i))).classes;
}

bool is_single_word(std::string_view text, size_t begin, size_t end) {
  if (begin > 0 && (class_before(text, begin) & kWord)) return false;
  return end == text.size() || !(class_at(CharClasses::instance(), text.data() + end).classes & kWord);
}

size_t skip_space_back(std::string_view text, size_t i, size_t stop) {
  while (i > stop && (class_before(text, i) & kSpace)) i = last_char(text.substr(0, i));
  return i < stop ? stop : i;
}

size_t skip_space(std::string_view text, size_t i) {
  while (i < text.size()) {
    ClassedChar c = class_at(CharClasses::instance(), text.data() + i);
    if (!(c.classes & kSpace)) break;
    i += c.length;
  }
  return i;
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const std::vector<Component>& list) {
  std::vector<AddedToken> tokens;
  for (const Component& c : list) {
    AddedToken token{static_cast<TokenId>(c.integer("id", 0, kMaxTokenId)),
                     c.text("content"),
                     c.boolean("single_word"),
                     c.boolean("lstrip"),
                     c.boolean("rstrip"),
                     c.boolean("normalized"),
                     c.boolean("special")};
    if (token.content.size() > kLongestToken)
      c.fail("\"content\" is too long", base::cat(token.content.size(), " bytes"), base::cat("at most ", kLongestToken));
    if (!token.content.empty()) tokens.push_back(std::move(token));
  }
  return tokens;
}

uint32_t AddedTokenMatcher::child(uint32_t node, unsigned char byte) const {
  if (node == 0) return first_byte_[byte];
  uint32_t i = nodes_[node].first_child;
  while (i != 0 && nodes_[i].byte != byte) i = nodes_[i].next_sibling;
  return i;
}

void AddedTokenMatcher::add(const AddedToken& token, std::string_view spelling) {
  if (spelling.empty()) return;
  if (nodes_.empty()) nodes_.push_back({0, 0, 0, nullptr});
  uint32_t node = 0;
  for (unsigned char byte : spelling) {
    uint32_t next = child(node, byte);
    if (next == 0) {
      next = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back({byte, 0, nodes_[node].first_child, nullptr});
      nodes_[node].first_child = next;
      if (node == 0) first_byte_[byte] = next;
    }
    node = next;
  }
  if (!nodes_[node].token) nodes_[node].token = &token;
}

AddedTokenMatcher::Match AddedTokenMatcher::find(std::string_view text, size_t from) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    uint32_t node = first_byte_[static_cast<unsigned char>(text[begin])];
    Match match{begin, begin, nullptr};
    for (size_t i = begin + 1; node != 0; ++i) {
      if (nodes_[node].token) match = {begin, i, nodes_[node].token};
      if (i == text.size()) break;
      node = child(node, static_cast<unsigned char>(text[i]));
    }
    if (match.token) return match;
  }
  return {text.size(), text.size(), nullptr};
}

void AddedTokenMatcher::split(std::string_view text, bool skip_special,
                              const std::function<void(std::string_view, const AddedToken*)>& part) const {
  size_t done = 0;
  for (Match m = find(text, 0); m.token; m = find(text, m.end)) {
    if (skip_special && m.token->special) continue;
    if (m.token->single_word && !is_single_word(text, m.begin, m.end)) continue;
    size_t begin = m.token->lstrip ? skip_space_back(text, m.begin, done) : m.begin;
    size_t end = m.token->rstrip ? skip_space(text, m.end) : m.end;
    if (done < begin) part(text.substr(done, begin - done), nullptr);
    part(text.substr(begin, end - begin), m.token);
    done = end;
  }
  if (done < text.size()) part(text.substr(done), nullptr);
}

}  // namespace athanor::text
