#pragma once
// One function per file of this shelf; catalog.cpp lists them.

#include "athanor/core/models/family.h"

namespace athanor::models {

Family gpt2_family();
Family llama_family();
Family qwen2_family();

}  // namespace athanor::models
