#include "athanor/core/text/tokenizer.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/sentencepiece.h"
#include "athanor/core/text/tiktoken.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

namespace fs = std::filesystem;

class ByteStream final : public TextStream {
 public:
  ByteStream(const Tokenizer& tokenizer, bool skip_special) : tokenizer_(tokenizer), skip_special_(skip_special) {}

  std::string push(TokenId id) override {
    if (skip_special_ && tokenizer_.is_special(id)) return {};
    held_ += tokenizer_.token_bytes(id);
    size_t whole = 0;
    while (whole < held_.size()) {
      int length = utf8_sequence(std::string_view(held_).substr(whole));
      if (length == 0) break;
      whole += static_cast<size_t>(length < 0 ? -length : length);
    }
    std::string text = repair_utf8(std::string_view(held_).substr(0, whole));
    held_.erase(0, whole);
    return text;
  }

  std::string finish() override { return repair_utf8(std::exchange(held_, {})); }

 private:
  const Tokenizer& tokenizer_;
  bool skip_special_;
  std::string held_;
};

/// "bos_token" as a string or as {"content": ...}.
std::optional<std::string> token_name(const base::Json& json, const char* key) {
  if (!json.is_object()) return std::nullopt;
  auto it = json.find(key);
  if (it == json.end()) return std::nullopt;
  if (it->is_string()) return it->get<std::string>();
  if (it->is_object() && it->contains("content") && it->at("content").is_string()) return it->at("content").get<std::string>();
  return std::nullopt;
}

SpecialTokenNames read_names(const fs::path& folder) {
  SpecialTokenNames names;
  for (const char* file : {"tokenizer_config.json", "special_tokens_map.json"}) {
    if (!fs::exists(folder / file)) continue;
    base::Json json = base::read_json_file(folder / file, "text.tokenizer_config", {.depth = 32, .bytes = size_t{64} << 20});
    if (!names.bos) names.bos = token_name(json, "bos_token");
    if (!names.eos) names.eos = token_name(json, "eos_token");
  }
  return names;
}

std::unique_ptr<Tokenizer> load_pair(const fs::path& vocab, const fs::path& merges, SpecialTokenNames names) {
  base::MappedFile vocab_file(vocab), merges_file(merges);
  if (!names.bos) names.bos = "<|endoftext|>";
  if (!names.eos) names.eos = "<|endoftext|>";
  return parse_vocab_and_merges(vocab_file.text(), vocab.string(), merges_file.text(), merges.string(), names);
}

/// A file of any kind; tokenizer.model is SentencePiece's, or a list of ranks as Llama 3's.
std::unique_ptr<Tokenizer> load_file(const fs::path& file) {
  if (file.extension() == ".gguf")
    base::input_error("text.tokenizer",
                      {"the tokenizer inside a GGUF file is not read here", file.string(), "a tokenizer's own file or folder"});
  fs::path folder = file.parent_path();
  std::string name = file.filename().string();
  if (constexpr std::string_view kVocab = "vocab.json"; name.ends_with(kVocab))  // gpt2-vocab.json has gpt2-merges.txt beside it
    return load_pair(file, folder / (name.substr(0, name.size() - kVocab.size()) + "merges.txt"), read_names(folder));
  base::MappedFile mapped(file);
  bool is_model = file.extension() == ".model";
  if (file.extension() == ".tiktoken" || (is_model && looks_like_tiktoken(mapped.text())))
    return parse_tiktoken(mapped.text(), file.string());
  if (is_model) return parse_sentencepiece_model(mapped.text(), file.string());
  return parse_tokenizer_json(mapped.text(), file.string(), read_names(folder));
}

}  // namespace

std::unique_ptr<TextStream> Tokenizer::stream(bool skip_special) const { return std::make_unique<ByteStream>(*this, skip_special); }

std::string Tokenizer::json() const {
  base::input_error("text.tokenizer", {"this tokenizer cannot be written as a tokenizer.json"});
}

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& path) {
  std::error_code none;
  if (!fs::is_directory(path, none)) {
    if (!fs::exists(path, none)) base::input_error("text.tokenizer", {"no such file or folder", path.string()});
    return load_file(path);
  }
  for (const char* name : {"tokenizer.json", "vocab.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}) {
    if (!fs::exists(path / name, none)) continue;
    if (std::string_view(name) == "vocab.json" && !fs::exists(path / "merges.txt", none)) continue;
    return load_file(path / name);
  }
  for (const auto& entry : fs::directory_iterator(path, none))
    if (entry.path().extension() == ".tiktoken") return load_file(entry.path());
  base::input_error("text.tokenizer",
                    {"the folder has no tokenizer", path.string(),
                     "tokenizer.json, vocab.json and merges.txt, tokenizer.model, spiece.model or a .tiktoken file"});
}

}  // namespace athanor::text
