#include "athanor/core/checkpoint/gguf_write.h"

#include <algorithm>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/checked.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"

namespace athanor::checkpoint {
namespace {

constexpr const char* kGgufWriteWhere = "checkpoint.gguf";
constexpr uint64_t kAlignment = 32;

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<uint64_t>(text.size()));
  out += text;
}

uint64_t padded(uint64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

void GgufWriter::key(std::string_view name, GgufType type) {
  base::expect(std::find(keys_.begin(), keys_.end(), name) == keys_.end(), kGgufWriteWhere, "a key is written twice");
  keys_.emplace_back(name);
  put_text(metadata_, name);
  put(metadata_, type);
}

void GgufWriter::integer(std::string_view name, uint32_t value) {
  key(name, GgufType::kU32);
  put(metadata_, value);
}

void GgufWriter::number(std::string_view name, float value) {
  key(name, GgufType::kF32);
  put(metadata_, value);
}

void GgufWriter::boolean(std::string_view name, bool value) {
  key(name, GgufType::kBool);
  put(metadata_, static_cast<uint8_t>(value));
}

void GgufWriter::text(std::string_view name, std::string_view value) {
  key(name, GgufType::kText);
  put_text(metadata_, value);
}

void GgufWriter::texts(std::string_view name, std::span<const std::string> values) {
  key(name, GgufType::kArray);
  put(metadata_, GgufType::kText);
  put(metadata_, static_cast<uint64_t>(values.size()));
  for (const std::string& value : values) put_text(metadata_, value);
}

void GgufWriter::numbers(std::string_view name, std::span<const float> values) {
  key(name, GgufType::kArray);
  put(metadata_, GgufType::kF32);
  put(metadata_, static_cast<uint64_t>(values.size()));
  for (float value : values) put(metadata_, value);
}

void GgufWriter::integers(std::string_view name, std::span<const int32_t> values) {
  key(name, GgufType::kArray);
  put(metadata_, GgufType::kI32);
  put(metadata_, static_cast<uint64_t>(values.size()));
  for (int32_t value : values) put(metadata_, value);
}

void GgufWriter::tensor(std::string name, std::vector<int64_t> shape, const BlockFormat& format, Make make) {
  const auto count = base::checked_count(shape);
  base::expect(count && *count > 0 && !shape.empty() && shape.back() % format.values == 0, kGgufWriteWhere,
               "a tensor's rows are no whole blocks");
  for (const Tensor& other : tensors_)
    if (other.name == name) base::input_error(kGgufWriteWhere, {"two tensors of one name", name, "each name once"});
  const auto bytes = static_cast<uint64_t>(*count / format.values * format.bytes);
  tensors_.push_back({std::move(name), std::move(shape), &format, std::move(make), bytes});
}

std::string GgufWriter::header() const {
  std::string out = "GGUF";
  put(out, uint32_t{3});
  put(out, static_cast<uint64_t>(tensors_.size()));
  put(out, static_cast<uint64_t>(keys_.size()));
  out += metadata_;
  uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    put_text(out, tensor.name);
    put(out, static_cast<uint32_t>(tensor.shape.size()));
    for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) put(out, static_cast<uint64_t>(*size));
    put(out, tensor.format->id);
    put(out, offset);
    offset += padded(tensor.bytes);
  }
  out.resize(padded(out.size()));
  return out;
}

void GgufWriter::write(const std::filesystem::path& path) const {
  uint64_t total = 0;
  for (const Tensor& tensor : tensors_) total += tensor.bytes;
  base::Progress progress("writing", total, "B");
  base::AtomicFile file(path);
  file.write(header());
  for (const Tensor& tensor : tensors_) {
    std::vector<std::byte> bytes = tensor.make();
    base::expect(bytes.size() == tensor.bytes, kGgufWriteWhere, "a tensor's bytes do not fit its shape and type");
    bytes.resize(padded(bytes.size()));
    file.write(bytes);
    progress.advance(tensor.bytes);
  }
  file.commit();
  progress.finish();
}

}  // namespace athanor::checkpoint
