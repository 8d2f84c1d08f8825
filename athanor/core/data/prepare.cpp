#include "athanor/core/data/prepare.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/data/prepared.h"
#include "athanor/core/data/source.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace fs = std::filesystem;

namespace {

constexpr int kFormat = 2;  // raised when the same options would make other shards
constexpr size_t kChunkBytes = size_t{8} << 20;

uint64_t key_of(const DataOptions& options, uint64_t tokenizer_hash) {
  base::Json key = key_of_files(options);
  key["format"] = kFormat;
  key["tokenizer"] = base::hash_hex(tokenizer_hash);
  return base::hash64(key.dump());
}

/// Cleans documents, tokenizes them in parallel and writes them in order.
class ShardMaker {
 public:
  ShardMaker(const fs::path& path, const DataOptions& options, bool may_drop, const text::Tokenizer& tokenizer,
             uint64_t tokenizer_hash, base::Progress& progress)
      : writer_(path, tokenizer.vocab_size(), tokenizer_hash),
        cleaner_(options.clean, may_drop),
        tokenizer_(tokenizer),
        progress_(progress) {}

  void add(std::string_view document) {
    progress_.advance(document.size());
    if (document.empty()) return;
    chunk_bytes_ += document.size();
    chunk_.emplace_back(document);
    if (chunk_bytes_ >= kChunkBytes) flush();
  }

  void commit() {
    flush();
    writer_.commit();
  }

  int64_t documents() const { return writer_.documents(); }
  int64_t tokens() const { return writer_.tokens(); }
  int64_t bytes() const { return bytes_; }
  const Cleaner& cleaner() const { return cleaner_; }

 private:
  void flush() {
    std::vector<std::string*> documents;
    for (std::string& text : chunk_) documents.push_back(&text);
    std::vector<uint8_t> kept(chunk_.size());
    cleaner_.clean(documents, kept);
    std::vector<std::vector<text::TokenId>> ids(chunk_.size());
    base::parallel_dynamic(static_cast<int64_t>(chunk_.size()), 1, [&](int64_t begin, int64_t end) {
      // A corpus is text: "<|endoftext|>" inside a document is no command.
      for (int64_t i = begin; i < end; ++i)
        if (kept[i]) ids[i] = tokenizer_.encode(chunk_[i], {.add_special_tokens = false, .parse_special = false});
    });
    for (size_t i = 0; i < chunk_.size(); ++i) {
      if (!kept[i]) continue;
      writer_.add(ids[i], static_cast<int64_t>(chunk_[i].size()));
      bytes_ += static_cast<int64_t>(chunk_[i].size());
    }
    chunk_.clear(), chunk_bytes_ = 0;
  }

  TokenShardWriter writer_;
  Cleaner cleaner_;
  const text::Tokenizer& tokenizer_;
  base::Progress& progress_;
  std::vector<std::string> chunk_;
  size_t chunk_bytes_ = 0;
  int64_t bytes_ = 0;
};

struct FileSize {
  size_t bytes = 0, documents = 0;
};

FileSize size_of(const fs::path& file, const SourceOptions& source) {
  FileSize size;
  read_documents(file, source, [&](std::string_view document) { size.bytes += document.size(), ++size.documents; });
  return size;
}

/// Gives each document of the file to `train` or `eval`; see prepare_data.
void split_file(const fs::path& file, const SourceOptions& source, double holdout, const DocumentVisitor& train,
                const DocumentVisitor& eval) {
  const FileSize size = size_of(file, source);
  const auto cut = static_cast<size_t>((1 - holdout) * static_cast<double>(size.bytes));
  size_t begin = 0, index = 0;
  read_documents(file, source, [&](std::string_view document) {
    const size_t end = begin + document.size();
    const bool last = ++index == size.documents;
    if (begin >= cut && index > 1) {
      eval(document);
    } else if (end <= cut || !last) {
      train(document);
    } else {
      size_t at = cut - begin;
      while (at > 0 && (static_cast<unsigned char>(document[at]) & 0xC0) == 0x80) --at;
      train(document.substr(0, at));
      eval(document.substr(at));
    }
    begin = end;
  });
}

DataReport make_shards(const DataOptions& options, const text::Tokenizer& tokenizer, uint64_t hash, const fs::path& train_path,
                       const fs::path& eval_path) {
  base::Progress progress("tokenizing", total_bytes(options), "B");
  SourceOptions source{options.text_key, options.separator};
  ShardMaker train(train_path, options, true, tokenizer, hash, progress);
  ShardMaker eval(eval_path, options, false, tokenizer, hash, progress);
  auto to_train = [&](std::string_view document) { train.add(document); };
  auto to_eval = [&](std::string_view document) { eval.add(document); };
  for (const fs::path file : options.train) {
    if (options.holdout > 0)
      split_file(file, source, options.holdout, to_train, to_eval);
    else
      read_documents(file, source, to_train);
  }
  for (const fs::path file : options.eval) read_documents(file, source, to_eval);
  train.commit();
  if (train.documents() == 0)
    base::input_error("data.prepare", {"the training files hold no document", "", "", "look at data.clean"});
  if (wants_eval(options)) {
    eval.commit();
    if (eval.documents() == 0)
      base::input_error("data.prepare", {"the held-out part holds no document", "", "", "enlarge data.holdout"});
  }
  progress.finish();
  DataReport report;
  report.documents = train.documents(), report.bytes = train.bytes(), report.tokens = train.tokens();
  report.eval_documents = eval.documents(), report.eval_bytes = eval.bytes(), report.eval_tokens = eval.tokens();
  report_cleaning(train.cleaner(), report);
  return report;
}

}  // namespace

uint64_t tokenizer_hash(const fs::path& path) {
  if (fs::is_regular_file(path)) return base::hash_file(path);
  uint64_t hash = 0;
  for (const char* name :
       {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json"})
    if (fs::is_regular_file(path / name)) hash = base::hash64(base::cat(name, " ", base::hash_file(path / name)), hash);
  return hash;
}

PreparedData prepare_data(const DataOptions& options, const text::Tokenizer& tokenizer, uint64_t hash, const fs::path& folder) {
  check(options);
  total_bytes(options);  // every file is there before the first is read
  return prepared_once(folder, key_of(options, hash), wants_eval(options), [&](const fs::path& train, const fs::path& eval) {
    return make_shards(options, tokenizer, hash, train, eval);
  });
}

}  // namespace athanor::data
