#include "athanor/core/models/adapter.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "tests/testing/cases.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::models {
namespace {

/// A good adapter of run_engine/llama-gqa (q_proj in both layers), changed as a case says:
/// {"config": {key: value or null to drop}, "arrays": {name: shape or null to drop}, "text": the config as it stands}.
void write_adapter(const std::filesystem::path& folder, const base::Json& change) {
  base::Json config = {{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 4}, {"target_modules", {"q_proj"}}};
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const char* layer : {"0", "1"}) {
    const std::string module = std::string("base_model.model.model.layers.") + layer + ".self_attn.q_proj.";
    shapes[module + "lora_A.weight"] = {2, 32};
    shapes[module + "lora_B.weight"] = {32, 2};
  }
  const base::Json keys = change.value("config", base::Json::object()), others = change.value("arrays", base::Json::object());
  for (const auto& [key, value] : keys.items())
    if (value.is_null())
      config.erase(key);
    else
      config[key] = value;
  for (const auto& [name, shape] : others.items())
    if (shape.is_null())
      shapes.erase(name);
    else
      shapes[name] = shape.get<std::vector<int64_t>>();
  std::ofstream(folder / "adapter_config.json") << change.value("text", config.dump());
  const std::vector<float> numbers(size_t{1} << 16, 0.5f);
  std::vector<checkpoint::NamedArray> arrays;
  for (const auto& [name, shape] : shapes) {
    checkpoint::ArrayView view = {base::DType::kF32, shape, {}};
    view.bytes = std::as_bytes(std::span(numbers).first(static_cast<size_t>(view.count())));
    arrays.push_back({name, view});
  }
  if (!change.contains("no_file")) checkpoint::write_safetensors(folder / "adapter_model.safetensors", arrays);
}

TEST(Adapter, MalformedOnesAreNamed) {
  const auto base_folder = checkpoint::ModelFolder::open(testing::Golden("run_engine/llama-gqa").path());
  const DecoderModel model = decoder_from_config(*base_folder.config);
  const auto cases = testing::read_cases(std::filesystem::path(ATHANOR_SOURCE_DIR) / "tests/malformed/adapter.cases");
  EXPECT_GE(cases.size(), 20u);
  for (const testing::Case& c : cases) {
    const testing::TempFolder folder;
    write_adapter(folder.path(), base::parse_json(c.input, "test", c.name));
    int code = 0;
    std::string message = "merged";
    try {
      merge_adapter(model, base_folder.weights, folder.path());
    } catch (const base::Error& e) {
      code = e.exit_code();
      message = e.what();
    }
    EXPECT_EQ(code, c.exit_code) << c.name << " (line " << c.line << "): " << message;
    EXPECT_NE(message.find(c.expected), std::string::npos) << c.name << " (line " << c.line << "): " << message;
    EXPECT_LE(message.size(), 400u);
  }
  const testing::TempFolder empty;
  EXPECT_THROW(merge_adapter(model, base_folder.weights, empty.path()), base::Error);
}

TEST(Adapter, AddsScaledProducts) {
  const auto base_folder = checkpoint::ModelFolder::open(testing::Golden("run_engine/llama-gqa").path());
  const DecoderModel model = decoder_from_config(*base_folder.config);
  const testing::TempFolder folder;
  write_adapter(folder.path(), base::Json::object());
  const auto merged = merge_adapter(model, base_folder.weights, folder.path());
  const char* name = "model.layers.1.self_attn.q_proj.weight";
  const float *before = base_folder.weights.at(name).as<float>(), *after = merged.at(name).as<float>();
  for (int64_t i = 0; i < 32 * 32; ++i)
    EXPECT_FLOAT_EQ(after[i], before[i] + 2 * (2 * 0.25f)) << "alpha / r = 2, two products of 0.5 * 0.5";
  EXPECT_EQ(merged.at("model.layers.1.self_attn.k_proj.weight").as<float>(),
            base_folder.weights.at("model.layers.1.self_attn.k_proj.weight").as<float>())
      << "what it does not change is not copied";
}

}  // namespace
}  // namespace athanor::models
