#include "athanor/core/text/trainers/unigram_lattice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/tokenizers/unigram_pieces.h"

namespace athanor::text {

namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

double log_sum(double a, double b) {
  if (a == kNone) return b;
  double low = std::min(a, b), high = std::max(a, b);
  return high > low + 50 ? high : high + std::log(std::exp(low - high) + 1);
}

}  // namespace

UnigramLattice::UnigramLattice(std::span<const ScoredPiece> pieces) : pieces_(pieces) {
  std::vector<std::pair<std::string_view, int32_t>> texts;
  double smallest = std::numeric_limits<double>::infinity();
  for (size_t id = 1; id < pieces.size(); ++id) {
    texts.emplace_back(pieces[id].text, static_cast<int32_t>(id));
    smallest = std::min(smallest, pieces[id].score);
  }
  trie_ = PieceTrie(std::move(texts));
  unknown_score_ = smallest - kUnknownPenalty;
}

void UnigramLattice::set(std::string_view word) {
  size_ = word.size();
  nodes_.clear();
  for (size_t begin = 0; begin < word.size();) {
    size_t character = char_at(word.data() + begin).length;
    bool alone = false;
    uint32_t node = PieceTrie::kRoot;
    for (size_t i = begin; i < word.size(); ++i) {
      node = trie_.child(node, static_cast<unsigned char>(word[i]));
      if (node == PieceTrie::kNone) break;
      int32_t id = trie_.value(node);
      if (id < 0) continue;
      nodes_.push_back({begin, i + 1, id, pieces_[static_cast<size_t>(id)].score});
      alone = alone || i + 1 == begin + character;
    }
    if (!alone) nodes_.push_back({begin, begin + character, 0, unknown_score_});
    begin += character;
  }
}

double UnigramLattice::add_expected(double count, std::vector<double>& expected) const {
  std::vector<double> before(size_ + 1, kNone), after(size_ + 1, kNone);
  before[0] = after[size_] = 0;
  for (const Node& node : nodes_) before[node.end] = log_sum(before[node.end], before[node.begin] + node.score);
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node)
    after[node->begin] = log_sum(after[node->begin], after[node->end] + node->score);
  double all = before[size_];
  for (const Node& node : nodes_)
    expected[static_cast<size_t>(node.id)] += count * std::exp(before[node.begin] + node.score + after[node.end] - all);
  return count * all;
}

std::vector<int32_t> UnigramLattice::best() const {
  struct End {
    double score = kNone;
    const Node* node = nullptr;
  };
  std::vector<End> ends(size_ + 1);
  ends[0].score = 0;
  for (const Node& node : nodes_) {
    double score = ends[node.begin].score + node.score;
    if (!ends[node.end].node || score > ends[node.end].score) ends[node.end] = {score, &node};
  }
  std::vector<int32_t> ids;
  for (size_t end = size_; end > 0; end = ends[end].node->begin) ids.push_back(ends[end].node->id);
  std::reverse(ids.begin(), ids.end());
  return ids;
}

std::vector<std::vector<int32_t>> UnigramLattice::best_two() const {
  struct Way {
    double score;
    std::vector<int32_t> ids;
  };
  std::vector<std::vector<Way>> ends(size_ + 1);
  ends[0] = {{0, {}}};
  for (const Node& node : nodes_) {
    std::vector<Way>& at = ends[node.end];
    for (const Way& way : ends[node.begin]) {
      Way longer = {way.score + node.score, way.ids};
      longer.ids.push_back(node.id);
      auto place = std::find_if(at.begin(), at.end(), [&](const Way& other) { return other.score < longer.score; });
      at.insert(place, std::move(longer));
      if (at.size() > 2) at.pop_back();
    }
  }
  std::vector<std::vector<int32_t>> ways;
  for (Way& way : ends[size_]) ways.push_back(std::move(way.ids));
  return ways;
}

}  // namespace athanor::text
