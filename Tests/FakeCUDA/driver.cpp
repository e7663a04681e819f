// The driver's, the compiler's and the BLAS's functions: memory is the processor's, work is done when it is asked for.
#include "fake_cuda.h"
#include "fake_kernels.h"
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

// Driver ---------------------------------------------------------------------------------------

enum { success = 0, out_of_memory = 2, not_found = 500 };
constexpr int64_t capacity = int64_t(1) << 33, largest_block = int64_t(1) << 31;
std::atomic<int64_t> used{0};

int init(unsigned) { return success; }
int driver_version(int *version) { return *version = 12040, success; }
int device_count(int *count) { return *count = 1, success; }
int device_get(int *device, int index) { return *device = index, success; }
int device_name(char *name, int length, int) { return strncpy(name, "Stand-in", size_t(length)), success; }
int device_attribute(int *value, int attribute, int) {
  // 16: multiprocessors; 75 and 76: the two numbers of the compute capability; 97: shared memory of a block.
  *value = attribute == 16 ? 3 : attribute == 75 ? 9 : attribute == 97 ? 5120 : 0;
  return success;
}
int retain(void **context, int) { return *context = &used, success; }
int set_current(void *) { return success; }
int memory_info(size_t *free_bytes, size_t *total) {
  *total = size_t(capacity);
  *free_bytes = size_t(capacity - used);
  return success;
}
int stream_create(void **stream, unsigned) { return *stream = &used, success; }
int stream_synchronize(void *) { return success; }
int default_pool(void **pool, int) { return *pool = &used, success; }
int set_pool_attribute(void *, int, void *) { return success; }
int get_pool_attribute(void *, int, uint64_t *value) { return *value = 0, success; }

/// Every block begins with its size, and its bytes are poisoned.
int allocate(void **memory, size_t bytes, void *) {
  if (int64_t(bytes) > largest_block) return out_of_memory;
  char *block = static_cast<char *>(malloc(bytes + 64));
  memcpy(block, &bytes, sizeof bytes);
  memset(block + 64, 0xff, bytes);
  used += int64_t(bytes);
  *memory = block + 64;
  return success;
}
int release(void *memory, void *) {
  char *block = static_cast<char *>(memory) - 64;
  size_t bytes;
  memcpy(&bytes, block, sizeof bytes);
  memset(block + 64, 0xff, bytes);
  used -= int64_t(bytes);
  free(block);
  return success;
}
int allocate_host(void **memory, size_t bytes, unsigned) { return *memory = malloc(bytes), success; }
int copy_bytes(void *target, const void *source, size_t bytes, void *) { return memcpy(target, source, bytes), success; }
int set_bytes(void *target, unsigned char value, size_t bytes, void *) { return memset(target, value, bytes), success; }
int load_module(void **module, const void *) { return *module = &used, success; }
int get_function(void **function, void *, const char *name) {
  *function = const_cast<fake_kernel *>(fake_find_kernel(name));
  return *function ? success : not_found;
}
int function_attribute(void *, int, int) { return success; }
int launch(void *function, unsigned blocks, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned shared, void *,
           void **arguments, void **) {
  fake_launch(static_cast<fake_kernel *>(function), blocks, shared, arguments);
  return success;
}
int error_string(int, const char **text) { return *text = "a fault of the stand-in", success; }

// Compiler -------------------------------------------------------------------------------------

int compiler_version(int *major, int *minor) { return *major = 12, *minor = 4, success; }
int supported_count(int *count) { return *count = 2, success; }
int supported(int *numbers) { return numbers[0] = 70, numbers[1] = 90, success; }
int create_program(void **program, const char *, const char *, int, const char **, const char **) {
  return *program = &used, success;
}
int compile(void *, int, const char **) { return success; }
int log_size(void *, size_t *size) { return *size = 1, success; }
int get_log(void *, char *log) { return *log = 0, success; }
int binary_size(void *, size_t *size) { return *size = 8, success; }
int get_binary(void *, char *binary) { return memcpy(binary, "stand-in", 8), success; }
int destroy_program(void **) { return success; }

// BLAS -----------------------------------------------------------------------------------------

int create_handle(void **handle) { return *handle = &used, success; }
int set_stream(void *, void *) { return success; }
int set_workspace(void *, void *, size_t) { return success; }

enum { float32 = 0, bfloat16 = 14 };

float element(const void *base, int type, int64_t place) {
  if (type == float32) return static_cast<const float *>(base)[place];
  const uint32_t bits = uint32_t(static_cast<const uint16_t *>(base)[place]) << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Column-major products, as the BLAS has them: C = A B, or added to C when beta is 1.
int products(void *, int transA, int transB, int m, int n, int k, const float *, const void *a, int typeA, int lda,
             long long strideA, const void *b, int typeB, int ldb, long long strideB, const float *beta, void *c, int,
             int ldc, long long strideC, int batch, int, int) {
  for (int item = 0; item < batch; item++)
    for (int column = 0; column < n; column++)
      for (int row = 0; row < m; row++) {
        double sum = 0;
        for (int64_t i = 0; i < k; i++) {
          const int64_t left = transA ? i + int64_t(row) * lda : row + i * lda;
          const int64_t right = transB ? column + i * ldb : i + int64_t(column) * ldb;
          sum += double(element(a, typeA, left + item * strideA)) * double(element(b, typeB, right + item * strideB));
        }
        float &out = static_cast<float *>(c)[row + int64_t(column) * ldc + item * strideC];
        out = float(sum) + (*beta != 0 ? out : 0);
      }
  return success;
}

struct symbol {
  const char *name;
  void *function;
};
template <class Function> symbol entry(const char *name, Function *function) {
  return {name, reinterpret_cast<void *>(function)};
}

const symbol symbols[] = {
    entry("cuInit", init), entry("cuDriverGetVersion", driver_version), entry("cuDeviceGetCount", device_count),
    entry("cuDeviceGet", device_get), entry("cuDeviceGetName", device_name),
    entry("cuDeviceGetAttribute", device_attribute),
    entry("cuDevicePrimaryCtxRetain", retain), entry("cuCtxSetCurrent", set_current),
    entry("cuMemGetInfo_v2", memory_info), entry("cuStreamCreate", stream_create),
    entry("cuStreamSynchronize", stream_synchronize), entry("cuDeviceGetDefaultMemPool", default_pool),
    entry("cuMemPoolSetAttribute", set_pool_attribute),
    entry("cuMemPoolGetAttribute", get_pool_attribute), entry("cuMemAllocAsync", allocate),
    entry("cuMemFreeAsync", release), entry("cuMemHostAlloc", allocate_host),
    entry("cuMemcpyHtoDAsync_v2", copy_bytes), entry("cuMemcpyDtoHAsync_v2", copy_bytes),
    entry("cuMemcpyDtoDAsync_v2", copy_bytes), entry("cuMemsetD8Async", set_bytes),
    entry("cuModuleLoadData", load_module), entry("cuModuleGetFunction", get_function),
    entry("cuFuncSetAttribute", function_attribute), entry("cuLaunchKernel", launch),
    entry("cuGetErrorString", error_string), entry("nvrtcVersion", compiler_version),
    entry("nvrtcGetNumSupportedArchs", supported_count), entry("nvrtcGetSupportedArchs", supported),
    entry("nvrtcCreateProgram", create_program), entry("nvrtcCompileProgram", compile),
    entry("nvrtcGetProgramLogSize", log_size), entry("nvrtcGetProgramLog", get_log),
    entry("nvrtcGetCUBINSize", binary_size), entry("nvrtcGetCUBIN", get_binary),
    entry("nvrtcGetPTXSize", binary_size), entry("nvrtcGetPTX", get_binary),
    entry("nvrtcDestroyProgram", destroy_program), entry("cublasCreate_v2", create_handle),
    entry("cublasSetStream_v2", set_stream), entry("cublasSetWorkspace_v2", set_workspace),
    entry("cublasGemmStridedBatchedEx", products)};

// Faults ---------------------------------------------------------------------------------------

struct faulty {
  fake_fault fault;
  struct symbol symbol;
};

const faulty faults[] = {
    {fake_no_start, entry("cuInit", +[](unsigned) { return 100; })},
    {fake_old_driver, entry("cuDriverGetVersion", +[](int *version) { return *version = 10020, 0; })},
    {fake_no_card, entry("cuDeviceGetCount", +[](int *count) { return *count = 0; })},
    {fake_old_library, {"cuMemAllocAsync", nullptr}},
    {fake_old_compiler, entry("nvrtcGetSupportedArchs", +[](int *numbers) { return numbers[0] = 100, numbers[1] = 120, 0; })},
    {fake_bad_kernels, entry("nvrtcCompileProgram", +[](void *, int, const char **) { return 6; })},
    {fake_bad_launch, entry("cuLaunchKernel", +[](void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                                                  unsigned, void *, void **, void **) { return 700; })},
};

}  // namespace

void *fake_cuda_symbol(const char *name, fake_fault fault) {
  for (const faulty &other : faults)
    if (other.fault == fault && !strcmp(other.symbol.name, name)) return other.symbol.function;
  for (const symbol &symbol : symbols)
    if (!strcmp(symbol.name, name)) return symbol.function;
  return nullptr;
}
