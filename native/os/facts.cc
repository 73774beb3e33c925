// Sizes, alignments and constants that differ among platforms, as the C library's headers have them.

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>

#include "os.h"

namespace memspan {

void InitFacts(Napi::Env env, Napi::Object os) {
  Napi::Object facts = Napi::Object::New(env);
#define MEMSPAN_TYPE(type)                  \
  facts.Set("sizeof." #type, sizeof(type)); \
  facts.Set("alignof." #type, alignof(type))
  MEMSPAN_TYPE(pthread_mutex_t);
  MEMSPAN_TYPE(pthread_cond_t);
  MEMSPAN_TYPE(pthread_rwlock_t);
  MEMSPAN_TYPE(pthread_barrier_t);
  MEMSPAN_TYPE(sem_t);
#undef MEMSPAN_TYPE
#define MEMSPAN_CONSTANT(name) facts.Set(#name, static_cast<double>(name))
  MEMSPAN_CONSTANT(PTHREAD_PROCESS_PRIVATE);
  MEMSPAN_CONSTANT(PTHREAD_PROCESS_SHARED);
  MEMSPAN_CONSTANT(PTHREAD_MUTEX_NORMAL);
  MEMSPAN_CONSTANT(PTHREAD_MUTEX_RECURSIVE);
  MEMSPAN_CONSTANT(PTHREAD_MUTEX_ERRORCHECK);
  MEMSPAN_CONSTANT(PTHREAD_MUTEX_DEFAULT);
  MEMSPAN_CONSTANT(PTHREAD_MUTEX_STALLED);
  MEMSPAN_CONSTANT(PTHREAD_MUTEX_ROBUST);
  MEMSPAN_CONSTANT(PTHREAD_PRIO_NONE);
  MEMSPAN_CONSTANT(PTHREAD_PRIO_INHERIT);
  MEMSPAN_CONSTANT(PTHREAD_PRIO_PROTECT);
  MEMSPAN_CONSTANT(PTHREAD_BARRIER_SERIAL_THREAD);
  MEMSPAN_CONSTANT(SEM_VALUE_MAX);
  MEMSPAN_CONSTANT(EOWNERDEAD);
  MEMSPAN_CONSTANT(ENOTRECOVERABLE);
#undef MEMSPAN_CONSTANT
  os.Set("facts", facts);
}

}  // namespace memspan
