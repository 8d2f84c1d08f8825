// Against PEFT: the same base, the same adapter, the same numbers.

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/json.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/learn/adapters/soft_tokens.h"
#include "tests/learn/adapters/tiny_bases.h"
#include "tests/testing/temp_folder.h"

namespace athanor::adapters {
namespace {

std::string name_of(const ::testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// The golden's name of a gradient.
std::string gradient_name(std::string name) {
  if (name.ends_with(".lora_magnitude_vector")) name += ".weight";
  if (name == "prompt_encoder.weight") name = "prompt_encoder.embedding.weight";
  return "gradient." + name;
}

void expect_loss_and_gradients(nn::Decoder& decoder, const testing::Golden& golden) {
  const at::Tensor ids = tensor_of(golden, "ids");
  EXPECT_LE(distance(logits_of(decoder, ids), tensor_of(golden, "logits")), golden.tolerance("logits"));
  at::Tensor loss = decoder.loss({ids}, tensor_of(golden, "targets"));
  EXPECT_LE(relative_distance(loss.reshape({1}), tensor_of(golden, "loss")), golden.tolerance("loss"));
  loss.backward();
  size_t gradients = 0, learned = 0;
  for (const checkpoint::NamedArray& array : golden.arrays().arrays()) gradients += array.name.starts_with("gradient.");
  for (auto& [name, parameter] : decoder.named_parameters()) {
    if (!parameter->requires_grad()) {
      EXPECT_FALSE(parameter->grad().defined()) << name << " is frozen";
      continue;
    }
    ++learned;
    ASSERT_TRUE(parameter->grad().defined()) << name;
    const at::Tensor expected = tensor_of(golden, gradient_name(name));
    EXPECT_LE(relative_distance(parameter->grad(), expected.reshape(parameter->sizes())), golden.tolerance("gradient")) << name;
  }
  EXPECT_EQ(learned, gradients);
}

class Folder : public ::testing::TestWithParam<const char*> {
 protected:
  testing::Golden golden_{std::string("learn_adapters/") + GetParam()};
};

TEST_P(Folder, LogitsLossAndGradientsAreItsModels) {
  auto decoder = base_of(golden_);
  const auto adapter = load_adapter(*decoder, golden_.path());
  expect_loss_and_gradients(*decoder, golden_);
}

TEST_P(Folder, IsWrittenAsPeftWritesIt) {
  auto decoder = base_of(golden_);
  const auto adapter = load_adapter(*decoder, golden_.path());
  const testing::TempFolder folder;
  write_adapter(folder.path(), *adapter, learned_of(*decoder), at::kFloat, "base");
  const auto ours = checkpoint::Checkpoint::open(folder / "adapter_model.safetensors"),
             theirs = checkpoint::Checkpoint::open(golden_.path() / "adapter_model.safetensors");
  for (const checkpoint::NamedArray& array : theirs.arrays()) {
    if (array.name.find("base_layer.") != array.name.npos) continue;  // of the base, which PEFT writes with embeddings
    ASSERT_NE(ours.find(array.name), nullptr) << array.name;
    EXPECT_EQ(ours.at(array.name).shape, array.array.shape) << array.name;
    EXPECT_TRUE(std::ranges::equal(ours.at(array.name).bytes, array.array.bytes)) << array.name;
  }
  for (const checkpoint::NamedArray& array : ours.arrays()) EXPECT_NE(theirs.find(array.name), nullptr) << array.name;
  const base::Json mine = base::read_json_file(folder / "adapter_config.json", "test"),
                   peft = base::read_json_file(golden_.path() / "adapter_config.json", "test");
  for (const char* key :
       {"peft_type", "task_type", "r", "lora_alpha", "use_rslora", "use_dora", "fan_in_fan_out", "bias", "rank_pattern",
        "num_virtual_tokens", "token_dim", "num_attention_heads", "num_layers", "num_transformer_submodules"})
    EXPECT_EQ(mine.value(key, base::Json()), mine.contains(key) ? peft[key] : base::Json()) << key;
  auto again = base_of(golden_);
  const auto other = load_adapter(*again, folder.path());
  const at::Tensor ids = tensor_of(golden_, "ids");
  EXPECT_EQ(distance(logits_of(*again, ids), logits_of(*decoder, ids)), 0);
}

INSTANTIATE_TEST_SUITE_P(Lora, Folder,
                         ::testing::Values("lora", "lora-rs-patterns", "lora-gpt2", "lora-head", "lora-all", "lora-bias",
                                           "lora-bias-all", "dora", "dora-gpt2"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Ia3, Folder, ::testing::Values("ia3", "ia3-gpt2"), name_of);
INSTANTIATE_TEST_SUITE_P(Virtual, Folder, ::testing::Values("prompt-tuning", "prompt-tuning-gpt2", "prefix", "prefix-gpt2"),
                         name_of);

// An adapter that began with LoftQ belongs to a base in four bits. PEFT opens its folder and leaves the base alone, which it would
// quantize again, on a GPU only, if init_lora_weights said "loftq"; on the base that bitsandbytes rounded its logits are ours.
TEST(FourBitBase, PeftOpensItsFolder) {
  const testing::Golden golden("learn_adapters/lora-four-bit-base");
  auto decoder = base_of(golden);
  const auto adapter = load_adapter(*decoder, golden.path());
  const at::Tensor logits = logits_of(*decoder, tensor_of(golden, "ids"));
  EXPECT_LE(distance(logits, tensor_of(golden, "logits")), golden.tolerance("logits"));
  const base::Json ours = adapter->config(), theirs = base::read_json_file(golden.path() / "adapter_config.json", "test");
  for (const char* key : {"peft_type", "task_type", "r", "lora_alpha", "bias", "inference_mode", "init_lora_weights"})
    EXPECT_EQ(ours.value(key, base::Json()), theirs.at(key)) << key;
  EXPECT_EQ(ours.at("loftq_config").at("base"), theirs.at("loftq_config").at("base"));
  const auto moved = [&](const base::Json& config) {  // how far the logits move
    const testing::TempFolder folder;
    folder.write("adapter_config.json", config.dump());
    std::filesystem::copy(golden.path() / "adapter_model.safetensors", folder / "adapter_model.safetensors");
    auto other = base_of(golden);
    const auto loaded = load_adapter(*other, folder.path());
    return distance(logits_of(*other, tensor_of(golden, "ids")), logits);
  };
  base::Json older = theirs, plain = theirs;
  older["init_lora_weights"] = "loftq", plain.erase("loftq_config");
  EXPECT_EQ(moved(older), 0) << "what folders said before";
  EXPECT_GT(moved(plain), 1e-2) << "the rounding is seen";
}

AdapterOptions encoder_options(const std::string& golden) {
  AdapterOptions o;
  o.method = golden == "prefix-projected" ? "prefix-tuning" : "p-tuning";
  o.virtual_tokens = golden == "prefix-projected" ? 3 : 4;
  o.encoder = golden == "p-tuning-lstm" ? "lstm" : "mlp";
  o.encoder_hidden = golden == "prefix-projected" ? 20 : golden == "p-tuning-lstm" ? 12 : 24;
  o.projection = golden == "prefix-projected";
  return o;
}

class Encoder : public Folder {};

TEST_P(Encoder, LearnsAsPeftsDoes) {
  auto decoder = base_of(golden_);
  const AdapterOptions options = encoder_options(GetParam());
  const auto adapter = attach_adapter({*decoder, options});
  {
    at::NoGradGuard no_grad;
    for (auto& [name, parameter] : learned_of(*decoder)) parameter.copy_(tensor_of(golden_, "value." + name));
  }
  expect_loss_and_gradients(*decoder, golden_);

  const testing::TempFolder folder;
  write_adapter(folder.path(), *adapter, learned_of(*decoder), at::kFloat, "base");
  const auto written = checkpoint::Checkpoint::open(folder / "adapter_model.safetensors");
  ASSERT_EQ(written.arrays().size(), 1u) << "the encoder is dropped";
  const auto theirs = checkpoint::Checkpoint::open(golden_.path() / "adapter_model.safetensors");
  EXPECT_LE(testing::largest_difference(checkpoint::to_f32(written.at("prompt_embeddings"), ""),
                                        checkpoint::to_f32(theirs.at("prompt_embeddings"), "")),
            1e-5);
  auto again = base_of(golden_);
  const auto other = load_adapter(*again, folder.path());
  const at::Tensor ids = tensor_of(golden_, "ids");
  EXPECT_LE(distance(logits_of(*again, ids), logits_of(*decoder, ids)), 1e-6) << "what is saved is what was live";
  auto peft = base_of(golden_);
  const auto from_peft = load_adapter(*peft, golden_.path());
  EXPECT_LE(distance(logits_of(*peft, ids), tensor_of(golden_, "logits")), golden_.tolerance("logits"));
}
INSTANTIATE_TEST_SUITE_P(Kinds, Encoder, ::testing::Values("p-tuning-mlp", "p-tuning-lstm", "prefix-projected"), name_of);

}  // namespace
}  // namespace athanor::adapters
