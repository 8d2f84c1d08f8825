#include "athanor/core/data/key_phrases.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "athanor/core/data/words.h"

namespace athanor::data {
namespace {

constexpr double kDamping = 0.85;
constexpr size_t kReach = 2, kLongestPhrase = 3;
constexpr int kMostRounds = 200;

const std::set<std::string_view>& stop_words() {
  static const std::set<std::string_view> words = {
      "about",  "above", "after",   "again",   "all",    "also",    "although", "and",     "any",   "are",     "because", "been",
      "before", "being", "below",   "between", "both",   "but",     "can",      "cannot",  "could", "did",     "does",    "doing",
      "done",   "down",  "during",  "each",    "even",   "ever",    "every",    "few",     "for",   "from",    "further", "had",
      "has",    "have",  "having",  "her",     "here",   "hers",    "him",      "his",     "how",   "however", "into",    "its",
      "itself", "just",  "less",    "let",     "like",   "made",    "make",     "many",    "may",   "might",   "more",    "most",
      "much",   "must",  "nor",     "not",     "now",    "off",     "once",     "one",     "only",  "other",   "others",  "our",
      "ours",   "out",   "over",    "own",     "per",    "quite",   "rather",   "same",    "shall", "she",     "should",  "since",
      "some",   "still", "such",    "than",    "that",   "the",     "their",    "them",    "then",  "there",   "these",   "they",
      "this",   "those", "through", "thus",    "too",    "two",     "under",    "until",   "upon",  "use",     "used",    "using",
      "very",   "was",   "well",    "were",    "what",   "when",    "where",    "whether", "which", "while",   "who",     "whom",
      "whose",  "why",   "will",    "with",    "within", "without", "would",    "yet",     "you",   "your"};
  return words;
}

struct TextWord {
  size_t begin, end;
  int node;      // -1: no candidate
  bool adjoins;  // nothing but blanks stands between it and the word before
};

bool is_word_byte(char c) { return std::isalpha(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80; }

class WordGraph {
 public:
  explicit WordGraph(std::string_view text) : text_(text) {
    read_words();
    join_words();
    rank();
  }

  const std::vector<TextWord>& words() const { return words_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<double>& scores() const { return scores_; }

 private:
  void read_words() {
    std::unordered_map<std::string, int> nodes;
    size_t last = 0;
    for (size_t at = 0; at < text_.size();) {
      if (!is_word_byte(text_[at])) {
        ++at;
        continue;
      }
      size_t end = at;
      while (end < text_.size() && (is_word_byte(text_[end]) || (is_joint(end) && end > at))) ++end;
      std::string name(text_.substr(at, end - at));
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      int node = -1;
      if (name.size() >= 3 && !stop_words().contains(name)) {
        node = nodes.emplace(name, static_cast<int>(names_.size())).first->second;
        if (node == static_cast<int>(names_.size())) names_.push_back(name);
      }
      const std::string_view gap = text_.substr(last, at - last);
      words_.push_back({at, end, node, !words_.empty() && gap.find_first_not_of(" \t\r\n") == std::string_view::npos});
      last = at = end;
    }
  }

  /// An apostrophe or a hyphen between two letters.
  bool is_joint(size_t at) const {
    return (text_[at] == '\'' || text_[at] == '-') && at + 1 < text_.size() && is_word_byte(text_[at + 1]);
  }

  void join_words() {
    neighbours_.resize(names_.size());
    for (size_t i = 0; i < words_.size(); ++i)
      for (size_t j = i; j-- > 0 && i - j <= kReach && words_[j + 1].adjoins;) {
        const int a = words_[i].node, b = words_[j].node;
        if (a < 0 || b < 0 || a == b) continue;
        neighbours_[a].insert(b), neighbours_[b].insert(a);
      }
  }

  void rank() {
    scores_.assign(names_.size(), 1);
    for (int round = 0; round < kMostRounds; ++round) {
      std::vector<double> next(names_.size(), 1 - kDamping);
      double change = 0;
      for (size_t i = 0; i < names_.size(); ++i) {
        for (int j : neighbours_[i]) next[i] += kDamping * scores_[j] / static_cast<double>(neighbours_[j].size());
        change = std::max(change, std::abs(next[i] - scores_[i]));
      }
      scores_ = std::move(next);
      if (change < 1e-9) break;
    }
  }

  std::string_view text_;
  std::vector<TextWord> words_;
  std::vector<std::string> names_;
  std::vector<std::set<int>> neighbours_;
  std::vector<double> scores_;
};

struct Phrase {
  std::string name, text;
  double score;
};

std::vector<Phrase> phrases_of(std::string_view text, const WordGraph& graph) {
  std::vector<Phrase> phrases;
  std::set<std::string> seen;
  const auto& words = graph.words();
  for (size_t i = 0; i < words.size();) {
    if (words[i].node < 0) {
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < words.size() && end - i < kLongestPhrase && words[end].node >= 0 && words[end].adjoins) ++end;
    Phrase phrase{"", std::string(text.substr(words[i].begin, words[end - 1].end - words[i].begin)), 0};
    for (size_t k = i; k < end; ++k) {
      phrase.name += (k == i ? "" : " ") + graph.names()[static_cast<size_t>(words[k].node)];
      phrase.score += graph.scores()[static_cast<size_t>(words[k].node)];
    }
    std::replace(phrase.text.begin(), phrase.text.end(), '\n', ' ');
    if (seen.insert(phrase.name).second) phrases.push_back(std::move(phrase));
    i = end;
  }
  std::stable_sort(phrases.begin(), phrases.end(), [](const Phrase& a, const Phrase& b) { return a.score > b.score + 1e-9; });
  return phrases;
}

}  // namespace

std::vector<std::string> key_phrases(std::string_view text, size_t count) {
  if (lacks_spaces(text)) return {};
  std::vector<std::string> chosen, names;
  for (Phrase& phrase : phrases_of(text, WordGraph(text))) {
    if (chosen.size() == count) break;
    const std::string padded = " " + phrase.name + " ";
    const bool part = std::any_of(names.begin(), names.end(), [&](const std::string& other) {
      return other.find(padded) != std::string::npos || padded.find(other) != std::string::npos;
    });
    if (part) continue;
    chosen.push_back(std::move(phrase.text)), names.push_back(padded);
  }
  return chosen;
}

std::vector<std::pair<std::string, double>> word_scores(std::string_view text) {
  const WordGraph graph(text);
  std::vector<std::pair<std::string, double>> all;
  for (size_t i = 0; i < graph.names().size(); ++i) all.emplace_back(graph.names()[i], graph.scores()[i]);
  return all;
}

}  // namespace athanor::data
