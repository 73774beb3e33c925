// Whether bytes can be the object that they are said to be. Looked at before the C library is called, which
// takes what it finds there for true: glibc divides by a barrier's count, makes a semaphore's flag part of the
// number of a system call, ends the process for an answer of the kernel that it takes for impossible, and
// follows the pointers in a robust mutex.
//
// Who can write there can still do so after the look: docs/posix.md says what is left. Layouts: glibc's
// internaltypes.h and struct_mutex.h; of other C libraries nothing is known here, and everything is plausible.
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include <functional>

namespace memspan {

bool IsSemaphore(const sem_t* semaphore);
bool IsMutex(const pthread_mutex_t* mutex);
bool IsRwLock(const pthread_rwlock_t* lock);
bool IsBarrier(const pthread_barrier_t* barrier);
// Some of its parties are there, and wait for the others.
bool IsWaitedAt(const pthread_barrier_t* barrier);

// Of the robust kind, which the C library links into a list of its owner.
bool IsRobust(const pthread_mutex_t* mutex);
// Locked by somebody who has not died, as far as a robust one says.
bool HasOwner(const pthread_mutex_t* mutex);
// Whether the neighbours in its owner's list, the calling thread's, are the list's head or other mutexes that the
// thread `has`: unlocking it writes to them.
bool IsLinked(const pthread_mutex_t* mutex, const std::function<bool(const void*)>& has);

enum class Waiters { none, some, unknown };
Waiters WaitersOf(const pthread_cond_t* condition);
// The condition variable's own lock is taken, which is for moments only.
bool IsInternallyLocked(const pthread_cond_t* condition);

}  // namespace memspan
