// With sizes n_i (tokens) and parts p_i = w_i / sum w (or n_i^(1/t) / sum n^(1/t), Conneau and Lample 2019, arXiv:1901.07291, with
// temperature t), an epoch has N p_i tokens of source i:
//
//   repeat   N = max n_i / p_i   every source is seen whole, the others again and again
//   stop     N = min n_i / p_i   the epoch ends where the first source is exhausted
//
// A whole pass takes every document; the last, partial pass takes documents in a random order until the wished tokens are there,
// the last one only where that comes nearer.

#include "athanor/core/data/mixing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/options.h"
#include "athanor/core/data/order.h"

namespace athanor::data {
namespace {

struct MixEntry {
  MixSource source;
  void visit(base::OptionVisitor& v) {
    v.texts("files", source.files, {.help = "files of this source", .required = true});
    v.number("weight", source.weight, {"its part, in proportion to the others'; 0: by its size", 0, 1e9});
  }
};

std::vector<double> parts_of(const std::vector<TokenShard>& sources, const MixOptions& options) {
  std::vector<double> parts;
  const bool by_size = std::all_of(options.weights.begin(), options.weights.end(), [](double w) { return w == 0; });
  for (size_t i = 0; i < sources.size(); ++i) {
    const double size = std::pow(static_cast<double>(sources[i].tokens()), 1 / options.temperature);
    parts.push_back(by_size ? size : options.weights[i]);
    if (parts.back() <= 0)
      base::input_error("data.mix", {base::cat("source ", i + 1, " has no weight"), "0", "a weight for every source, or for none"});
  }
  const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
  for (double& part : parts) part /= sum;
  return parts;
}

/// Tokens of one epoch.
double epoch_tokens(const std::vector<TokenShard>& sources, const std::vector<double>& parts, const std::string& exhausted) {
  double least = 0, most = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    const double total = static_cast<double>(sources[i].tokens()) / parts[i];
    least = i == 0 ? total : std::min(least, total), most = std::max(most, total);
  }
  if (exhausted == "error" && most > 1.01 * least)
    base::input_error("data.mix",
                      {"the sources do not have the wished proportions",
                       base::cat("they would last for ", least, " to ", most, " tokens"), "data.exhausted=repeat or stop"});
  return exhausted == "stop" ? least : most;
}

class MixWriter {
 public:
  MixWriter(const TokenShard& first, const std::filesystem::path& path) : out_(path, first.vocab_size(), first.tokenizer_hash()) {}

  MixShare add(const TokenShard& source, double wished, base::Philox random) {
    MixShare share;
    share.passes = wished / static_cast<double>(source.tokens());
    const auto whole = static_cast<int64_t>(share.passes + 1e-9);
    for (int64_t pass = 0; pass < whole; ++pass)
      for (int64_t d = 0; d < source.documents(); ++d) share.tokens += copy(source, d);
    for (int64_t d : permutation(source.documents(), random)) {
      const double missing = wished - static_cast<double>(share.tokens);
      if (missing < 0.5) break;
      if (2 * missing >= static_cast<double>(source.document_tokens(d))) share.tokens += copy(source, d);
    }
    return share;
  }
  void commit() { out_.commit(); }

 private:
  int64_t copy(const TokenShard& source, int64_t document) {
    const int64_t n = source.document_tokens(document);
    ids_.resize(static_cast<size_t>(n));
    source.copy(document, 0, n, ids_.data());
    out_.add(ids_, n * source.text_bytes() / source.tokens());
    return n;
  }
  TokenShardWriter out_;
  std::vector<int32_t> ids_;
};

}  // namespace

std::vector<MixSource> read_mix(const base::Node& mix) {
  if (mix.kind != base::Node::Kind::kList || mix.items.empty())
    base::input_error("data.mix", {"mix is no list of sources", "", "[{files: [...], weight: 5}, ...]"});
  std::vector<MixSource> sources;
  for (const base::Node& item : mix.items) {
    MixEntry entry;
    base::read_options(item, entry, "data.mix");
    sources.push_back(std::move(entry.source));
  }
  return sources;
}

std::vector<MixShare> mix_shards(const std::vector<TokenShard>& sources, const MixOptions& options, uint64_t seed,
                                 const std::filesystem::path& path) {
  base::expect(!sources.empty() && options.weights.size() == sources.size(), "data.mix", "one weight for each source");
  const std::vector<double> parts = parts_of(sources, options);
  const double tokens = epoch_tokens(sources, parts, options.exhausted);
  MixWriter writer(sources[0], path);
  std::vector<MixShare> shares;
  for (size_t i = 0; i < sources.size(); ++i) {
    shares.push_back(writer.add(sources[i], tokens * parts[i], {seed, i, base::Purpose::kSplit}));
    shares.back().part = parts[i];
  }
  writer.commit();
  return shares;
}

void join_shards(const std::vector<TokenShard>& sources, const std::filesystem::path& path) {
  base::expect(!sources.empty(), "data.mix", "nothing to join");
  TokenShardWriter writer(path, sources[0].vocab_size(), sources[0].tokenizer_hash());
  std::vector<int32_t> ids;
  for (const TokenShard& source : sources)
    for (int64_t d = 0; d < source.documents(); ++d) {
      ids.resize(static_cast<size_t>(source.document_tokens(d)));
      source.copy(d, 0, source.document_tokens(d), ids.data());
      writer.add(ids, d == 0 ? source.text_bytes() : 0);  // only their sum is kept
    }
  writer.commit();
}

}  // namespace athanor::data
