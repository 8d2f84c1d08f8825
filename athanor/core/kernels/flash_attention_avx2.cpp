#include "athanor/core/kernels/vector_avx2.h"

#define ATH_ISA avx2
#include "athanor/core/kernels/flash_attention_vector.h"
