// Every block format, in the order of GGUF's numbers.

#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/block_format.h"

namespace athanor::checkpoint {

using Decode = void(const std::byte*, int64_t, float*);
using Encode = void(const float*, int64_t, std::byte*);
Decode decode_f32, decode_f16, decode_bf16, decode_q4_0, decode_q4_1, decode_q5_0, decode_q5_1, decode_q8_0, decode_q2_k,
    decode_q3_k, decode_q4_k, decode_q5_k, decode_q6_k, decode_iq4_nl, decode_iq4_xs;
Encode encode_f32, encode_f16, encode_bf16, encode_q4_0, encode_q4_1, encode_q5_0, encode_q5_1, encode_q8_0, encode_q4_k,
    encode_q5_k, encode_q6_k;

std::span<const BlockFormat> block_formats() {
  constexpr auto kNone = std::nullopt;
  using enum base::DType;
  // entry, number in files, numbers and bytes of a block, the same type elsewhere, decode, encode
  static const BlockFormat kFormats[] = {
      {{"F32", "single precision", "ggml", "blocks/plain.cpp"}, 0, 1, 4, kF32, decode_f32, encode_f32},
      {{"F16", "half precision", "ggml", "blocks/plain.cpp"}, 1, 1, 2, kF16, decode_f16, encode_f16},
      {{"Q4_0", "4 bits, a scale per 32: 4.5 bits a number", "ggml", "blocks/simple.cpp"},
       2,
       32,
       18,
       kNone,
       decode_q4_0,
       encode_q4_0},
      {{"Q4_1", "4 bits, scale and minimum per 32: 5 bits", "ggml", "blocks/simple.cpp"},
       3,
       32,
       20,
       kNone,
       decode_q4_1,
       encode_q4_1},
      {{"Q5_0", "5 bits, a scale per 32: 5.5 bits", "ggml", "blocks/simple.cpp"}, 6, 32, 22, kNone, decode_q5_0, encode_q5_0},
      {{"Q5_1", "5 bits, scale and minimum per 32: 6 bits", "ggml", "blocks/simple.cpp"},
       7,
       32,
       24,
       kNone,
       decode_q5_1,
       encode_q5_1},
      {{"Q8_0", "8 bits, a scale per 32: 8.5 bits", "ggml", "blocks/simple.cpp"}, 8, 32, 34, kNone, decode_q8_0, encode_q8_0},
      {{"Q2_K", "2 bits, scales in two floors: 2.6 bits", "ggml", "blocks/k_decode.cpp"}, 10, 256, 84, kNone, decode_q2_k, nullptr},
      {{"Q3_K", "3 bits, scales in two floors: 3.4 bits", "ggml", "blocks/k_decode.cpp"},
       11,
       256,
       110,
       kNone,
       decode_q3_k,
       nullptr},
      {{"Q4_K", "4 bits, scales in two floors: 4.5 bits", "ggml", "blocks/k_encode.cpp"},
       12,
       256,
       144,
       kNone,
       decode_q4_k,
       encode_q4_k},
      {{"Q5_K", "5 bits, scales in two floors: 5.5 bits", "ggml", "blocks/k_encode.cpp"},
       13,
       256,
       176,
       kNone,
       decode_q5_k,
       encode_q5_k},
      {{"Q6_K", "6 bits, scales in two floors: 6.6 bits", "ggml", "blocks/k_encode.cpp"},
       14,
       256,
       210,
       kNone,
       decode_q6_k,
       encode_q6_k},
      {{"IQ4_NL", "16 uneven levels, a scale per 32: 4.5 bits", "ggml", "blocks/iq4.cpp"},
       20,
       32,
       18,
       kNone,
       decode_iq4_nl,
       nullptr},
      {{"IQ4_XS", "16 uneven levels, scales in two floors: 4.25 bits", "ggml", "blocks/iq4.cpp"},
       23,
       256,
       136,
       kNone,
       decode_iq4_xs,
       nullptr},
      {{"BF16", "the upper half of single precision", "ggml", "blocks/plain.cpp"}, 30, 1, 2, kBF16, decode_bf16, encode_bf16},
  };
  return kFormats;
}

const BlockFormat* find_block_format(uint32_t id) {
  for (const BlockFormat& format : block_formats())
    if (format.id == id) return &format;
  return nullptr;
}

const BlockFormat& block_format(std::string_view name) {
  for (const BlockFormat& format : block_formats())
    if (format.name == name) return format;
  base::bug("checkpoint.blocks", {"no block format of that name", std::string(name)});
}

}  // namespace athanor::checkpoint
