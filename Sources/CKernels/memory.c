// The process's memory: how the allocator keeps it, and how much there was at most.
#include "kernels.h"
#include <sys/resource.h>

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
