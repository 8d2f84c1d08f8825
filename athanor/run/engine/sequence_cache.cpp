#include "athanor/run/engine/sequence_cache.h"

#include <unistd.h>

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::engine {
namespace {

void check_memory(const LoadedModel& model) {
  const uint64_t bytes = model.session_cache_bytes();
  const auto pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  const uint64_t memory = pages > 0 && page > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page) : UINT64_MAX;
  if (bytes <= memory) return;
  const uint64_t per_token = std::max<uint64_t>(bytes / static_cast<uint64_t>(model.context), 1);
  base::input_error("engine.context",
                    {base::cat("the KV cache of ", model.context, " tokens is larger than this machine's memory"),
                     base::human_bytes(static_cast<double>(bytes)), base::human_bytes(static_cast<double>(memory)),
                     base::cat("a context of at most ", memory / per_token)});
}

}  // namespace

SequenceCache::SequenceCache(const LoadedModel& model) {
  check_memory(model);
  uint64_t bytes = 0;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    const kernels::KvShape shape = model.cache_shape(index);
    layers_.push_back({shape, bytes, model.spec().layer(index).window, 0, shape.capacity < model.context});
    bytes += shape.layer_bytes();
  }
  memory_ = Pages(bytes, "the KV cache");
}

kernels::KvLayer SequenceCache::layer(int64_t index) const {
  const Layer& layer = layers_[static_cast<size_t>(index)];
  return {layer.shape, reinterpret_cast<uint32_t*>(memory_.data() + layer.offset)};
}

int64_t SequenceCache::step_of(int64_t layer) const { return layers_[static_cast<size_t>(layer)].ring ? kRingBlock : INT64_MAX; }

void SequenceCache::grow(int64_t count) {
  length_ += count;
  // Whole blocks of 32 alone are held: the newest one's last positions are still those of the round before.
  for (Layer& layer : layers_)
    if (layer.ring) layer.oldest = std::max(layer.oldest, (length_ - 1) / 32 * 32 + 32 - layer.shape.padded_capacity());
}

int64_t SequenceCache::truncate(int64_t length) {
  const bool lost = std::any_of(layers_.begin(), layers_.end(), [length](const Layer& layer) {
    return layer.ring && layer.oldest > std::max<int64_t>(0, length - layer.window + 1);
  });
  if (lost) length = 0;
  if (length == 0)
    for (Layer& layer : layers_) layer.oldest = 0;
  return length_ = length;
}

void SequenceCache::copy(const SequenceCache& other, int64_t shared) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    Layer& mine = layers_[i];
    const int64_t oldest = other.layers_[i].oldest;
    kernels::kv_copy(layer(index), other.layer(index), oldest, std::min(shared, mine.oldest));  // what is lost here and held there
    kernels::kv_copy(layer(index), other.layer(index), std::max(shared, oldest), other.length_);
    mine.oldest = oldest;
  }
  length_ = other.length_;
}

}  // namespace athanor::engine
