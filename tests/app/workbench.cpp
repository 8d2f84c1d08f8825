#include "tests/app/workbench.h"

#include <cstdlib>
#include <fstream>

#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace fs = std::filesystem;

namespace {

/// folder/adapter: a LoRA on the model's q_proj, as PEFT writes it.
void write_adapter(const testing::TempFolder& folder) {
  folder.write("adapter/adapter_config.json",
               R"({"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]})");
  std::vector<float> numbers(2 * 64);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = 0.01f * static_cast<float>(i % 7) - 0.03f;
  const auto bytes = std::as_bytes(std::span(numbers));
  std::vector<checkpoint::NamedArray> arrays;
  for (int layer = 0; layer < 5; ++layer) {
    const std::string module = "base_model.model.model.layers." + std::to_string(layer) + ".self_attn.q_proj.";
    arrays.push_back({module + "lora_A.weight", {base::DType::kF32, {2, 64}, bytes}});
    arrays.push_back({module + "lora_B.weight", {base::DType::kF32, {64, 2}, bytes}});
  }
  checkpoint::write_safetensors(folder / "adapter/adapter_model.safetensors", arrays);
}

}  // namespace

Workbench::Workbench() {
  fs::path golden = testing::source_path("tests/golden/run_engine/stories260K");
  fs::copy_file(golden / "stories260K.bin", folder_ / "stories260K.bin");
  fs::copy_file(golden / "stories260K.tok512.bin", folder_ / "tok512.bin");
  std::string corpus = base::read_text_file(testing::source_path("assets/corpus/tinyshakespeare.txt"));
  folder_.write("text.txt", corpus.substr(0, 60'000));
  folder_.write("samples.jsonl", "{\"instruction\": \"Say hello.\", \"input\": \"\", \"output\": \"Hello there!\"}\n");
  auto made = run({"convert", "stories260K.bin", "--tokenizer", "tok512.bin", "--out", "model"});
  if (made.exit_code != 0) throw std::runtime_error("convert failed: " + made.err);
  write_adapter(folder_);
  folder_.write(
      "model/chat_template.jinja",
      "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}");
}

testing::ProgramOptions Workbench::options() const {
  testing::ProgramOptions options;
  options.folder = folder_.path();
  options.seconds = 240;
  const char* path = std::getenv("PATH");
  options.environment = {"ATHANOR_RUNS=" + (folder_ / "runs.db").string(),
                         "PATH=" + testing::build_path("bin").string() + ":" + (path ? path : "")};
  return options;
}

testing::ProgramResult Workbench::run(const std::vector<std::string>& arguments, const std::string& input) const {
  testing::ProgramOptions o = options();
  o.input = input;
  return testing::run_athanor(arguments, o);
}

testing::ProgramResult Workbench::shell(const std::string& line) const {
  return testing::run_program("/bin/sh", {"-c", line}, options());
}

base::Json Workbench::json(const std::vector<std::string>& arguments) const {
  auto result = run(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.find('\n'), result.out.size() - 1) << "one line: " << result.out;
  return base::parse_json(result.out, "test", "standard output");
}

bool learns() { return fs::exists(testing::build_path("bin/athanor-learn")); }

std::vector<Block> blocks_of(const fs::path& file) {
  std::ifstream lines(file);
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("```")) {
      if (!inside) blocks.push_back({line.substr(3), "", number});
      inside = !inside;
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

}  // namespace athanor::app
