#pragma once
// One function per file of this shelf; catalog.cpp lists them.

#include "athanor/core/models/family.h"

namespace athanor::models {

Family bloom_family();
Family chatglm_family();
Family deepseek_v2_family();
Family deepseek_v3_family();
Family falcon_family();
Family gemma2_family();
Family gemma3_text_family();
Family glm_family();
Family glm4_family();
Family gpt2_family();
Family gpt_neox_family();
Family granite_family();
Family llama_family();
Family mistral_family();
Family mixtral_family();
Family olmo2_family();
Family phi3_family();
Family qwen2_family();
Family qwen3_family();
Family qwen3_moe_family();
Family smollm3_family();
Family stablelm_family();
Family starcoder2_family();

}  // namespace athanor::models
