// Sequence: normalizers one after the other.

#include "athanor/core/text/tokenizers/normalizer.h"

namespace athanor::text {

namespace {

class NormalizerSequence final : public Normalizer {
 public:
  explicit NormalizerSequence(const Component& c) {
    for (const Component& part : c.list("normalizers")) parts_.push_back(make_normalizer(part));
  }
  std::string normalize(std::string text) const override {
    size_t before = text.size();
    for (const auto& part : parts_) {
      text = part->normalize(std::move(text));
      check_growth(before, text.size());
    }
    return text;
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> parts_;
};

}  // namespace

std::unique_ptr<Normalizer> make_normalizer_sequence(const Component& c) { return std::make_unique<NormalizerSequence>(c); }

}  // namespace athanor::text
