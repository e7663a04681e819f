// The one place that starts threads.
#include "internal.h"
#include <stdatomic.h>
#include <unistd.h>

static _Atomic int32_t thread_limit = 0;

typedef struct {
  int64_t count;
  void (*body)(void *, int64_t);
  void *context;
  _Atomic int64_t next;
} loop;

static void run_loop(void *argument) {
  loop *work = argument;
  for (int64_t index; (index = atomic_fetch_add(&work->next, 1)) < work->count;)
    work->body(work->context, index);
}

// Dispatch's workers sleep when there is nothing to do. libgomp's, which Debian's oneDNN would use, spin
// for a while: next to another busy program that made small loops ten times slower.
extern void dispatch_apply_f(size_t iterations, void *queue, void *context, void (*work)(void *, size_t));

#if defined(__APPLE__)
static int begin_sequential_blas(void) { return 0; }
static void end_sequential_blas(int threads) { (void)threads; }
#else
// A product is one sequential call: with threads of its own, oneDNN's sums would depend on how many.
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);
static int begin_sequential_blas(void) {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  return threads;
}
static void end_sequential_blas(int threads) { omp_set_num_threads(threads); }
#endif

static _Thread_local bool is_inside_loop = false;

/// What every member of a team does.
static void run_member(void *work, size_t member) {
  (void)member;
  const bool was_inside = is_inside_loop;
  is_inside_loop = true;
  const int threads = begin_sequential_blas();
  run_loop(work);
  end_sequential_blas(threads);
  is_inside_loop = was_inside;
}

void ek_set_thread_limit(int32_t limit) { atomic_store(&thread_limit, limit < 0 ? 0 : limit); }

/// Counted once: the system reads a file for it.
static int32_t processor_count(void) {
  static _Atomic int32_t known = 0;
  int32_t count = atomic_load(&known);
  if (count == 0) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    count = processors > 0 ? (int32_t)processors : 1;
    atomic_store(&known, count);
  }
  return count;
}

int32_t ek_thread_count(void) {
  const int32_t limit = atomic_load(&thread_limit);
  return limit > 0 ? limit : processor_count();
}

void ek_parallel(int64_t count, void (*body)(void *, int64_t), void *context) {
  loop work = {count, body, context, 0};
  const int32_t limit = is_inside_loop ? 1 : ek_thread_count();
  const int32_t threads = count < limit ? (int32_t)count : limit;
  if (threads > 1) {
    dispatch_apply_f((size_t)threads, NULL, &work, run_member);
    return;
  }
  // One iteration alone takes no thread from the loops inside of it.
  const int blas_threads = begin_sequential_blas();
  run_loop(&work);
  end_sequential_blas(blas_threads);
}

typedef struct {
  int64_t count, grain;
  void (*body)(const void *, int64_t, int64_t);
  const void *context;
} ranges;

static void run_range(void *argument, int64_t index) {
  const ranges *work = argument;
  const int64_t begin = index * work->grain, end = begin + work->grain;
  work->body(work->context, begin, end < work->count ? end : work->count);
}

void ek_for_ranges(int64_t count, int64_t grain, void (*body)(const void *, int64_t, int64_t), const void *context) {
  if (count <= 0) return;
  ranges work = {count, grain < 1 ? 1 : grain, body, context};
  ek_parallel((count + work.grain - 1) / work.grain, run_range, &work);
}
