/* What the headers of a newer glibc, and the static libraries of a compiler that was built on it, take for granted, and
   glibc 2.28 and musl do not have. Linked into each prebuilt binary for Linux, and seen from nowhere else. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* glibc 2.33: before, headers made it a call of __fxstat. On 64-bit machines the kernel's struct is the same. */
int fstat(int fd, struct stat* status) { return (int)syscall(SYS_fstat, fd, status); }

#ifdef __GLIBC__
/* Its name where _FILE_OFFSET_BITS is 64, as node-gyp has it. */
int fstat64(int fd, struct stat64* status) __attribute__((alias("fstat")));
#endif

/* glibc 2.32; libstdc++ counts without atomic instructions while it is set: never. */
char __libc_single_threaded = 0;

/* glibc 2.35; libgcc's unwinder looks for the tables of an address with it. "None": memspan is compiled without
   exceptions, so that one of libstdc++ ends the process, with tables or without. */
struct dl_find_object;
int _dl_find_object(void* address, struct dl_find_object* result) {
  (void)address;
  (void)result;
  return -1;
}

static long long nanosecondsOf(struct timespec time) {
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return nanosecondsOf(time);
}

/* glibc 2.30, for std::condition_variable::wait_for. Without it CLOCK_REALTIME has to do, which somebody may set: so in
   short pieces, each of which may end as if it had been woken, as POSIX allows. */
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const struct timespec* until) {
  typedef int Wait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
  static Wait* const unknown = (Wait*)-1;
  static Wait* found = (Wait*)-1;
  Wait* wait = __atomic_load_n(&found, __ATOMIC_RELAXED);
  if (wait == unknown) {
    wait = (Wait*)dlsym(RTLD_DEFAULT, "pthread_cond_clockwait");
    __atomic_store_n(&found, wait, __ATOMIC_RELAXED);
  }
  if (wait) return wait(condition, mutex, clock, until);
  const long long pieceMax = 100000000;
  const long long left = nanosecondsOf(*until) - now(clock);
  const long long end = now(CLOCK_REALTIME) + (left < pieceMax ? left : pieceMax);
  const struct timespec piece = {end / 1000000000, end % 1000000000};
  const int result = pthread_cond_timedwait(condition, mutex, &piece);
  return result == ETIMEDOUT && now(clock) < nanosecondsOf(*until) ? 0 : result;
}

#ifndef __GLIBC__
/* libgcc takes a program for one with threads if there is this function of glibc's. */
int __pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) {
  return pthread_key_create(key, destroy);
}
#endif
