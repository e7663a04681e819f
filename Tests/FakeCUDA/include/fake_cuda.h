// A stand-in for NVIDIA's driver, compiler and BLAS on the processor: what tests hand to the loader.
#ifndef EDGEWISE_FAKE_CUDA_H
#define EDGEWISE_FAKE_CUDA_H

/// What may be wrong with a machine's libraries and cards.
typedef enum {
  fake_nothing,
  fake_no_start,      // the driver cannot start
  fake_old_driver,    // of CUDA 10.2
  fake_no_card,       // the driver finds none
  fake_old_library,   // functions that newer libraries have are missing
  fake_old_compiler,  // knows only cards newer than the one that is there
  fake_bad_kernels,   // kernels do not compile
  fake_bad_launch,    // kernels cannot be run
} fake_fault;

#ifdef __cplusplus
extern "C"
#endif
/// The function of a name in any of the three libraries; null when the stand-in has none.
void *fake_cuda_symbol(const char *name, fake_fault fault);

#endif
