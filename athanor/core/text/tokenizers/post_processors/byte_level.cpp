// ByteLevel: trims offsets only, so the ids stay as they are.

#include "athanor/core/text/tokenizers/post_processor.h"

namespace athanor::text {

namespace {

class ByteLevelPostProcessor final : public PostProcessor {
 public:
  void process(std::vector<TokenId>&, bool) const override {}
};

}  // namespace

std::unique_ptr<PostProcessor> make_byte_level_post(const Component&, int64_t) {
  return std::make_unique<ByteLevelPostProcessor>();
}

}  // namespace athanor::text
