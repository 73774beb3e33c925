// What glibc's objects look like inside; see plausible.h.

#include "plausible.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace memspan {

#if defined(__GLIBC__) && defined(__LP64__)

namespace {

// Futexes of these objects carry one of the two (lowlevellock-futex.h).
constexpr uint32_t kPrivate = 0;
constexpr uint32_t kShared = 128;

// Bits of a mutex's kind (pthreadP.h).
constexpr int kType = 3;
constexpr int kRobust = 16;
constexpr int kInherit = 32;
constexpr int kProtect = 64;
constexpr int kElision = 256;
constexpr int kKnown = kType | kRobust | kInherit | kProtect | kShared | kElision | 512;
constexpr int kCeilingShift = 19;

// More than the kernel has threads.
constexpr uint32_t kThreadsMax = 1u << 22;

template <typename T>
T Load(const T* word) {
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

uint32_t Word(const void* object, size_t index) {
  return Load(static_cast<const uint32_t*>(object) + index);
}

int KindOf(const pthread_mutex_t* mutex) { return Load(&mutex->__data.__kind); }

uint32_t LockOf(const pthread_mutex_t* mutex) {
  return static_cast<uint32_t>(Load(&mutex->__data.__lock));
}

// Its instructions are a fault where the processor has none; glibc uses the kind where it has.
bool HasElision() {
#ifdef __x86_64__
  return __builtin_cpu_supports("rtm");
#else
  return true;
#endif
}

// glibc asserts that a priority is one.
bool HasCeiling(const pthread_mutex_t* mutex) {
  const int ceiling = static_cast<int>(LockOf(mutex) >> kCeilingShift);
  return ceiling >= sched_get_priority_min(SCHED_FIFO) &&
         ceiling <= sched_get_priority_max(SCHED_FIFO);
}

// Where the count of a condition variable's waiters is, in words: glibc has moved it, also within a version. Its
// lowest bit says that it is process-shared, and is all that a new one has set.
size_t WaitersWord() {
  static const size_t index = [] {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_cond_t condition;
    memset(static_cast<void*>(&condition), 0, sizeof condition);
    pthread_cond_init(&condition, &attributes);
    pthread_condattr_destroy(&attributes);
    size_t found = 0;
    for (size_t i = 1; i < sizeof condition / sizeof(uint32_t); i++) {
      const uint32_t word = Word(&condition, i);
      if (word == 0) continue;
      if (word != 1 || found != 0) return size_t{0};
      found = i;
    }
    return found;
  }();
  return index;
}

}  // namespace

bool IsSemaphore(const sem_t* semaphore) {
  const uint32_t flag = Word(semaphore, 2);
  return flag == kPrivate || flag == kShared;
}

bool IsMutex(const pthread_mutex_t* mutex) {
  const int kind = KindOf(mutex);
  if ((kind & ~kKnown) || ((kind & kElision) && !HasElision())) return false;
  if (kind & kProtect) return !(kind & (kInherit | kRobust)) && HasCeiling(mutex);
  return !(kind & kInherit) || (kind & kRobust) || !(LockOf(mutex) & FUTEX_OWNER_DIED);
}

bool IsRwLock(const pthread_rwlock_t* lock) {
  const auto& data = lock->__data;
  return (Load(&data.__readers) >> 3) < kThreadsMax &&
         (Load(&data.__writers) & 0x7fffffff) < kThreadsMax && Load(&data.__wrphase_futex) <= 3 &&
         Load(&data.__writers_futex) <= 3 && Load(&data.__pad3) == 0 && Load(&data.__pad4) == 0;
}

bool IsBarrier(const pthread_barrier_t* barrier) {
  const uint32_t count = Word(barrier, 2);
  const uint32_t flag = Word(barrier, 3);
  return count != 0 && count <= UINT32_MAX / 2 && (flag == kPrivate || flag == kShared);
}

bool IsWaitedAt(const pthread_barrier_t* barrier) {
  const uint32_t count = Word(barrier, 2);
  return count != 0 && Word(barrier, 0) % count != 0;
}

bool IsRobust(const pthread_mutex_t* mutex) { return KindOf(mutex) & kRobust; }

bool HasOwner(const pthread_mutex_t* mutex) { return LockOf(mutex) & FUTEX_TID_MASK; }

namespace {

// The C library sets it once, when the thread begins.
robust_list_head* OwnList() {
  thread_local robust_list_head* head = nullptr;
  size_t size;
  if (!head) syscall(SYS_get_robust_list, 0, &head, &size);
  return head;
}

}  // namespace

bool IsLinked(const pthread_mutex_t* mutex, const std::function<bool(const void*)>& has) {
  const robust_list_head* head = OwnList();
  if (!head) return false;
  const uintptr_t first = reinterpret_cast<uintptr_t>(head->list.next) & ~uintptr_t{1};
  // They point to the members `__next`; the lowest bit tells the kind that inherits priorities.
  constexpr size_t kNext = offsetof(pthread_mutex_t, __data.__list.__next);
  const auto isNeighbour = [&](const __pthread_internal_list* const* pointer) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(Load(pointer)) & ~uintptr_t{1};
    return at == reinterpret_cast<uintptr_t>(head) || at == first ||
           (at != 0 && has(reinterpret_cast<const void*>(at - kNext)));
  };
  return isNeighbour(&mutex->__data.__list.__next) && isNeighbour(&mutex->__data.__list.__prev);
}

Waiters WaitersOf(const pthread_cond_t* condition) {
  const size_t word = WaitersWord();
  if (word == 0) return Waiters::unknown;
  return Word(condition, word) >> 3 != 0 ? Waiters::some : Waiters::none;
}

bool IsInternallyLocked(const pthread_cond_t* condition) {
  const size_t word = WaitersWord();
  return word != 0 && (Word(condition, word - 1) & 3) != 0;
}

#else

bool IsSemaphore(const sem_t*) { return true; }
bool IsMutex(const pthread_mutex_t*) { return true; }
bool IsRwLock(const pthread_rwlock_t*) { return true; }
bool IsBarrier(const pthread_barrier_t*) { return true; }
bool IsWaitedAt(const pthread_barrier_t*) { return false; }
bool IsRobust(const pthread_mutex_t*) { return false; }
bool HasOwner(const pthread_mutex_t*) { return false; }
bool IsLinked(const pthread_mutex_t*, const std::function<bool(const void*)>&) { return true; }
Waiters WaitersOf(const pthread_cond_t*) { return Waiters::unknown; }
bool IsInternallyLocked(const pthread_cond_t*) { return false; }

#endif

}  // namespace memspan
