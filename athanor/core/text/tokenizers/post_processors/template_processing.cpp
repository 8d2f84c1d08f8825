// TemplateProcessing: "<s> $A </s>" and the like, of which the form for a single text is used here.

#include <nlohmann/json.hpp>

#include "athanor/core/text/tokenizers/post_processor.h"

namespace athanor::text {

namespace {

class TemplateProcessing final : public PostProcessor {
 public:
  TemplateProcessing(const Component& c, int64_t vocab_size) {
    int sequences = 0;
    for (const Component& piece : c.list("single")) {
      if (piece.has("Sequence")) {
        if (piece.object("Sequence").text("id") != "A") piece.fail("a second sequence in the template for one");
        if (++sequences > 8) piece.fail("the sequence more than 8 times");
        pieces_.push_back({true, {}});
      } else if (piece.has("SpecialToken")) {
        pieces_.push_back({false, ids_of(c, piece.object("SpecialToken").text("id"), vocab_size)});
      } else {
        piece.fail("neither a Sequence nor a SpecialToken");
      }
    }
  }

  void process(std::vector<TokenId>& ids, bool add_special_tokens) const override {
    std::vector<TokenId> out;
    for (const Piece& piece : pieces_) {
      if (piece.text) {
        out.insert(out.end(), ids.begin(), ids.end());
      } else if (add_special_tokens) {
        out.insert(out.end(), piece.ids.begin(), piece.ids.end());
      }
    }
    ids = std::move(out);
  }

 private:
  struct Piece {
    bool text;  // the ids of the text, else `ids`
    std::vector<TokenId> ids;
  };

  static std::vector<TokenId> ids_of(const Component& c, const std::string& name, int64_t vocab_size) {
    Component token = c.object("special_tokens").object(name.c_str());
    auto list = token.json().find("ids");
    if (list == token.json().end() || !list->is_array()) token.fail("\"ids\" is missing", "", "a list of ids");
    std::vector<TokenId> ids;
    for (const base::Json& id : *list) {
      if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() >= vocab_size)
        token.fail("an id of \"ids\" is not in the vocabulary");
      ids.push_back(id.get<TokenId>());
    }
    return ids;
  }

  std::vector<Piece> pieces_;
};

}  // namespace

std::unique_ptr<PostProcessor> make_template_processing(const Component& c, int64_t vocab_size) {
  return std::make_unique<TemplateProcessing>(c, vocab_size);
}

}  // namespace athanor::text
