#pragma once

namespace athanor::base {

/// The functions between matrix products: x sigmoid(x); x Phi(x) by erf; the same by tanh (Hendrycks and Gimpel 2016); max(x, 0).
enum class ActivationKind { kSilu, kGelu, kGeluTanh, kRelu };

}  // namespace athanor::base
