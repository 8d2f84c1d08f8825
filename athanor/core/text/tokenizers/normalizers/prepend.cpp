// Prepend: a fixed text before every piece, as Llama 2's "▁" before the first word.

#include "athanor/core/text/tokenizers/normalizer.h"

namespace athanor::text {

namespace {

class Prepend final : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  std::string normalize(std::string text) const override { return text.empty() ? text : prefix_ + text; }

 private:
  std::string prefix_;
};

}  // namespace

std::unique_ptr<Normalizer> make_prepend(const Component& c) { return std::make_unique<Prepend>(c.short_text("prepend")); }

}  // namespace athanor::text
