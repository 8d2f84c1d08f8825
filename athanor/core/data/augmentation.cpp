#include "athanor/core/data/augmentation.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/data/sample.h"

namespace athanor::data {
namespace {

/// Alpaca's questions are known to templates by their parts as well; both say the same.
constexpr const char* kParts[] = {"instruction", "input"};

void rewrite_message(base::Json& message, bool whole, const Rewrite& rewrite, base::Philox& random) {
  if (!message.contains("content") || !message["content"].is_string()) return;
  auto& content = message["content"].get_ref<std::string&>();
  if (whole || !message.contains("input")) {
    for (const char* part : kParts) message.erase(part);
    return rewrite(message["content"].get_ref<std::string&>(), random);
  }
  content.clear();
  for (const char* part : kParts) {
    auto& text = message[part].get_ref<std::string&>();
    rewrite(text, random);
    content += (content.empty() || text.empty() ? "" : "\n") + text;
  }
}

}  // namespace

void AugmentOptions::visit(base::OptionVisitor& v) {
  v.integer("passes", passes, {"how often each sample is written, each time in another way; epochs take turns", 1, 1000});
  v.integer("seed", seed, {"of all that is drawn", 0, 9e15});
  v.texts("templates", templates, {.help = "ways to put a question, one of which is drawn: \"Question: {{prompt}}\""});
  v.number("typos", typos, {"part of the questions' letters that become a neighbour on the keyboard", 0, 0.5});
  v.number("drops", drops, {"part of the questions' letters that are left out", 0, 0.5});
  v.number("swaps", swaps, {"part of the questions' letters that change places with the next", 0, 0.5});
  v.number("capitals", capitals, {"part of the questions' letters that change between small and capital", 0, 0.5});
}

Augmenter::Augmenter(const AugmentOptions& options) : seed_(static_cast<uint64_t>(options.seed)) {
  for (const AugmentMethod& method : augment_methods())
    if (Rewrite rewrite = method.make(options)) steps_.push_back({method.first_only, std::move(rewrite)});
}

uint64_t Augmenter::draw(std::string_view file, int64_t line, int64_t pass) const {
  return base::hash64(base::cat(file, ":", line, ":", pass), seed_);
}

void Augmenter::apply(Sample& sample, uint64_t draw) const {
  base::Philox random(draw, 0, base::Purpose::kNoise);
  for (const Step& step : steps_) {
    bool first = true;
    if (sample.messages)
      for (base::Json& message : *sample.messages) {
        if (message.value("role", "") != "user" || (step.first_only && !first)) continue;
        first = false;
        rewrite_message(message, step.first_only, step.rewrite, random);
      }
    if (sample.kind == Sample::Kind::kCompletion) step.rewrite(sample.prompt, random);
    if (sample.kind == Sample::Kind::kLabelled) step.rewrite(sample.text, random);
  }
}

}  // namespace athanor::data
