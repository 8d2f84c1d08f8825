#pragma once
// What `athanor logits` writes, by whichever executor.

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "app/cli/learn_wing.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::app {

/// The ids of --ids or --text, for which `tokenizer` opens one; input_error where neither or both are given.
std::vector<text::TokenId> logits_input(const LogitsArguments& arguments, int64_t vocab,
                                        const std::function<std::unique_ptr<text::Tokenizer>()>& tokenizer);

/// logits [T, V], and hidden_states.0 ... hidden_states.L [T, C] where given; all f32.
void write_logits(const std::filesystem::path& out, int64_t length, const std::vector<float>& logits,
                  const std::vector<std::vector<float>>& hidden);

}  // namespace athanor::app
