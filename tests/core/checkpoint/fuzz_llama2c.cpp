#include "athanor/core/checkpoint/llama2c.h"
#include "tests/testing/fuzz.h"

using namespace athanor::checkpoint;

// Arrays together are never larger than the file.
ATH_FUZZ_TARGET(llama2c) {
  Llama2cModel model = parse_llama2c(std::as_bytes(std::span(input.data(), input.size())), "fuzz");
  size_t total = 28;
  for (const NamedArray& array : model.arrays) {
    ATH_FUZZ_CHECK(array.array.bytes.size() == static_cast<size_t>(array.array.count()) * 4);
    total += array.array.bytes.size();
  }
  ATH_FUZZ_CHECK(total <= input.size());
}
