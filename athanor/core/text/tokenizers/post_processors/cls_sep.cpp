// BertProcessing and RobertaProcessing: one token before the text and one after it ("[CLS] text [SEP]").

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/tokenizers/post_processor.h"

namespace athanor::text {

namespace {

/// ["[SEP]", 102]
TokenId id_of(const Component& c, const char* key, int64_t vocab_size) {
  auto pair = c.json().find(key);
  bool fits =
      pair != c.json().end() && pair->is_array() && pair->size() == 2 && (*pair)[0].is_string() && (*pair)[1].is_number_integer();
  if (!fits) c.fail(base::cat("\"", key, "\" is wrong"), "", "[\"token\", id]");
  auto id = (*pair)[1].get<int64_t>();
  if (id < 0 || id >= vocab_size) c.fail(base::cat("the id of \"", key, "\" is not in the vocabulary"), base::cat(id));
  return static_cast<TokenId>(id);
}

class ClsSep final : public PostProcessor {
 public:
  ClsSep(const Component& c, int64_t vocab_size) : cls_(id_of(c, "cls", vocab_size)), sep_(id_of(c, "sep", vocab_size)) {}
  void process(std::vector<TokenId>& ids, bool add_special_tokens) const override {
    if (!add_special_tokens) return;
    ids.insert(ids.begin(), cls_);
    ids.push_back(sep_);
  }

 private:
  TokenId cls_, sep_;
};

}  // namespace

std::unique_ptr<PostProcessor> make_bert_processing(const Component& c, int64_t vocab_size) {
  return std::make_unique<ClsSep>(c, vocab_size);
}

std::unique_ptr<PostProcessor> make_roberta_processing(const Component& c, int64_t vocab_size) {
  c.boolean("trim_offsets"), c.boolean("add_prefix_space");  // of offsets only
  return std::make_unique<ClsSep>(c, vocab_size);
}

}  // namespace athanor::text
