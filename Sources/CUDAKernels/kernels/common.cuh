// What all kernels share. They are right for any grid and any number of threads in a block, one included: tests
// compile them for the processor, one thread to a block. Rows of numbers are summed in Float64, or in Float32 where a
// thread has few of them and in Float64 across threads, in an order that the number of threads in a block fixes.
typedef long long i64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif
#define EK_KERNEL extern "C" __global__ void
/// Every index below count, shared among all threads.
#define EK_EACH(i, count) \
  for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += (i64)gridDim.x * blockDim.x)
/// Every row, a block for each.
#define EK_ROWS(r, rows) for (i64 r = blockIdx.x; r < (rows); r += gridDim.x)
/// Every index below count, shared among the threads of a block.
#define EK_LANES(i, count) for (i64 i = threadIdx.x; i < (count); i += blockDim.x)
/// The most threads of a block.
#define EK_THREADS 256
#ifndef EK_SHARED_FLOATS
/// The floats of shared memory that a block was launched with.
#define EK_SHARED_FLOATS(name) extern __shared__ float name[]
#endif

/// The sum of a number of each thread of the block, for all of them.
static __device__ double ek_sum(double value) {
  __shared__ double parts[EK_THREADS];
  parts[threadIdx.x] = value;
  __syncthreads();
  for (u32 count = blockDim.x; count > 1; count = (count + 1) / 2) {
    if (threadIdx.x < count / 2) parts[threadIdx.x] += parts[threadIdx.x + (count + 1) / 2];
    __syncthreads();
  }
  const double sum = parts[0];
  __syncthreads();
  return sum;
}

/// The largest of a number of each thread of the block, for all of them.
static __device__ float ek_max(float value) {
  __shared__ float parts[EK_THREADS];
  parts[threadIdx.x] = value;
  __syncthreads();
  for (u32 count = blockDim.x; count > 1; count = (count + 1) / 2) {
    if (threadIdx.x < count / 2) parts[threadIdx.x] = fmaxf(parts[threadIdx.x], parts[threadIdx.x + (count + 1) / 2]);
    __syncthreads();
  }
  const float top = parts[0];
  __syncthreads();
  return top;
}

/// The largest element of a row, for all threads of its block.
static __device__ float ek_row_max(const float *x, i64 count) {
  float top = -INFINITY;
  EK_LANES(i, count) top = fmaxf(top, x[i]);
  return ek_max(top);
}
