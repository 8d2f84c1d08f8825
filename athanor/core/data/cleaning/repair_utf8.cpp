// Bytes that are not UTF-8 become U+FFFD, one for each maximal part of a broken sequence (Unicode 15, section 3.9, "substitution of
// maximal subparts"), so that the text that is tokenized is the text whose bytes are counted. Checked against Python's
// errors="replace".

#include "athanor/core/base/utf8.h"
#include "athanor/core/data/cleaning.h"

namespace athanor::data {
namespace {

struct Lead {
  int length;               // bytes of the whole character; 0: no character begins so
  unsigned char low, high;  // range of the second byte
};

Lead lead_of(unsigned char c) {
  if (c < 0x80) return {1, 0, 0};
  if (c >= 0xC2 && c <= 0xDF) return {2, 0x80, 0xBF};
  if (c == 0xE0) return {3, 0xA0, 0xBF};
  if (c == 0xED) return {3, 0x80, 0x9F};
  if (c >= 0xE1 && c <= 0xEF) return {3, 0x80, 0xBF};
  if (c == 0xF0) return {4, 0x90, 0xBF};
  if (c >= 0xF1 && c <= 0xF3) return {4, 0x80, 0xBF};
  if (c == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

struct Piece {
  size_t bytes;
  bool valid;
};

/// The character at `i`, or the maximal part of it that is there.
Piece piece_at(const std::string& text, size_t i) {
  Lead lead = lead_of(static_cast<unsigned char>(text[i]));
  if (lead.length == 0) return {1, false};
  for (int k = 1; k < lead.length; ++k) {
    if (i + k >= text.size()) return {static_cast<size_t>(k), false};
    auto c = static_cast<unsigned char>(text[i + k]);
    if (c < (k == 1 ? lead.low : 0x80) || c > (k == 1 ? lead.high : 0xBF)) return {static_cast<size_t>(k), false};
  }
  return {static_cast<size_t>(lead.length), true};
}

Cleaned repair(std::string& text) {
  size_t i = base::invalid_utf8(text);
  if (i == std::string::npos) return Cleaned::kSame;
  std::string out = text.substr(0, i);
  while (i < text.size()) {
    Piece piece = piece_at(text, i);
    if (piece.valid)
      out.append(text, i, piece.bytes);
    else
      out += "\xEF\xBF\xBD";
    i += piece.bytes;
  }
  text = std::move(out);
  return Cleaned::kChanged;
}

}  // namespace

CleaningStep make_repair_utf8(const CleaningOptions&) { return repair; }

}  // namespace athanor::data
