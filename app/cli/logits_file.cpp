#include "app/cli/logits_file.h"

#include "app/cli/model.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"

namespace athanor::app {
namespace {

checkpoint::NamedArray rows_of(std::string name, int64_t length, const std::vector<float>& values) {
  checkpoint::ArrayView view{
      base::DType::kF32, {length, static_cast<int64_t>(values.size()) / length}, std::as_bytes(std::span(values))};
  return {std::move(name), std::move(view)};
}

}  // namespace

std::vector<text::TokenId> logits_input(const LogitsArguments& a, int64_t vocab,
                                        const std::function<std::unique_ptr<text::Tokenizer>()>& tokenizer) {
  if (a.ids.empty() == a.text.empty())
    base::input_error("cli.logits", {"which tokens?", a.ids.empty() ? "none" : "--ids and --text", "--ids 1,2,3 or --text TEXT"});
  auto ids = a.ids.empty() ? tokenizer()->encode(a.text) : parse_ids(a.ids, vocab);
  if (ids.empty()) base::input_error("cli.logits", {"no tokens", "", "at least one"});
  return ids;
}

void write_logits(const std::filesystem::path& out, int64_t length, const std::vector<float>& logits,
                  const std::vector<std::vector<float>>& hidden) {
  std::vector<checkpoint::NamedArray> arrays = {rows_of("logits", length, logits)};
  for (size_t i = 0; i < hidden.size(); ++i) arrays.push_back(rows_of(base::cat("hidden_states.", i), length, hidden[i]));
  checkpoint::write_safetensors(out, arrays);
}

}  // namespace athanor::app
