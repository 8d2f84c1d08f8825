// The kernels that are written once for sixteen numbers at a time.

#include "athanor/core/kernels/vector_avx2.h"

#include "athanor/core/kernels/vector_math.h"

#define ATH_ISA avx2
#include "athanor/core/kernels/activation_vector.h"
#include "athanor/core/kernels/adamw_vector.h"
#include "athanor/core/kernels/cross_entropy_vector.h"
#include "athanor/core/kernels/dropout_vector.h"
#include "athanor/core/kernels/norms_vector.h"
#include "athanor/core/kernels/rope_vector.h"
#include "athanor/core/kernels/tree_sum_vector.h"
