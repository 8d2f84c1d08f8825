// L2-SP (Li et al. 2018, "Explicit inductive bias for transfer learning", arXiv:1802.01483): weight decay towards the weights that
// a run begins with, instead of towards zero.
//   penalty = s / 2 * sum_i (w_i - w*_i)^2

#include "athanor/learn/train/regularizer.h"

namespace athanor::train {

std::unique_ptr<Regularizer> make_l2_start(const RegularizerContext& context) { return pull_to_start(context, {}); }

}  // namespace athanor::train
