#pragma once
// A curve of any length in as many buckets as a picture has columns, with the least and the greatest value of each kept exactly.

#include <span>
#include <vector>

#include "athanor/core/history/history.h"

namespace athanor::history {

/// Consecutive points in short.
struct Bucket {
  int64_t first = 0, last = 0;  // steps
  int64_t count = 0;
  double min = 0, max = 0, mean = 0;
  double end = 0;  // the value at `last`

  void add(const StepValue& point);
  void add(const Bucket& later);
};

/// At most `most` buckets of equally many points (the last may have fewer). Points are in the order of steps.
std::vector<Bucket> in_buckets(std::span<const StepValue> points, int64_t most);
std::vector<Bucket> in_buckets(std::span<const Bucket> blocks, int64_t most);

/// One metric of one run as blocks of 64 points: a hundred thousand points are 1,563 blocks, which answer every question about the
/// whole; a part small enough is read from the history itself. Read once and then only what is new.
class Curve {
 public:
  Curve(int64_t run, std::string metric) : run_(run), metric_(std::move(metric)) {}

  /// Reads the points that were added since; everything anew where `starts` has changed (a resumed run may have lost points).
  void refresh(const History& history, int64_t starts);
  /// The points in a range of steps, as at most `most` buckets; a bucket on the border may reach over it.
  std::vector<Bucket> buckets(const History& history, const StepRange& range, int64_t most) const;
  /// The steps between which a rising curve (seconds of training) lies in [from, to]; up to a block more on either side.
  StepRange steps_between(double from, double to) const;

  int64_t points() const { return points_; }
  size_t bytes() const { return blocks_.capacity() * sizeof(Bucket); }

 private:
  int64_t run_, starts_ = 0, points_ = 0;
  std::string metric_;
  std::vector<Bucket> blocks_;
};

}  // namespace athanor::history
