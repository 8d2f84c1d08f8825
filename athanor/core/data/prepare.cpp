#include "athanor/core/data/prepare.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/data/source.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace fs = std::filesystem;

void DataOptions::visit(base::OptionVisitor& v) {
  v.texts("train", train, {.help = "files to train on: plain text or .jsonl", .other_names = {"train_file", "dataset"}});
  v.texts("eval", eval, {.help = "held-out files", .other_names = {"validation_file", "eval_dataset"}});
  v.number("holdout", holdout,
           {"part of each training file, at its end, that is held out", 0, 0.9, {"validation_split_percentage"}});
  v.text("text_key", text_key,
         {.help = ".jsonl: the key that holds a document", .other_names = {"text_column", "dataset_text_field"}});
  v.text("separator", separator,
         {.help = "plain text: what stands between documents, e.g. <|endoftext|>; blank-lines; empty: a file is one document"});
  v.group("clean", {"steps before tokenizing"}, [&](base::OptionVisitor& inside) { clean.visit(inside); });
  v.boolean("cross_documents", cross_documents, {"attention runs over the borders of documents in a row"});
  v.integer("eval_overlap", eval_overlap, {"tokens of context that evaluation windows share", 0, 1e6, {"stride"}});
}

namespace {

constexpr int kFormat = 1;  // raised when the same options would make other shards
constexpr size_t kChunkBytes = size_t{8} << 20;

uint64_t key_of(const DataOptions& options, uint64_t tokenizer_hash) {
  DataOptions relevant = options;  // what the sampler alone uses does not change the shards
  relevant.cross_documents = false, relevant.eval_overlap = 0, relevant.train.clear(), relevant.eval.clear();
  base::Json key = base::node_to_json(base::options_to_node(base::visit_of(relevant)));
  key["format"] = kFormat;
  key["tokenizer"] = base::hash_hex(tokenizer_hash);
  for (const auto& [name, files] : {std::pair("train", &options.train), std::pair("eval", &options.eval)})
    for (const fs::path file : *files) key[name].push_back(base::hash_hex(base::hash_file(file)) + file.extension().string());
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
    std::string text(document);
    if (text.empty() || !cleaner_.clean(text)) return;
    chunk_bytes_ += text.size();
    chunk_.push_back(std::move(text));
    if (chunk_bytes_ >= kChunkBytes) flush();
  }

  void commit() {
    flush();
    writer_.commit();
  }

  int64_t documents() const { return writer_.documents(); }
  int64_t tokens() const { return writer_.tokens(); }
  int64_t bytes() const { return bytes_; }
  const auto& counts() const { return cleaner_.counts(); }

 private:
  void flush() {
    std::vector<std::vector<text::TokenId>> ids(chunk_.size());
    base::parallel_dynamic(static_cast<int64_t>(chunk_.size()), 1, [&](int64_t begin, int64_t end) {
      // A corpus is text: "<|endoftext|>" inside a document is no command.
      for (int64_t i = begin; i < end; ++i)
        ids[i] = tokenizer_.encode(chunk_[i], {.add_special_tokens = false, .parse_special = false});
    });
    for (size_t i = 0; i < chunk_.size(); ++i) {
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

void check(const DataOptions& options) {
  if (options.train.empty()) base::input_error("data.prepare", {"no training data", "", "", "set data.train to one or more files"});
  if (!options.eval.empty() && options.holdout > 0)
    base::input_error("data.prepare", {"data.eval and data.holdout are both set", "", "one of them"});
}

fs::path report_path(const fs::path& folder, const std::string& key) { return folder / ("report-" + key + ".json"); }

void save_report(const DataReport& report, const fs::path& path) {
  base::Json json = {{"documents", report.documents},   {"bytes", report.bytes},
                     {"tokens", report.tokens},         {"eval_documents", report.eval_documents},
                     {"eval_bytes", report.eval_bytes}, {"eval_tokens", report.eval_tokens}};
  for (const auto& [step, count] : report.cleaning) json["cleaning"][step] = count;
  base::write_file(path, json.dump(2) + "\n");
}

DataReport load_report(const fs::path& path) {
  base::Json json = base::read_json_file(path, "data.prepare");
  auto number = [&](const char* key) { return json.value(key, int64_t{0}); };
  DataReport report{number("documents"),
                    number("bytes"),
                    number("tokens"),
                    number("eval_documents"),
                    number("eval_bytes"),
                    number("eval_tokens"),
                    {}};
  if (json.contains("cleaning"))
    for (const auto& [step, count] : json["cleaning"].items()) report.cleaning.emplace_back(step, count.get<int64_t>());
  return report;
}

/// The shards of an earlier run, where they are whole.
std::optional<PreparedData> reuse(const fs::path& train, const fs::path& eval, bool wants_eval, const fs::path& report) {
  if (!fs::exists(train) || !fs::exists(report) || (wants_eval && !fs::exists(eval))) return std::nullopt;
  try {
    PreparedData data;
    data.train = TokenShard::open(train);
    if (wants_eval) data.eval = TokenShard::open(eval);
    data.report = load_report(report);
    data.reused = true;
    return data;
  } catch (const std::exception& error) {
    base::log_warning(base::cat("token shards are made again: ", error.what()));
    return std::nullopt;
  }
}

uint64_t total_bytes(const DataOptions& options) {
  uint64_t total = 0;
  for (const auto* files : {&options.train, &options.eval})
    for (const fs::path file : *files) {
      std::error_code error;
      uint64_t bytes = fs::file_size(file, error);
      if (error) base::file_error("data.prepare", {"cannot read " + file.string(), error.message()});
      total += bytes;
    }
  return total;
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
  if (options.holdout > 0 || !options.eval.empty()) {
    eval.commit();
    if (eval.documents() == 0)
      base::input_error("data.prepare", {"the held-out part holds no document", "", "", "enlarge data.holdout"});
  }
  progress.finish();
  return {train.documents(), train.bytes(), train.tokens(), eval.documents(), eval.bytes(), eval.tokens(), train.counts()};
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
  const uint64_t key = key_of(options, hash);
  const std::string hex = base::hash_hex(key);
  const fs::path train = folder / ("train-" + hex + ".tokens"), eval = folder / ("eval-" + hex + ".tokens");
  const bool wants_eval = options.holdout > 0 || !options.eval.empty();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) base::file_error("data.prepare", {"cannot make the folder " + folder.string(), error.message()});
  auto data = reuse(train, eval, wants_eval, report_path(folder, hex));
  if (!data) {
    save_report(make_shards(options, tokenizer, hash, train, eval), report_path(folder, hex));
    data = reuse(train, eval, wants_eval, report_path(folder, hex));
    base::expect(data.has_value(), "data.prepare", "shards just written cannot be read");
    data->reused = false;
  }
  data->key = key;
  return std::move(*data);
}

}  // namespace athanor::data
