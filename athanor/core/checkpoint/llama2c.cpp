// llama2.c version 0, as its run.c maps it: int32 dim, hidden, layers, heads, kv_heads, vocab, length; then float32, layers
// outermost:
//
//   embedding [V, C]   attention norm [L, C]   q [L, C, C]   k, v [L, G*D, C]   o [L, C, C]   ffn norm [L, C]
//   w1 (gate) [L, F, C]   w2 (down) [L, C, F]   w3 (up) [L, F, C]   final norm [C]   cos and sin tables [length, D/2] each
//   head [V, C], only where vocab is negative; otherwise the head is the embedding
//
// It rotates neighbours (2j, 2j+1) of a head; Hugging Face's Llama rotates (j, j + D/2). So rows of q and k move, head by head:
// row 2j goes to j, row 2j+1 to j + D/2. With grouped heads k has G of them. Everything else is only named.
// Checked on stories260K against goldens made with an independent reader (tests/golden/run_engine/stories260K).

#include "athanor/core/checkpoint/llama2c.h"

#include <cstring>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

#include "athanor/core/base/byte_reader.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/checked.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::checkpoint {
namespace {

constexpr const char* kLlama2cWhere = "checkpoint.llama2c";

struct Sizes {
  int32_t dim, hidden, layers, heads, kv_heads, vocab, length;
};
static_assert(sizeof(Sizes) == 28);

bool plausible(const Sizes& s) {
  auto within = [](int64_t n, int64_t most) { return n >= 1 && n <= most; };
  return within(s.dim, 65'536) && within(s.hidden, 1 << 20) && within(s.layers, 1024) && within(s.heads, s.dim) &&
         within(s.kv_heads, s.heads) && within(std::abs(static_cast<int64_t>(s.vocab)), 1 << 24) && within(s.length, 1 << 24) &&
         s.dim % s.heads == 0 && s.heads % s.kv_heads == 0 && s.dim / s.heads % 2 == 0;
}

std::string sizes_text(const Sizes& s) {
  return base::cat("dim ", s.dim, ", hidden ", s.hidden, ", layers ", s.layers, ", heads ", s.heads, ", kv_heads ", s.kv_heads,
                   ", vocab ", s.vocab, ", length ", s.length);
}

struct Llama2cStorage {
  base::MappedFile file;
  std::deque<std::vector<float>> converted;
};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string_view source, Llama2cStorage& storage)
      : bytes_(bytes, kLlama2cWhere, std::string(source)), source_(source), storage_(storage) {}

  void read(Llama2cModel& model) {
    read_sizes();
    read_weights();
    if (bytes_.remaining() != 0)
      base::file_error(kLlama2cWhere, {base::cat(source_, ": bytes behind the weights"), base::cat(bytes_.remaining()), "0"});
    model.config = std::make_shared<base::Json>(config());
    model.arrays = std::move(arrays_);
  }

 private:
  void read_sizes() {
    if (bytes_.remaining() >= 4) {
      base::ByteReader peek = bytes_;
      if (peek.read<uint32_t>("magic") == 0x616b3432)
        base::file_error(kLlama2cWhere, {base::cat(source_, ": a llama2.c file of version 1 or 2"), "magic ak42", "version 0",
                                         "llama2.c's export.py with --version 0"});
    }
    sizes_ = bytes_.read<Sizes>("the seven numbers of the header");
    if (!plausible(sizes_))
      base::file_error(kLlama2cWhere, {base::cat(source_, ": not a llama2.c file"), sizes_text(sizes_),
                                       "positive sizes, heads that divide, an even head size"});
    tied_ = sizes_.vocab > 0;
    vocab_ = std::abs(static_cast<int64_t>(sizes_.vocab));
    head_dim_ = sizes_.dim / sizes_.heads;
  }

  void read_weights() {
    const int64_t c = sizes_.dim, f = sizes_.hidden, kv = sizes_.kv_heads * head_dim_;
    one("model.embed_tokens.weight", {vocab_, c});
    each("input_layernorm.weight", {c});
    each("self_attn.q_proj.weight", {c, c}, sizes_.heads);
    each("self_attn.k_proj.weight", {kv, c}, sizes_.kv_heads);
    each("self_attn.v_proj.weight", {kv, c});
    each("self_attn.o_proj.weight", {c, c});
    each("post_attention_layernorm.weight", {c});
    each("mlp.gate_proj.weight", {f, c});
    each("mlp.down_proj.weight", {c, f});
    each("mlp.up_proj.weight", {f, c});
    one("model.norm.weight", {c});
    bytes_.take(floats(sizes_.length * (head_dim_ / 2) * 2), "the rotary tables");  // computed anew by whoever runs the model
    if (!tied_) one("lm_head.weight", {vocab_, c});
  }

  static uint64_t floats(int64_t n) { return static_cast<uint64_t>(n) * sizeof(float); }

  /// `heads` > 0: the rows of that many heads are brought into Hugging Face's order.
  void one(std::string name, std::vector<int64_t> shape, int64_t heads = 0) {
    int64_t count = *base::checked_count(shape);  // ranges keep it below 2^43
    std::span<const std::byte> bytes = bytes_.take(floats(count), name);
    if (heads > 0) bytes = half_rotation(bytes, heads, shape[1]);
    arrays_.push_back({std::move(name), {base::DType::kF32, std::move(shape), bytes}});
  }

  void each(const char* name, const std::vector<int64_t>& shape, int64_t heads = 0) {
    for (int32_t layer = 0; layer < sizes_.layers; ++layer) one(base::cat("model.layers.", layer, ".", name), shape, heads);
  }

  std::span<const std::byte> half_rotation(std::span<const std::byte> bytes, int64_t heads, int64_t columns) {
    std::vector<float>& out = storage_.converted.emplace_back(bytes.size() / sizeof(float));
    const size_t row = floats(columns);
    auto* to = reinterpret_cast<std::byte*>(out.data());
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t i = 0; i < head_dim_; ++i) {
        int64_t moved = i / 2 + (i % 2) * (head_dim_ / 2);
        std::memcpy(to + static_cast<size_t>(h * head_dim_ + moved) * row,
                    bytes.data() + static_cast<size_t>(h * head_dim_ + i) * row, row);
      }
    return std::as_bytes(std::span<const float>(out));
  }

  base::Json config() const {
    return {{"architectures", {"LlamaForCausalLM"}},
            {"attention_bias", false},
            {"bos_token_id", 1},
            {"dtype", "float32"},
            {"eos_token_id", 2},
            {"head_dim", head_dim_},
            {"hidden_act", "silu"},
            {"hidden_size", sizes_.dim},
            {"intermediate_size", sizes_.hidden},
            {"max_position_embeddings", sizes_.length},
            {"mlp_bias", false},
            {"model_type", "llama"},
            {"num_attention_heads", sizes_.heads},
            {"num_hidden_layers", sizes_.layers},
            {"num_key_value_heads", sizes_.kv_heads},
            {"rms_norm_eps", 1e-5},
            {"rope_parameters", {{"rope_theta", 10000.0}, {"rope_type", "default"}}},
            {"rope_theta", 10000.0},
            {"tie_word_embeddings", tied_},
            {"vocab_size", vocab_}};
  }

  base::ByteReader bytes_;
  std::string_view source_;
  Llama2cStorage& storage_;
  Sizes sizes_{};
  int64_t vocab_ = 0, head_dim_ = 0;
  bool tied_ = true;
  std::vector<NamedArray> arrays_;
};

}  // namespace

Llama2cModel parse_llama2c(std::span<const std::byte> bytes, std::string_view source) {
  auto storage = std::make_shared<Llama2cStorage>();
  Llama2cModel model;
  Reader(bytes, source, *storage).read(model);
  model.storage = std::move(storage);
  return model;
}

Llama2cModel read_llama2c(const std::filesystem::path& path) {
  auto storage = std::make_shared<Llama2cStorage>();
  storage->file = base::MappedFile(path);
  Llama2cModel model;
  Reader(storage->file.bytes(), path.string(), *storage).read(model);
  model.storage = std::move(storage);
  return model;
}

bool looks_like_llama2c(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Sizes sizes;
  return file.read(reinterpret_cast<char*>(&sizes), sizeof sizes) && plausible(sizes);
}

}  // namespace athanor::checkpoint
