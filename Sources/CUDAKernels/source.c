// Puts the kernels' source into the program, so that it needs no file beside it.
#include "cuda_kernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char source[] = {
#embed "kernels/common.cuh"
    ,
#embed "kernels/elements.cu"
    ,
#embed "kernels/formats.cu"
    ,
#embed "kernels/sums.cu"
    ,
#embed "kernels/norms.cu"
    ,
#embed "kernels/activations.cu"
    ,
#embed "kernels/losses.cu"
    ,
#embed "kernels/attention.cu"
    , 0};

const char *ek_cuda_source(void) { return source; }
