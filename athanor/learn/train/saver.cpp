#include "athanor/learn/train/saver.h"

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/learn/train/reductions.h"

namespace athanor::train {
namespace fs = std::filesystem;
namespace {

at::ScalarType type_named(std::string_view name) { return name == "bf16" ? at::kBFloat16 : name == "f16" ? at::kHalf : at::kFloat; }

void write_arrays(const fs::path& file, const std::vector<NamedTensor>& tensors) {
  std::vector<at::Tensor> storage;
  checkpoint::write_safetensors(file, arrays_of(tensors, at::kFloat, storage));
}

}  // namespace

std::vector<NamedTensor> Saver::masters() const {
  std::vector<NamedTensor> tensors;
  for (const Weight& weight : parts_.weights) tensors.emplace_back(weight.name, weight.master);
  return tensors;
}

std::vector<NamedTensor> Saver::results() const {
  std::vector<NamedTensor> tensors = masters();
  if (average)
    for (size_t i = 0; i < tensors.size(); ++i) tensors[i].second = average->values()[i];
  return tensors;
}

std::vector<NamedTensor> Saver::moments() const {
  std::vector<NamedTensor> tensors = optimizer_.state();
  if (average)
    for (NamedTensor& value : average->state()) tensors.push_back(std::move(value));
  return tensors;
}

std::vector<NamedTensor> Saver::learned() const {
  std::vector<NamedTensor> tensors = masters();
  for (NamedTensor& value : parts_.adapter->state()) tensors.push_back(std::move(value));
  return tensors;
}

void Saver::expect_finite(const std::vector<NamedTensor>& tensors) const {
  for (const auto& [name, tensor] : tensors)
    if (!all_finite(tensor))
      base::input_error("train.save", {name + " is not finite", "", "", "resume from the last checkpoint with a lower train.lr"});
}

void Saver::write_model(const fs::path& folder, const std::vector<NamedTensor>& tensors, std::string_view dtype) const {
  expect_finite(tensors);
  if (parts_.adapter) {
    adapters::write_adapter(folder, *parts_.adapter, tensors, type_named(dtype), parts_.recipe.model.scalar);
    parts_.write_model_files(folder);
    return;
  }
  std::vector<at::Tensor> storage;
  checkpoint::write_sharded(folder, arrays_of(tensors, type_named(dtype), storage));
  parts_.write_model_files(folder);
}

void Saver::save(const TrainerState& state) {
  warn_of_full_disk();
  parts_.folder.save(state.step, parts_.recipe.train.keep, [&](const fs::path& folder) {
    write_model(folder, masters(), "f32");
    if (parts_.adapter) write_arrays(folder / "learned.safetensors", learned());
    write_arrays(folder / "optimizer.safetensors", moments());
    save_state(state, parts_.recipe.train.steps, folder / "trainer_state.json");
  });
}

void Saver::warn_of_full_disk() const {
  double bytes = 0;
  for (const std::vector<NamedTensor>& group : {masters(), moments()})
    for (const auto& [name, tensor] : group) bytes += 4.0 * static_cast<double>(tensor.numel());
  std::error_code error;
  const fs::space_info space = fs::space(parts_.folder.path(), error);
  if (error || static_cast<double>(space.available) >= 2 * bytes) return;
  base::log_warning(base::cat("room for fewer than two checkpoints is left on the disk: ",
                              base::human_bytes(static_cast<double>(space.available)), "; one takes ", base::human_bytes(bytes)));
}

TrainerState Saver::load(const fs::path& checkpoint) {
  if (parts_.adapter) {
    restore(learned(), checkpoint::Checkpoint::open(checkpoint / "learned.safetensors"));
    parts_.adapter->restored();
  } else {
    restore(masters(), checkpoint::Checkpoint::open(checkpoint));
  }
  round_to_parameters(parts_.weights);
  restore(moments(), checkpoint::Checkpoint::open(checkpoint / "optimizer.safetensors"));
  return load_state(checkpoint / "trainer_state.json");
}

void Saver::save_best() {
  base::AtomicFolder folder(parts_.folder.path() / "best", true);
  write_model(folder.path(), results(), parts_.recipe.train.save_dtype);
  folder.commit();
}

void Saver::save_final(bool best) {
  if (best && parts_.adapter) {
    for (const char* file : {"adapter_model.safetensors", "adapter_config.json"})
      base::write_file(parts_.folder.path() / file, base::read_text_file(parts_.folder.path() / "best" / file));
    parts_.write_model_files(parts_.folder.path());
  } else if (best) {
    checkpoint::Checkpoint arrays = checkpoint::Checkpoint::open(parts_.folder.path() / "best");
    checkpoint::write_sharded(parts_.folder.path(), arrays.arrays());
    parts_.write_model_files(parts_.folder.path());
  } else {
    write_model(parts_.folder.path(), results(), parts_.recipe.train.save_dtype);
  }
}

}  // namespace athanor::train
