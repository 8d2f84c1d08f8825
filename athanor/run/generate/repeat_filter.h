#pragma once
// A filter behind the model: sentences that were said often enough are left out of the text. The model goes on as if they were
// there, so this hides a loop and does not end it (docs/repetition.md).
//
// A sentence ends with its line, with . ! ? … before a blank, or with 。！？ anywhere; what closes a quotation belongs to it. What
// repeats by right stays: blocks between ``` lines, lines of indented code, lists, tables, headings and quotations, and sentences
// of fewer than 16 bytes.

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace athanor::generate {

class RepeatFilter {
 public:
  /// A sentence that was said `times` (at least 1) times is left out when it comes again.
  explicit RepeatFilter(int64_t times) : times_(times) {}

  /// Text that became certain: what may still become such a sentence is held back. `piece` ends between characters.
  std::string push(std::string_view piece);
  /// The end of the stream: what was held back, unless it is such a sentence.
  std::string finish();
  int64_t left_out() const { return left_out_; }

 private:
  void take(std::string_view character, std::string& out);
  bool ends_before(std::string_view character) const;
  bool may_be_left_out() const;
  void show(std::string& out);
  void end_sentence(std::string& out);
  void end_line(std::string& out);
  bool repeats_by_right() const;

  int64_t times_, left_out_ = 0;
  std::unordered_map<std::string, int64_t> said_;
  std::set<std::string, std::less<>> spent_;  // said often enough
  std::string sentence_;                      // the one under way, with the blanks before it
  size_t shown_ = 0;                          // bytes of it that are out
  std::string line_begin_;                    // of the line under way, some bytes
  bool fenced_ = false, line_shown_ = false, line_cut_ = false;
};

}  // namespace athanor::generate
