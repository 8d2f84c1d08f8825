// Strip: up to `start` times a character from the beginning of each token and up to `stop` times from its end. After Fuse that is
// the text's beginning and end: Llama 2 loses the one space that its normalizer put before the first word.

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

namespace {

class StripStep final : public DecodeStep {
 public:
  StripStep(std::string_view content, size_t start, size_t stop) : content_(content), start_(start), stop_(stop) {}

  void token(std::string_view text, bool begins, TokenSink& out) override {
    if (begins) {
      end_token();
      left_ = start_;
      begins_ = true;
    }
    for (; left_ > 0 && text.starts_with(content_); --left_) text.remove_prefix(content_.size());
    if (text.empty()) return;
    left_ = 0;
    // what may be the token's end is held back as a count
    size_t tail = 0;
    std::string_view body = text;
    for (; tail < stop_ && body.ends_with(content_); ++tail) body.remove_suffix(content_.size());
    if (!body.empty()) {
      send_held(held_, out);
      held_ = 0;
      send(body, out);
    }
    held_ += tail;
    if (held_ > stop_) {
      send_held(held_ - stop_, out);
      held_ = stop_;
    }
  }

  void finish(TokenSink&) override { end_token(); }

 private:
  void end_token() { held_ = 0; }
  void send_held(size_t count, TokenSink& out) {
    for (; count > 0; --count) send(content_, out);
  }
  void send(std::string_view text, TokenSink& out) {
    out.token(text, begins_);
    begins_ = false;
  }

  std::string_view content_;
  size_t start_, stop_;
  size_t left_ = 0, held_ = 0;
  bool begins_ = true;
};

class StripDecoder final : public Decoder {
 public:
  explicit StripDecoder(const Component& c)
      : content_(c.character("content")),
        start_(static_cast<size_t>(c.integer("start", 0, 1 << 20))),
        stop_(static_cast<size_t>(c.integer("stop", 0, 1 << 20))) {}
  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<StripStep>(content_, start_, stop_); }
  bool takes_pieces() const override { return true; }

 private:
  std::string content_;
  size_t start_, stop_;
};

}  // namespace

std::unique_ptr<Decoder> make_strip(const Component& c) { return std::make_unique<StripDecoder>(c); }

}  // namespace athanor::text
