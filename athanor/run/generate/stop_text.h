#pragma once
// Ends a stream of text at the first stop text. What might still become one is held back, so not even its beginning is ever shown.

#include <string>
#include <string_view>
#include <vector>

namespace athanor::generate {

class StopText {
 public:
  /// input_error on an empty stop text.
  explicit StopText(std::vector<std::string> stops);

  /// Text that became certain. Once a stop text is complete: what stood before it, and stopped() is true.
  std::string push(std::string_view piece);
  /// The end of the stream: what was held back in vain.
  std::string finish();
  bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace athanor::generate
