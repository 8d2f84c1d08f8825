// The names and their expressions are facts about the models that carry them; the list is llama.cpp's. Where it wrote an expression
// out for an engine of its own, the one of the model's tokenizer.json stands here, so that the scanners recognise it.

#include "athanor/core/text/tokenizers/gguf_patterns.h"

#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/scanners/scanner.h"

namespace athanor::text {

namespace {

// A step is an expression, or one of these.
constexpr std::string_view kGgufGpt2 = "@gpt2", kCl100k = "@cl100k", kQwen2 = "@qwen2", kO200k = "@o200k", kDigit = "@digit";

constexpr std::string_view kCjkWords = "[一-龥぀-ゟ゠-ヿ]+";
constexpr std::string_view kDeepSeek3Words =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kBloomWords = R"( ?[^(\s|.,!?…。，、।۔،)]+)";
// It would cut these letters anew each time.
// clang-format off
constexpr std::string_view kDeepSeekLetters =
    "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-"
    "ὅὈ-"
    "Ὅὐ-"
    "ὗὙὛὝὟ-"
    "ώᾀ-"
    "ᾴᾶ-"
    "ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-"
    "ꞎꭰ-"
    "ꮿﬀ-"
    "ﬆﬓ-"
    "ﬗＡ-"
    "Ｚａ-"
    "ｚ"
    "\U00010400-\U0001044f𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";
// clang-format on
constexpr std::string_view kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kSeedCoder =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kBailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kExaoneMoe =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)";

struct Row {
  std::string_view names;  // with a space before and after each
  std::vector<std::string_view> steps;
  bool ignore_merges = false, add_bos = false, add_sep = false;
};

std::span<const Row> rows() {
  static const Row kRows[] = {
      {" default ", {R"([\p{P}\$\+<=>\^~\|]+)", kGgufGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}},
      {" llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 ", {kCl100k}, true, true},
      {" dbrx smaug-bpe glm4 chatglm-bpe ", {kCl100k}},
      {" qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2 ", {kQwen2}},
      {" qwen35 ", {kQwen35}},
      {" gpt-2 mpt olmo jais phi-2 jina-es jina-de gigachat exaone4 trillion granite-docling ", {kGgufGpt2}},
      {" jina-v1-en jina-v2-code roberta-bpe ", {kGgufGpt2}, false, false, true},
      {" starcoder refact command-r smollm codeshell exaone minerva-7b mellum2 ", {kDigit, kGgufGpt2}},
      {" gpt-4o llama4 kanana2 minimax-m2 ", {kO200k}},
      {" tekken ", {kTekken}, true, true},
      {" deepseek-llm ",
       {"[\r\n]", kDeepSeekLetters, R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)", R"(\s+$)", "[一-龥ࠀ-一가-퟿]+", R"(\p{N}+)"}},
      {" deepseek-coder ", {"[\r\n]", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[一-龥ࠀ-一가-퟿]+", kDigit}},
      {" deepseek-v3 hunyuan-dense joyai-llm ", {R"(\p{N}{1,3})", kCjkWords, kDeepSeek3Words}},
      {" falcon ", {R"([\p{P}\$\+<=>\^~\|`]+)", kGgufGpt2, "[0-9][0-9][0-9]"}},
      {" bloom poro-chat gpt3-finnish ", {kBloomWords}},
      {" viking ", {kBloomWords, kDigit}},
      {" seed-coder ", {kSeedCoder}},
      {" bailingmoe bailingmoe2 llada-moe ", {kBailing}},
      {" exaone-moe ", {kExaoneMoe}},
      {" superbpe ", {R"(\p{N}+)", R"((?=(\d{3})+(?!\d)))"}},
      {" tiny_aya cohere2moe ", {R"(\d{1,3}(?=(?:\d{3})*\b))", kO200k}},
  };
  return kRows;
}

base::Json step_json(std::string_view step) {
  if (step == kDigit) return {{"type", "Digits"}, {"individual_digits", true}};
  std::string regex(step.starts_with('@') ? base::find_row(scanners(), step.substr(1), "text.gguf_vocabulary").regex : step);
  return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
}

base::Json byte_level_json(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

base::Json steps_json(const std::vector<std::string_view>& steps) {
  bool gpt2_last = steps.back() == kGgufGpt2;  // ByteLevel knows that one itself
  base::Json list = base::Json::array();
  for (size_t i = 0; i + gpt2_last < steps.size(); ++i) list.push_back(step_json(steps[i]));
  list.push_back(byte_level_json(gpt2_last));
  return list.size() == 1 ? list[0] : base::Json{{"type", "Sequence"}, {"pretokenizers", list}};
}

std::shared_ptr<const base::Json> shared(base::Json json) { return std::make_shared<base::Json>(std::move(json)); }

/// Gemma 4: a SentencePiece vocabulary with merges; only lines are apart.
GgufPattern whole_lines() {
  GgufPattern pattern;
  pattern.normalizer = shared({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}});
  pattern.pre_tokenizer = shared(step_json(R"([^\n]+|[\n]+)"));
  pattern.byte_level = false;
  return pattern;
}

/// A switch of a component; null says its default.
bool is_on(const base::Json& component, const char* key, bool otherwise) {
  const auto found = component.find(key);
  return found == component.end() || found->is_null() ? otherwise : found->get<bool>();
}

/// What a pre-tokenizer does, step by step, without the words that change nothing (trim_offsets is about offsets alone).
std::vector<std::string> steps_of(const base::Json& pre_tokenizer) {
  const std::string type = pre_tokenizer.is_object() ? pre_tokenizer.value("type", "") : "";
  if (type == "Sequence") {
    std::vector<std::string> steps;
    for (const base::Json& one : pre_tokenizer.at("pretokenizers"))
      for (std::string& step : steps_of(one)) steps.push_back(std::move(step));
    return steps;
  }
  if (type == "ByteLevel")
    return {base::cat(type, is_on(pre_tokenizer, "add_prefix_space", true), is_on(pre_tokenizer, "use_regex", true))};
  if (type == "Digits") return {base::cat(type, is_on(pre_tokenizer, "individual_digits", false))};
  return {pre_tokenizer.dump()};
}

}  // namespace

GgufPattern gguf_pattern(std::string_view pre, std::string_view source) {
  if (pre.empty()) pre = "default";
  if (pre == "gemma4" || pre == "sarvam-moe") return whole_lines();
  std::string wanted = base::cat(" ", pre, " "), known;
  for (const Row& row : rows()) {
    known += row.names.substr(1);
    if (row.names.find(wanted) == std::string_view::npos) continue;
    return {nullptr, shared(steps_json(row.steps)), true, row.ignore_merges, row.add_bos, row.add_sep};
  }
  known.pop_back();
  base::file_error("text.gguf_vocabulary", {base::cat(source, ": tokenizer.ggml.pre is not known"),
                                            base::cat("\"", pre.substr(0, 60), "\""), "one of " + known});
}

std::string gguf_pre_of(const base::Json& pre_tokenizer) {
  const std::vector<std::string> wanted = steps_of(pre_tokenizer);
  for (const Row& row : rows())
    if (steps_of(steps_json(row.steps)) == wanted) return std::string(row.names.substr(1, row.names.find(' ', 1) - 1));
  base::input_error("text.gguf_vocabulary",
                    {"GGUF has no name for how this tokenizer cuts text", pre_tokenizer.dump().substr(0, 120)});
}

}  // namespace athanor::text
