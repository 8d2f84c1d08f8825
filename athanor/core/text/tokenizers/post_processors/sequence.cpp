// Sequence: post-processors one after the other.

#include "athanor/core/text/tokenizers/post_processor.h"

namespace athanor::text {

namespace {

class PostProcessorSequence final : public PostProcessor {
 public:
  PostProcessorSequence(const Component& c, int64_t vocab_size) {
    for (const Component& part : c.list("processors")) parts_.push_back(make_post_processor(part, vocab_size));
  }
  void process(std::vector<TokenId>& ids, bool add_special_tokens) const override {
    for (const auto& part : parts_) part->process(ids, add_special_tokens);
  }

 private:
  std::vector<std::unique_ptr<PostProcessor>> parts_;
};

}  // namespace

std::unique_ptr<PostProcessor> make_post_processor_sequence(const Component& c, int64_t vocab_size) {
  return std::make_unique<PostProcessorSequence>(c, vocab_size);
}

}  // namespace athanor::text
