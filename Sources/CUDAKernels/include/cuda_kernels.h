// The source of the kernels for NVIDIA cards, which NVRTC compiles at run time.
#ifndef EDGEWISE_CUDA_KERNELS_H
#define EDGEWISE_CUDA_KERNELS_H

/// CUDA C++, ended by a zero: all files of `kernels` one after another.
const char *ek_cuda_source(void);

#endif
