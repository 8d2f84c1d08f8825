// tokenizer.json -> GGUF's lists. Byte-level BPE is "gpt2", with the name of its way to cut text in `pre`; BPE that falls back to
// bytes is "llama", whose scores come from the merges: the earlier a token is made, the higher its score, so that llama.cpp, which
// joins what scores highest, joins in the same order.

#include "athanor/core/text/gguf_vocabulary_of.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/gguf_patterns.h"

namespace athanor::text {
namespace {

using base::cat;
using base::Json;

constexpr const char* kGgufOutWhere = "text.gguf_vocabulary";

/// Whether a component of that type stands anywhere in the tree.
bool has_type(const Json& tree, std::string_view type) {
  if (tree.is_object() && tree.contains("type") && tree["type"] == type) return true;
  if (!tree.is_structured()) return false;
  for (const Json& child : tree)
    if (has_type(child, type)) return true;
  return false;
}

/// <0x0A>
bool is_byte(std::string_view token) { return token.size() == 6 && token.starts_with("<0x") && token.ends_with('>'); }

class Reader {
 public:
  explicit Reader(const Tokenizer& tokenizer)
      : tokenizer_(tokenizer),
        json_(base::parse_json(tokenizer.json(), kGgufOutWhere, "the tokenizer")),
        model_(json_.at("model")) {}

  GgufVocabulary read() {
    if (model_.value("type", "") != "BPE")
      base::input_error(kGgufOutWhere, {"this kind of tokenizer cannot be written as GGUF", model_.value("type", ""), "BPE"});
    const bool bytes = has_type(part("pre_tokenizer"), "ByteLevel");
    out_.model = bytes ? "gpt2" : "llama";
    read_tokens();
    read_special_ids();
    if (bytes) {
      out_.pre = gguf_pre_of(part("pre_tokenizer"));
      for (const Json& merge : model_.at("merges")) out_.merges.push_back(spelled(merge));
    } else {
      read_scores();
      out_.add_space_prefix = has_type(part("normalizer"), "Prepend") || prepends(part("pre_tokenizer"));
    }
    return std::move(out_);
  }

 private:
  /// A part of the document; null where it is left out.
  const Json& part(const char* key) const {
    static const Json kNone;
    const auto found = json_.find(key);
    return found == json_.end() ? kNone : *found;
  }

  static std::string spelled(const Json& merge) {
    return merge.is_string() ? merge.get<std::string>() : cat(merge.at(0).get<std::string>(), " ", merge.at(1).get<std::string>());
  }

  static bool prepends(const Json& pre_tokenizer) {
    if (!has_type(pre_tokenizer, "Metaspace")) return false;
    return !pre_tokenizer.contains("prepend_scheme") || pre_tokenizer["prepend_scheme"] != "never";
  }

  void read_tokens() {
    const auto count = static_cast<size_t>(tokenizer_.vocab_size());
    out_.tokens.resize(count);
    out_.token_types.assign(count, token_type::kUnused);
    for (const auto& [token, id] : model_.at("vocab").items()) set(id.get<TokenId>(), token, token_type::kNormal);
    if (out_.model == "llama")
      for (size_t id = 0; id < count; ++id)
        if (is_byte(out_.tokens[id])) out_.token_types[id] = token_type::kByte;
    for (const Json& added : part("added_tokens")) {
      const auto text = added.at("content").get<std::string>();
      // the tokenizer knows better than the list, which may hold an empty text, or another id for one of the model's tokens
      if (const auto id = tokenizer_.token_to_id(text))
        set(*id, text, tokenizer_.is_special(*id) ? token_type::kControl : token_type::kUserDefined);
    }
    for (size_t id = 0; id < count; ++id)
      if (out_.token_types[id] == token_type::kUnused) out_.tokens[id] = cat("[UNUSED", id, "]");
    if (const Json& unknown = model_.value("unk_token", Json()); unknown.is_string()) {
      out_.unknown = tokenizer_.token_to_id(unknown.get<std::string>());
      if (out_.unknown && out_.model == "llama") out_.token_types[static_cast<size_t>(*out_.unknown)] = token_type::kUnknown;
    }
  }

  void set(TokenId id, const std::string& token, int32_t type) {
    out_.tokens[static_cast<size_t>(id)] = token;
    out_.token_types[static_cast<size_t>(id)] = type;
  }

  /// Whether the post-processor puts a token before or behind the text.
  void read_special_ids() {
    out_.bos = tokenizer_.bos();
    out_.eos = tokenizer_.eos();
    const std::vector<TokenId> around = tokenizer_.encode("", {});
    const bool first = !around.empty(), last = around.size() > 1;
    if (around.size() > 2 || (last && around.back() != out_.eos) || (first && !last && around.front() != out_.bos))
      base::input_error(kGgufOutWhere, {"the tokens around a text cannot be written as GGUF", cat(around.size(), " tokens"),
                                        "bos before the text, eos behind it, or none"});
    out_.add_bos = first;
    out_.add_eos = last;
  }

  void read_scores() {
    out_.scores.assign(out_.tokens.size(), 0);
    float rank = 0;
    for (const Json& merge : model_.at("merges")) {
      std::string token = spelled(merge);
      token.erase(merge.is_string() ? token.find(' ') : merge.at(0).get_ref<const std::string&>().size(), 1);
      if (auto id = tokenizer_.token_to_id(token); id && out_.scores[static_cast<size_t>(*id)] == 0)
        out_.scores[static_cast<size_t>(*id)] = -++rank;
    }
  }

  const Tokenizer& tokenizer_;
  Json json_;
  const Json& model_;
  GgufVocabulary out_;
};

}  // namespace

GgufVocabulary gguf_vocabulary_of(const Tokenizer& tokenizer) { return Reader(tokenizer).read(); }

}  // namespace athanor::text
