#pragma once
// The fourth stage: special tokens around the ids of a text.

#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/core/text/tokenizers/component.h"

namespace athanor::text {

class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  virtual void process(std::vector<TokenId>& ids, bool add_special_tokens) const = 0;
};

struct PostProcessorRow : base::Entry {
  std::string_view type;
  /// Ids in the component must be below vocab_size.
  std::unique_ptr<PostProcessor> (*make)(const Component&, int64_t vocab_size);
};

std::span<const PostProcessorRow> post_processors();
std::unique_ptr<PostProcessor> make_post_processor(const Component& component, int64_t vocab_size);

}  // namespace athanor::text
