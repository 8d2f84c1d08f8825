#pragma once
// What is particular to single architectures, named by their rows in architectures.cpp: `read` puts into config.json what no table
// says, `write` adds keys. Internal to the room.

#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

bool has_experts(const GgufContents& file);
bool has_window(const GgufContents& file);
bool has_fused_qkv(const GgufContents& file);
bool has_sigmoid_router(const GgufContents& file);

void read_qwen3_moe(const GgufContents& file, base::Json& config);
void read_gemma2(const GgufContents& file, base::Json& config);
void read_gemma3(const GgufContents& file, base::Json& config);
void write_gemma3(const DecoderSpec& spec, checkpoint::GgufWriter& writer);
void read_falcon(const GgufContents& file, base::Json& config);
void write_falcon(const DecoderSpec& spec, checkpoint::GgufWriter& writer);
void read_chatglm(const GgufContents& file, base::Json& config);
void read_deepseek(const GgufContents& file, base::Json& config);
void write_deepseek(const DecoderSpec& spec, checkpoint::GgufWriter& writer);

}  // namespace athanor::models
