#include "athanor/core/text/tokenizers/normalizer.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::text {

void check_growth(size_t before, size_t after) {
  if (after <= (size_t{64} << 20) || after / 64 <= before) return;
  base::input_error("text.normalize",
                    {"the tokenizer's normalizer makes too much of the text", base::cat(before, " bytes became ", after)});
}

}  // namespace athanor::text
