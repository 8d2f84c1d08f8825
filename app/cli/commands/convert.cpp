// athanor convert: a llama2.c file, a model folder or a GGUF file -> a model folder or a GGUF file.

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/gguf_convert.h"
#include "app/cli/gguf_tokenizer.h"
#include "app/cli/output.h"
#include "app/cli/scratch_folder.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/dtype.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/checkpoint/llama2c.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/extend_positions.h"
#include "athanor/core/models/gguf_model.h"
#include "athanor/core/text/llama2c_tokenizer.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string in, out, tokenizer, type, new_positions = models::new_position_kinds().front();
  int64_t positions = 0;
  bool force = false;
};

bool is_floating(base::DType type) {
  return type == base::DType::kF64 || type == base::DType::kF32 || type == base::DType::kF16 || type == base::DType::kBF16;
}

std::vector<std::byte> as_type(const std::vector<float>& values, base::DType type) {
  std::vector<std::byte> out(values.size() * base::dtype_size(type));
  if (type == base::DType::kF32) {
    std::memcpy(out.data(), values.data(), out.size());
    return out;
  }
  auto* to = reinterpret_cast<uint16_t*>(out.data());
  for (size_t i = 0; i < values.size(); ++i)
    to[i] = type == base::DType::kBF16 ? base::f32_to_bf16(values[i]) : base::f32_to_f16(values[i]);
  return out;
}

/// Floating arrays in another type; `storage` keeps what was made.
std::vector<checkpoint::NamedArray> converted(const std::vector<checkpoint::NamedArray>& arrays, base::DType type,
                                              std::vector<std::vector<std::byte>>& storage) {
  base::Progress progress("converting", arrays.size(), "arrays");
  std::vector<checkpoint::NamedArray> out;
  for (const checkpoint::NamedArray& array : arrays) {
    out.push_back(array);
    progress.advance(1);
    if (!is_floating(array.array.dtype) || array.array.dtype == type) continue;
    storage.push_back(as_type(checkpoint::to_f32(array.array, array.name), type));
    out.back().array.dtype = type;
    out.back().array.bytes = storage.back();
  }
  progress.finish();
  return out;
}

/// Gives a model of learned positions a longer table of them, in its arrays and its config.
void extend_positions(const Arguments& a, const checkpoint::ModelFolder& folder, base::Json& config,
                      std::vector<checkpoint::NamedArray>& arrays, std::vector<std::vector<std::byte>>& storage) {
  const models::DecoderModel model = models::decoder_from_config(config);
  if (model.spec.position != models::PositionKind::kLearned)
    base::input_error("cli.convert", {"only learned positions have a table to extend", config.value("model_type", ""), "gpt2",
                                      "rope_scaling in config.json stretches rotary positions"});
  if (a.positions <= model.spec.max_positions)
    base::input_error("cli.convert", {"--positions makes a table longer", base::cat(a.positions),
                                      base::cat("more than ", model.spec.max_positions)});
  const checkpoint::ArrayView* old = models::find_weight(model, folder.weights, models::Slot::kPositionEmbedding);
  for (checkpoint::NamedArray& array : arrays) {
    if (array.array.bytes.data() != old->bytes.data()) continue;
    const std::vector<float> table = checkpoint::to_f32(*old, array.name);
    storage.push_back(as_type(
        models::extended_positions(table, model.spec.hidden, a.positions, a.new_positions, model.spec.init_std, 0), old->dtype));
    array.array = {old->dtype, {a.positions, model.spec.hidden}, storage.back()};
  }
  config["n_positions"] = a.positions;
  if (config.contains("n_ctx")) config["n_ctx"] = a.positions;
}

base::DType wanted_type(const std::string& dtype) {
  base::DType type = *base::dtype_from_user(dtype);
  if (type != base::DType::kF32 && type != base::DType::kF16 && type != base::DType::kBF16)
    base::input_error("cli.convert", {"weights cannot be written this way", dtype, "f32, f16 or bf16"});
  return type;
}

std::string gguf_type(base::DType type) { return type == base::DType::kF32 ? "f32" : type == base::DType::kF16 ? "f16" : "bf16"; }

void convert_llama2c(const Arguments& a, const std::string& dtype) {
  checkpoint::Llama2cModel model = checkpoint::read_llama2c(a.in);
  std::vector<std::vector<std::byte>> storage;
  if (!dtype.empty()) model.arrays = converted(model.arrays, wanted_type(dtype), storage);
  ScratchFolder scratch(base::cat(a.out, ".tokenizer-", getpid()));
  if (!a.tokenizer.empty()) text::convert_llama2c_tokenizer(a.tokenizer, scratch.path());
  base::Json generation = {{"bos_token_id", 1}, {"eos_token_id", 2}, {"do_sample", true}};
  checkpoint::write_model_folder(a.out, *model.config, &generation, model.arrays,
                                 {.carry_from = a.tokenizer.empty() ? fs::path() : scratch.path(), .replace = a.force});
}

void convert_folder(const Arguments& a, const std::string& dtype) {
  if (!a.tokenizer.empty())
    base::input_error("cli.convert", {"--tokenizer belongs to a llama2.c file", a.in, "a .bin file of llama2.c"});
  auto folder = checkpoint::ModelFolder::open(a.in);
  std::vector<std::vector<std::byte>> storage;
  std::vector<checkpoint::NamedArray> arrays = folder.weights.arrays();
  if (a.positions > 0) extend_positions(a, folder, *folder.config, arrays, storage);
  if (!dtype.empty()) arrays = converted(arrays, wanted_type(dtype), storage);
  checkpoint::write_model_folder(a.out, *folder.config, folder.generation_config.get(), arrays,
                                 {.carry_from = a.in, .replace = a.force});
}

int run(const Arguments& a, const Invocation& call) {
  const std::string& dtype = call.everywhere.dtype;
  if (!a.type.empty() && (!is_gguf(a.out) || !dtype.empty()))
    base::input_error("cli.convert", {"--type is how a GGUF file holds its weights", dtype.empty() ? a.out : "--dtype and --type",
                                      "an --out that ends with .gguf, and no --dtype"});
  std::error_code ignored;
  if (a.positions > 0 && (is_gguf(a.out) || !fs::is_directory(a.in, ignored)))
    base::input_error("cli.convert",
                      {"--positions goes from folder to folder", a.in + " to " + a.out, "", "convert it to a folder first"});
  if (!fs::exists(a.in, ignored)) base::file_error("cli.convert", {"there is no such file or folder", a.in});
  if (is_gguf(a.out))
    write_gguf(a.in, a.out, dtype.empty() ? a.type : gguf_type(wanted_type(dtype)), a.force);
  else if (is_gguf(a.in))
    gguf_to_folder(a.in, a.out, dtype.empty() ? std::nullopt : std::optional(wanted_type(dtype)), a.force);
  else if (fs::is_directory(a.in, ignored))
    convert_folder(a, dtype);
  else
    convert_llama2c(a, dtype);
  print(a.out + "\n");
  return 0;
}

}  // namespace

Run declare_convert(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positional("IN", a->in, "a model folder, a .gguf file, or a .bin file of llama2.c");
  flags.text("--out -o", a->out, {.help = "the folder, or the .gguf file, to write", .required = true});
  flags.text("--tokenizer", a->tokenizer, {"llama2.c: the tokenizer's .bin file"});
  flags.text("--type", a->type,
             {.help = "GGUF: how it holds the weights; without it as they are", .choices = models::gguf_types()});
  flags.integer("--positions", a->positions,
                {"learned positions (GPT-2): a longer table of them, which tuning has to make good", 0, 1e6});
  flags.text("--new-positions", a->new_positions,
             {.help = "with --positions: where the rows come from", .choices = models::new_position_kinds()});
  flags.flag("--force", a->force, "replace an existing folder or file");
  return [a](const Invocation& call) { return run(*a, call); };
}

}  // namespace athanor::app
