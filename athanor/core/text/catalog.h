#pragma once
// What this room offers by name, for `athanor list`, the docs and the tests.

#include <vector>

#include "athanor/core/base/catalog.h"

namespace athanor::text {

/// The shelves of tokenizers/: normalizers, pre_tokenizers, models, post_processors, decoders, scanners.
std::vector<base::Shelf> shelves();

}  // namespace athanor::text
