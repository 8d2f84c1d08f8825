#pragma once
// Curves that were read once, for the next question about them.

#include <map>
#include <string>
#include <utility>

#include "athanor/core/history/curve.h"
#include "athanor/core/history/history.h"

namespace athanor::app {

/// Curves that were read once, as long as they fit.
class CurveCache {
 public:
  /// The curve up to the newest point.
  const history::Curve& get(const history::History& history, const history::Run& run, const std::string& metric);

 private:
  void make_room();
  struct Kept {
    history::Curve curve;
    int64_t used = 0;
  };
  std::map<std::pair<int64_t, std::string>, Kept> curves_;
  int64_t clock_ = 0;
};

}  // namespace athanor::app
