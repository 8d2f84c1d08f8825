#include "athanor/core/kernels/vector_avx512.h"

#define ATH_ISA avx512
#include "athanor/core/kernels/flash_attention_vector.h"
