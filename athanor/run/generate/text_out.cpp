#include "athanor/run/generate/text_out.h"

#include <algorithm>

namespace athanor::generate {

TextOut::TextOut(const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt, const GenerateOptions& options,
                 const OnText& on_text, GenerateResult& result)
    : tokenizer_(tokenizer), decoder_(tokenizer), stop_(options.stop), stops_(options.stop), on_text_(on_text), result_(result) {
  if (options.drop_repeated_sentences > 0) filter_.emplace(options.drop_repeated_sentences);
  // The decoder has seen the prompt: what it says of the first generated token is what follows the prompt (its leading space
  // stays).
  for (text::TokenId id : prompt) decoder_.push(id);
}

const char* TextOut::push(text::TokenId id) {
  // A special token has no text of its own, but may be named as a stop.
  if (tokenizer_.is_special(id) && std::find(stops_.begin(), stops_.end(), tokenizer_.id_to_token(id)) != stops_.end())
    return "stop";
  return take(stop_.push(decoder_.push(id)));
}

void TextOut::finish() {
  take(stop_.push(decoder_.finish()));
  if (!stop_.stopped()) take(stop_.finish());
  if (!filter_) return;
  show(filter_->finish());
  result_.sentences_dropped = filter_->left_out();
}

const char* TextOut::take(const std::string& certain) {
  show(filter_ ? filter_->push(certain) : certain);
  return stop_.stopped() ? "stop" : cancelled_ ? "cancelled" : "";
}

void TextOut::show(const std::string& piece) {
  result_.text += piece;
  if (!piece.empty() && on_text_ && !cancelled_) cancelled_ = !on_text_(piece);
}

}  // namespace athanor::generate
