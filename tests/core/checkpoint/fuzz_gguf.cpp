#include "athanor/core/checkpoint/gguf.h"
#include "tests/testing/fuzz.h"

using namespace athanor::checkpoint;

// What is read lies inside the file, and is never more than it; every getter answers or refuses.
ATH_FUZZ_TARGET(gguf) {
  GgufHeader header = parse_gguf(std::as_bytes(std::span(input.data(), input.size())), "fuzz");
  uint64_t total = 0;
  for (const GgufHeader::Tensor& tensor : header.tensors) {
    ATH_FUZZ_CHECK(header.data_begin + tensor.begin + tensor.bytes <= input.size());
    total += tensor.bytes;
  }
  ATH_FUZZ_CHECK(total <= input.size());
  const GgufMetadata& metadata = header.metadata;
  for (const auto& [key, value] : metadata.items()) {
    ATH_FUZZ_CHECK(value.is_array || value.count == 1);
    ATH_FUZZ_CHECK(value.texts.size() <= input.size() / 8 && value.numbers.size() <= input.size());
    for (std::string_view text : value.texts) ATH_FUZZ_CHECK(text.data() >= input.data() && text.size() <= input.size());
    auto ask = [](auto get) {
      try {
        get();
      } catch (const athanor::base::Error& error) {
        if (error.kind() == athanor::base::ErrorKind::kBug) throw;
      }
    };
    ask([&, &key = key] { metadata.integer(key); });
    ask([&, &key = key] { metadata.number(key); });
    ask([&, &key = key] { metadata.boolean(key); });
    ask([&, &key = key] { metadata.text(key); });
    ask([&, &key = key] { metadata.texts(key); });
    ask([&, &key = key] { metadata.integers(key); });
    ask([&, &key = key] { metadata.numbers(key); });
  }
}
