// The process's memory: how the allocator keeps it, how much there was at most, and what each thread has.
#include "kernels.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { sides = 2 };
typedef struct { float *memory[sides]; int64_t counts[sides]; } scratch;

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void free_scratch(void *argument) {
  scratch *own = argument;
  for (int side = 0; side < sides; side++) free(own->memory[side]);
  free(own);
}
static void make_scratch_key(void) { pthread_key_create(&scratch_key, free_scratch); }

float *ek_scratch(int32_t side, int64_t count) {
  pthread_once(&scratch_once, make_scratch_key);
  scratch *own = pthread_getspecific(scratch_key);
  if (!own) {
    own = calloc(1, sizeof *own);
    if (!own || pthread_setspecific(scratch_key, own) != 0) return NULL;
  }
  if (own->counts[side] < count) {
    free(own->memory[side]);
    own->memory[side] = malloc((size_t)count * sizeof(float));
    own->counts[side] = own->memory[side] ? count : 0;
  }
  return own->memory[side];
}

int64_t ek_peak_memory(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#if defined(__APPLE__)
  return usage.ru_maxrss;
#else
  return (int64_t)usage.ru_maxrss * 1024;
#endif
}

#if defined(__GLIBC__)
#include <malloc.h>
void ek_keep_freed_memory(void) {
  mallopt(M_MMAP_MAX, 0);         // Large blocks come from the heap, which is reused,
  mallopt(M_TRIM_THRESHOLD, -1);  // and the heap never shrinks: no page is faulted in twice.
}
#else
void ek_keep_freed_memory(void) {}
#endif
