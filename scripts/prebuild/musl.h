/* Read before each file that is compiled for musl: what libstdc++'s headers, which were configured for glibc, want to know.
   Sizes and zero values of the types that libstdc++'s own code knows (mutexes, condition variables, once flags) are the
   same in both; scripts/prebuild/linux.mjs checks at the end that musl has every function. */
#pragma once

#include <features.h>

/* Threads are a part of libc, as in a new glibc. */
#define __GLIBC_PREREQ(major, minor) 1

#ifdef __cplusplus
#include <pthread.h>
#include <time.h>

typedef struct __locale_struct* __locale_t;

/* glibc's classes of characters: for std::ctype, which memspan does not use. */
enum {
  _ISupper = 1 << 8,
  _ISlower = 1 << 9,
  _ISalpha = 1 << 10,
  _ISdigit = 1 << 11,
  _ISxdigit = 1 << 12,
  _ISspace = 1 << 13,
  _ISprint = 1 << 14,
  _ISblank = 1 << 0,
  _IScntrl = 1 << 1,
  _ISpunct = 1 << 2,
};

/* newer.c has it. */
extern "C" int pthread_cond_clockwait(pthread_cond_t*, pthread_mutex_t*, clockid_t,
                                      const struct timespec*);

/* These musl does without. */
#include <bits/c++config.h>
#undef _GLIBCXX_USE_PTHREAD_MUTEX_CLOCKLOCK
#undef _GLIBCXX_USE_PTHREAD_RWLOCK_CLOCKLOCK

#if defined __LP64__
static_assert(sizeof(pthread_mutex_t) == 40 && sizeof(pthread_cond_t) == 48 &&
              sizeof(pthread_once_t) == 4);
#endif
#endif
