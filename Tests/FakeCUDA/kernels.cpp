// The kernels as they are compiled for a card, compiled for the processor, and launched by name.
#include "kernel_shim.h"
#include "fake_kernels.h"
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

// "extern "C" static" is no C++: the kernels stay functions of this file.
#include "../../Sources/CUDAKernels/kernels/common.cuh"
#undef EK_KERNEL
#define EK_KERNEL static void
#include "../../Sources/CUDAKernels/kernels/elements.cu"
#include "../../Sources/CUDAKernels/kernels/formats.cu"
#include "../../Sources/CUDAKernels/kernels/sums.cu"
#include "../../Sources/CUDAKernels/kernels/norms.cu"
#include "../../Sources/CUDAKernels/kernels/activations.cu"
#include "../../Sources/CUDAKernels/kernels/losses.cu"
#include "../../Sources/CUDAKernels/kernels/attention.cu"

/// Calls a kernel with arguments that lie where a launch's list of pointers says.
template <class... Arguments, size_t... places>
static void unpack(void (*kernel)(Arguments...), void **arguments, std::index_sequence<places...>) {
  kernel(*static_cast<std::remove_reference_t<Arguments> *>(arguments[places])...);
}
template <auto kernel> static void call(void **arguments) {
  []<class... Arguments>(void (*function)(Arguments...), void **arguments) {
    unpack(function, arguments, std::index_sequence_for<Arguments...>{});
  }(kernel, arguments);
}

struct fake_kernel {
  const char *name;
  void (*call)(void **arguments);
};
#define KERNEL(name) {#name, call<name>}

static const fake_kernel kernels[] = {
    KERNEL(ek_add_scaled), KERNEL(ek_subtract), KERNEL(ek_scale), KERNEL(ek_scale_rows), KERNEL(ek_add_row),
    KERNEL(ek_scale_columns), KERNEL(ek_scale_by_deviations), KERNEL(ek_add_projections),
    KERNEL(ek_sum_rows), KERNEL(ek_accumulate), KERNEL(ek_find_special), KERNEL(ek_move_rows),
    KERNEL(ek_scatter_add_rows), KERNEL(ek_replace_rows), KERNEL(ek_add_entries), KERNEL(ek_transpose),
    KERNEL(ek_decode), KERNEL(ek_gather_rows), KERNEL(ek_to_bf16), KERNEL(ek_sum_groups), KERNEL(ek_row_products), KERNEL(ek_row_distances), KERNEL(ek_sum_parts),
    KERNEL(ek_weighted_sums), KERNEL(ek_norm_forward), KERNEL(ek_norm_backward),
    KERNEL(ek_norm_backward_parameters), KERNEL(ek_activate), KERNEL(ek_activate_backward), KERNEL(ek_gated),
    KERNEL(ek_gated_backward), KERNEL(ek_softmax), KERNEL(ek_softmax_backward), KERNEL(ek_log_softmax),
    KERNEL(ek_cross_entropy), KERNEL(ek_divergence), KERNEL(ek_rotary), KERNEL(ek_attention),
    KERNEL(ek_attention_backward_queries), KERNEL(ek_attention_backward_keys)};

const fake_kernel *fake_find_kernel(const char *name) {
  for (const fake_kernel &kernel : kernels)
    if (!strcmp(kernel.name, name)) return &kernel;
  return nullptr;
}

void fake_launch(const fake_kernel *kernel, unsigned blocks, unsigned shared_bytes, void **arguments) {
  // Several cards may be played at once, and a block's shared memory is a static one.
  static std::mutex one_at_a_time;
  const std::lock_guard<std::mutex> guard(one_at_a_time);
  // Poisoned, so that a kernel that reads what it has not written is found.
  std::vector<float> shared(shared_bytes / sizeof(float), NAN);
  fake_shared = shared.data();
  gridDim.x = blocks;
  for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) kernel->call(arguments);
}
