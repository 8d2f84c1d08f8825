#include "athanor/core/data/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/answer_spans.h"

namespace athanor::data {
namespace {

using base::Json;
using text::TokenId;

bool is_white(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

int64_t EncodedSample::learned_count() const { return std::accumulate(learned.begin(), learned.end(), int64_t{0}); }

void EncodedSample::cut(int64_t count) {
  if (static_cast<int64_t>(ids.size()) <= count) return;
  ids.resize(static_cast<size_t>(count));
  const int64_t before = learned_count();
  learned.resize(static_cast<size_t>(count));
  if (before > 0) learned_bytes = learned_bytes * learned_count() / before;
}

SampleRenderer::SampleRenderer(const text::Tokenizer& tokenizer, const TemplateChoice& choice,
                               const std::filesystem::path& tokenizer_folder, bool last_only)
    : tokenizer_(tokenizer), last_only_(last_only), pieces_(static_cast<size_t>(tokenizer.vocab_size())) {
  if (choice.from_model && !choice.source.empty()) {
    chat_ = text::ChatTemplate::load(tokenizer_folder);
  } else if (!choice.source.empty()) {
    chat_.emplace(choice.source, choice.name, tokenizer);
  }
  for (size_t id = 0; id < pieces_.size(); ++id) pieces_[id] = tokenizer.token_bytes(static_cast<TokenId>(id));
  for (TokenId id : tokenizer.encode("", {.add_special_tokens = true}))
    if (id == tokenizer.bos()) beginning_.push_back(id);
}

EncodedSample SampleRenderer::encode(const Sample& sample) const {
  switch (sample.kind) {
    case Sample::Kind::kChat:
    case Sample::Kind::kFeedback:
      return encode_chat(*sample.messages, sample.tools, 0);
    case Sample::Kind::kText:
      return encode_text(sample.text);
    case Sample::Kind::kCompletion:
      if (!chat_) return encode_completion(sample.prompt, sample.text);
      return encode_chat(Json::array({chat_message("user", sample.prompt), chat_message("assistant", sample.text)}), nullptr, 0);
    default:
      base::input_error("data.render", {"this form of samples has no single text", "", "dialogues, prompts or texts"});
  }
}

SampleRenderer::Ends SampleRenderer::encode_ends(const Sample& sample) const {
  base::expect(sample.kind == Sample::Kind::kPreference, "data.render", "two ends come with preferences only");
  auto with_end = [&](const Json& end) {
    Json messages = *sample.messages;
    for (const Json& message : end) messages.push_back(message);
    return encode_chat(messages, sample.tools, sample.messages->size());
  };
  return {with_end(*sample.chosen), with_end(*sample.rejected)};
}

EncodedSample SampleRenderer::encode_chat(const Json& messages, const std::shared_ptr<Json>& tools, size_t from) const {
  if (!chat_)
    base::input_error("data.render", {"the model has no chat template", "", "", "data.template=chatml, alpaca or a Jinja file"});
  text::ChatOptions options;
  options.add_generation_prompt = false;
  options.tools = tools;
  const text::ChatText whole = chat_->render(messages, options);
  EncodedSample out;
  out.ids = tokenizer_.encode(whole.text, {.add_special_tokens = false});
  mark(whole.text, answer_spans(*chat_, messages, options, whole, from, last_only_), out);
  return out;
}

std::vector<size_t> SampleRenderer::token_bounds(const std::string& text, const std::vector<TokenId>& ids) const {
  std::vector<size_t> bounds;
  bounds.reserve(ids.size() + 1);
  bounds.push_back(0);
  for (TokenId id : ids) {
    const std::string& piece = pieces_[static_cast<size_t>(id)];
    if (text.compare(bounds.back(), piece.size(), piece) != 0) return {};
    bounds.push_back(bounds.back() + piece.size());
  }
  return bounds.back() == text.size() ? bounds : std::vector<size_t>{};
}

/// A token is learned where it holds a byte of a span. Then each span loses the blanks behind its last special token (the line
/// break after <|im_end|>), or gains the special token that follows it: an answer ends with what ends a turn.
void SampleRenderer::mark(const std::string& text, const Spans& spans, EncodedSample& out) const {
  const std::vector<TokenId>& ids = out.ids;
  out.learned.assign(ids.size(), 0);
  const std::vector<size_t> bounds = token_bounds(text, ids);
  auto tokens_before = [&](size_t byte) {  // tokens that lie wholly before it
    if (!bounds.empty()) return static_cast<size_t>(std::upper_bound(bounds.begin(), bounds.end(), byte) - bounds.begin()) - 1;
    const auto front = tokenizer_.encode(text.substr(0, byte), {.add_special_tokens = false});
    return static_cast<size_t>(std::mismatch(front.begin(), front.end(), ids.begin(), ids.end()).first - front.begin());
  };
  bool open = false;  // the last answer reaches the end of the text without a token that ends it
  for (const auto& [begin, end] : spans) {
    size_t first = tokens_before(begin), stop = tokens_before(end);
    if (!bounds.empty() && bounds[stop] < end) ++stop;
    size_t special = stop;
    while (special > first && !is_end(ids[special - 1])) --special;
    if (special > first && is_white(tokenizer_.decode({ids.data() + special, stop - special})))
      stop = special;
    else if (stop < ids.size() && is_end(ids[stop]))
      ++stop;
    std::fill(out.learned.begin() + static_cast<ptrdiff_t>(first), out.learned.begin() + static_cast<ptrdiff_t>(stop), 1);
    out.learned_bytes += static_cast<int64_t>(end - begin);
    open = stop == ids.size() && stop > first && !is_end(ids[stop - 1]);
  }
  if (!open || !tokenizer_.eos()) return;
  out.ids.push_back(*tokenizer_.eos());
  out.learned.push_back(1);
}

EncodedSample SampleRenderer::encode_completion(const std::string& prompt, const std::string& answer) const {
  EncodedSample out;
  const std::string text = prompt + answer;
  out.ids = tokenizer_.encode(text, {.add_special_tokens = false, .parse_special = false});
  if (!answer.empty()) mark(text, {{prompt.size(), text.size()}}, out);
  out.learned.resize(out.ids.size(), 0);
  out.ids.insert(out.ids.begin(), beginning_.begin(), beginning_.end());
  out.learned.insert(out.learned.begin(), beginning_.size(), 0);
  return out;
}

EncodedSample SampleRenderer::encode_text(const std::string& text) const {
  EncodedSample out;
  out.ids = tokenizer_.encode(text, {.add_special_tokens = false, .parse_special = false});
  out.learned.assign(out.ids.size(), 1);
  const auto bos = tokenizer_.bos(), eos = tokenizer_.eos();
  if (!bos && !eos)
    base::input_error("data.render", {"the tokenizer names no end-of-text token", "", "eos_token in tokenizer_config.json"});
  out.ids.insert(out.ids.begin(), bos ? *bos : *eos);
  out.learned.insert(out.learned.begin(), 0);
  out.ids.push_back(eos ? *eos : *bos);
  out.learned.push_back(1);
  out.learned_bytes = static_cast<int64_t>(text.size());
  return out;
}

}  // namespace athanor::data
