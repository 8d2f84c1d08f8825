#pragma once
// The first stage: text is rewritten before it is cut (Unicode forms, a space mark before the first word, ...).

#include <memory>
#include <span>
#include <string>

#include "athanor/core/base/catalog.h"
#include "athanor/core/text/tokenizers/component.h"

namespace athanor::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  /// Takes and gives valid UTF-8.
  virtual std::string normalize(std::string text) const = 0;
  /// Whether a text may be cut after a line end between two letters of ASCII, and its parts normalized one by one.
  virtual bool keeps_lines_apart() const { return false; }
};

/// A file that blows text up is refused before memory is: at most 64 times the text and 64 MiB. Throws input_error.
void check_growth(size_t before, size_t after);

struct NormalizerRow : base::Entry {
  std::string_view type;  // in tokenizer.json
  std::unique_ptr<Normalizer> (*make)(const Component&);
};

std::span<const NormalizerRow> normalizers();
std::unique_ptr<Normalizer> make_normalizer(const Component& component);

}  // namespace athanor::text
