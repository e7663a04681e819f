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

#if defined(__APPLE__)
#include <dispatch/dispatch.h>
static void run_team(void *work, size_t member) { (void)member; run_loop(work); }
static void start_team(loop *work, int32_t threads) {
  dispatch_apply_f((size_t)threads, DISPATCH_APPLY_AUTO, work, run_team);
}
static void run_alone(loop *work) { run_loop(work); }
#else
// oneDNN's threads are libgomp's, and idle ones spin for a while: two pools on few cores would fight.
// Called directly, libgomp needs no compiler flag. A nested loop gets a team of one.
extern void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);
static void start_team(loop *work, int32_t threads) { GOMP_parallel(run_loop, work, (unsigned)threads, 0); }
/// Outside of a team, oneDNN would start threads of its own, and its sums would depend on how many.
static void run_alone(loop *work) {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  run_loop(work);
  omp_set_num_threads(threads);
}
#endif

void ek_set_thread_limit(int32_t limit) { atomic_store(&thread_limit, limit < 0 ? 0 : limit); }

int32_t ek_thread_count(void) {
  const int32_t limit = atomic_load(&thread_limit);
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return limit > 0 ? limit : (processors > 0 ? (int32_t)processors : 1);
}

void ek_parallel(int64_t count, void (*body)(void *, int64_t), void *context) {
  loop work = {count, body, context, 0};
  const int32_t threads = count < ek_thread_count() ? (int32_t)count : ek_thread_count();
  if (threads <= 1) run_alone(&work); else start_team(&work, threads);
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
