#include "athanor/core/checkpoint/model_folder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::checkpoint {
namespace {
namespace fs = std::filesystem;

std::string error_of_model_folder(const std::function<void()>& run, base::ErrorKind kind) {
  try {
    run();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

fs::path golden_folder(const char* name) { return testing::Golden(name).path() / "model"; }

TEST(ModelFolder, TransformersFolderIsWrittenAgainByteByByte) {
  testing::TempFolder temp;
  fs::path original = golden_folder("core_checkpoint/folder");
  ModelFolder folder = ModelFolder::open(original);
  write_model_folder(temp / "out", *folder.config, folder.generation_config.get(), folder.weights.arrays(),
                     {.carry_from = original});
  for (const char* file : {"config.json", "generation_config.json", "model.safetensors"})
    EXPECT_EQ(base::read_text_file(temp / "out" / file), base::read_text_file(original / file)) << file;
}

TEST(ModelFolder, ShardsHoldTheSameArraysAsOneFile) {
  ModelFolder whole = ModelFolder::open(golden_folder("core_checkpoint/folder")),
              sharded = ModelFolder::open(golden_folder("core_checkpoint/sharded"));
  ASSERT_EQ(sharded.weights.arrays().size(), whole.weights.arrays().size());
  for (const NamedArray& array : whole.weights.arrays()) {
    const ArrayView& other = sharded.weights.at(array.name);
    EXPECT_EQ(other.shape, array.array.shape);
    EXPECT_TRUE(std::ranges::equal(other.bytes, array.array.bytes)) << array.name;
  }
  EXPECT_EQ(sharded.weights.total_bytes(), whole.weights.total_bytes());
}

TEST(ModelFolder, LeavesTheRecordsOfARunBehind) {
  testing::TempFolder temp;
  for (const char* file : {"run/config.json", "run/tokenizer.json", "run/train.log", "run/recipe.yaml", "run/data/a.tokens",
                           "run/tensorboard/events", "run/best/config.json", "plain/config.json", "plain/data/notes.txt"})
    temp.write(file, "{}");
  for (const char* folder : {"run", "plain"})
    write_model_folder(temp / (std::string(folder) + "-out"), base::Json::object(), nullptr, {}, {.carry_from = temp / folder});
  fs::remove_all(temp / "run");
  fs::remove_all(temp / "plain");
  EXPECT_EQ(temp.listing(),
            "plain-out plain-out/config.json plain-out/data plain-out/data/notes.txt plain-out/model.safetensors "
            "run-out run-out/config.json run-out/model.safetensors run-out/tokenizer.json");
}

TEST(ModelFolder, CarriesWhatItDoesNotKnowAndLeavesOldWeightsBehind) {
  testing::TempFolder temp;
  temp.write("in/config.json", R"({"model_type": "llama", "torch_dtype": "float16", "未来": [1, {"x": null}], "z": 1e-7})");
  for (const char* file : {"in/tokenizer.json", "in/LICENSE", "in/additional_chat_templates/tool.jinja", "in/notes/2024.txt"})
    temp.write(file, file);
  for (const char* file : {"in/pytorch_model.bin", "in/model-00001-of-00009.safetensors", "in/.git/HEAD",
                           "in/checkpoint-50/optimizer", "in/model.gguf", "in/pytorch_model.bin.index.json"})
    temp.write(file, file);
  fs::create_symlink(temp / "in/LICENSE", temp / "in/link");
  fs::create_directory_symlink(temp / "in", temp / "in/loop");
  float value = 1;
  std::vector<NamedArray> arrays = {{"w", {base::DType::kF32, {1}, std::as_bytes(std::span(&value, 1))}}};
  base::Json config = base::read_json_file(temp / "in/config.json", "test");
  write_model_folder(temp / "out", config, nullptr, arrays, {.carry_from = temp / "in"});
  fs::remove_all(temp / "in");
  EXPECT_EQ(temp.listing(),
            "out out/LICENSE out/additional_chat_templates out/additional_chat_templates/tool.jinja out/config.json out/"
            "link out/model.safetensors "
            "out/notes out/notes/2024.txt out/tokenizer.json");
  config["torch_dtype"] = "float32";
  EXPECT_EQ(*ModelFolder::open(temp / "out").config, config);
  EXPECT_EQ(base::read_text_file(temp / "out/additional_chat_templates/tool.jinja"), "in/additional_chat_templates/tool.jinja");
}

TEST(ModelFolder, AnExistingTargetIsReplacedOnlyWhenAsked) {
  testing::TempFolder temp;
  temp.write("out/precious.txt", "x");
  error_of_model_folder([&] { write_model_folder(temp / "out", {{"a", 1}}, nullptr, {}); }, base::ErrorKind::kInput);
  EXPECT_EQ(temp.listing(), "out out/precious.txt");
  write_model_folder(temp / "out", {{"a", 1}}, nullptr, {}, {.replace = true});
  EXPECT_EQ(temp.listing(), "out out/config.json out/model.safetensors");
}

TEST(ModelFolder, TheDtypeIsThatOfMostBytes) {
  testing::TempFolder temp;
  std::vector<std::byte> bytes(64);
  std::vector<NamedArray> arrays = {{"norm", {base::DType::kF32, {4}, std::span(bytes).first(16)}},
                                    {"w", {base::DType::kBF16, {32}, bytes}},
                                    {"ids", {base::DType::kI64, {8}, bytes}}};
  write_model_folder(temp / "out", {{"model_type", "llama"}}, nullptr, arrays);
  EXPECT_EQ(ModelFolder::open(temp / "out").config->at("dtype"), "bfloat16");
}

TEST(ModelFolder, SaysWhatIsMissing) {
  testing::TempFolder temp;
  EXPECT_NE(
      error_of_model_folder([&] { ModelFolder::open(temp / "nowhere"); }, base::ErrorKind::kInput).find("nowhere: no such folder"),
      std::string::npos);
  EXPECT_NE(error_of_model_folder([&] { ModelFolder::open(temp.write("file", "")); }, base::ErrorKind::kInput).find("not a folder"),
            std::string::npos);
  EXPECT_NE(error_of_model_folder([&] { ModelFolder::open(temp.path()); }, base::ErrorKind::kInput).find("no config.json"),
            std::string::npos);
  temp.write("config.json", "{}");
  EXPECT_NE(
      error_of_model_folder([&] { ModelFolder::open(temp.path()); }, base::ErrorKind::kInput).find("no weights in this folder"),
      std::string::npos);
  temp.write("config.json", "[]");
  EXPECT_NE(error_of_model_folder([&] { ModelFolder::open(temp.path()); }, base::ErrorKind::kFile)
                .find("config.json: malformed; got array"),
            std::string::npos);
}

TEST(ModelFolder, AFolderOfGgufFilesSaysToNameOne) {
  testing::TempFolder temp;
  temp.write("model.Q8_0.gguf", "");
  temp.write("model.Q4_0.gguf", "");
  const std::string said = error_of_model_folder([&] { ModelFolder::open(temp.path()); }, base::ErrorKind::kInput);
  EXPECT_NE(said.find("try name the file: " + (temp / "model.Q4_0.gguf").string()), std::string::npos) << said;
}

TEST(ModelFolder, PathsThatCannotBeAreInputErrors) {
  testing::TempFolder temp;
  for (const fs::path& path :
       {fs::path(std::string(5000, 'x')), fs::path(std::string("a\0b", 3)), fs::path(""), temp.write("file", "") / "below"}) {
    error_of_model_folder([&] { ModelFolder::open(path); }, base::ErrorKind::kInput);
    error_of_model_folder([&] { Checkpoint::open(path); }, base::ErrorKind::kInput);
  }
}

TEST(ModelFolder, PicklesAreRefusedWithTheLineThatSavesThemAnew) {
  testing::TempFolder temp;
  temp.write("config.json", "{}");
  temp.write("pytorch_model.bin", "PK");
  for (const fs::path& path : {temp.path(), temp / "pytorch_model.bin"}) {
    std::string text = error_of_model_folder([&] { Checkpoint::open(path); }, base::ErrorKind::kInput);
    EXPECT_NE(text.find("never read"), std::string::npos) << text;
    EXPECT_NE(
        text.find("python3 -c \"from transformers import AutoModelForCausalLM as M; M.from_pretrained('.').save_pretrained('.')\""),
        std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace athanor::checkpoint
