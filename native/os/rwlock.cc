// Process-shared reader-writer locks (pthread_rwlock_init(3p)).
//
// A write lock must be given back by the thread that took it: the C library looks at the thread to tell the two kinds of
// unlock apart.

#include <errno.h>
#include <pthread.h>

#include "call.h"
#include "os.h"
#include "plausible.h"

namespace memspan {
namespace {

using Timed = int (*)(pthread_rwlock_t*, const timespec*);
using Plain = int (*)(pthread_rwlock_t*);

int EnterAny(const Napi::CallbackInfo& info, Pin* pin) {
  return pin->Enter(info, 0, sizeof(pthread_rwlock_t), alignof(pthread_rwlock_t));
}

int Enter(const Napi::CallbackInfo& info, Pin* pin) {
  const int entered = EnterAny(info, pin);
  return entered != 0 || IsRwLock(pin->Get<pthread_rwlock_t>()) ? entered : EINVAL;
}

// By a thread of this environment.
bool IsHeld(const Napi::CallbackInfo& info, const void* lock) {
  Environment* environment = Current(info.Env());
  bool busy;
  return HoldsOf(environment)->Has(lock) || KeeperOf(environment, lock, &busy);
}

// (view, pshared)
Napi::Value RwLockInit(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = EnterAny(info, &pin);
  if (entered != 0) return Result(info, entered);
  if (IsHeld(info, pin.Get<void>())) return Result(info, EBUSY);
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  int result = pthread_rwlockattr_setpshared(&attributes, info[1].As<Napi::Number>().Int32Value());
  if (result == 0) result = pthread_rwlock_init(pin.Get<pthread_rwlock_t>(), &attributes);
  pthread_rwlockattr_destroy(&attributes);
  return Result(info, result);
}

Napi::Value RwLockDestroy(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  // glibc does not look.
  if (IsHeld(info, pin.Get<void>())) return Result(info, EBUSY);
  return Result(info, pthread_rwlock_destroy(pin.Get<pthread_rwlock_t>()));
}

// As a mutex that came after its call was to end.
int UnlessEnded(const Listener& listener, int result) {
  if (result != 0) return result;
  const int why = Interruption(listener);
  if (why != kGone && why != kAborted) return 0;
  pthread_rwlock_unlock(listener.pin->Get<pthread_rwlock_t>());
  return why;
}

template <Timed timed>
int Lock(const Listener& listener, const Deadline& deadline, pthread_rwlock_t* lock) {
  return InSlices(listener, deadline, [&](const timespec* until) { return timed(lock, until); });
}

// (view, seconds?, nanoseconds?)
template <Timed timed, Plain plain>
Napi::Value RwLockLock(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  Environment* environment = Current(info.Env());
  pthread_rwlock_t* lock = pin.Get<pthread_rwlock_t>();
  const Deadline deadline = DeadlineOf(info, 1);
  int result = deadline.bounded ? EBUSY : plain(lock);
  if (result == EBUSY) {
    bool busy;
    // Only this very thread can have that one unlocked.
    if (!deadline.bounded && KeeperOf(environment, lock, &busy)) return Result(info, EDEADLK);
    result = Lock<timed>(ListenerOf(info, pin), deadline, lock);
  }
  result = UnlessEnded({&pin}, result);
  if (result == 0) HoldsOf(environment)->Add(pin);
  return Result(info, result);
}

template <Plain plain>
Napi::Value RwLockTry(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  const int result = plain(pin.Get<pthread_rwlock_t>());
  if (result == 0) HoldsOf(Current(info.Env()))->Add(pin);
  return Result(info, result);
}

Napi::Value RwLockUnlock(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered =
      pin.EnterPatiently(info, 0, sizeof(pthread_rwlock_t), alignof(pthread_rwlock_t));
  if (entered != 0) return Result(info, entered);
  if (!IsRwLock(pin.Get<pthread_rwlock_t>())) return Result(info, EINVAL);
  Environment* environment = Current(info.Env());
  pthread_rwlock_t* lock = pin.Get<pthread_rwlock_t>();
  Holds* holds = HoldsOf(environment);
  if (!holds->Has(lock)) {
    bool busy;
    if (Hand* keeper = KeeperOf(environment, lock, &busy)) {
      return Result(info, HaveDone(environment, keeper, [lock](Hand* hand) {
                      const int result = pthread_rwlock_unlock(lock);
                      if (result != 0) return result;
                      hand->holds.Remove(lock);
                      hand->keeps = nullptr;
                      return 0;
                    }));
    }
    // POSIX leaves it undefined, and glibc would count below zero readers.
    return Result(info, EPERM);
  }
  const int result = pthread_rwlock_unlock(lock);
  if (result == 0) holds->Remove(lock);
  return Result(info, result);
}

template <Timed timed>
struct LockCall : Call {
  Deadline deadline;
  int Run(Hand* hand) override {
    const Listener listener = {&pin, nullptr, &cancelled};
    const int result =
        UnlessEnded(listener, Lock<timed>(listener, deadline, pin.Get<pthread_rwlock_t>()));
    if (result == 0) {
      hand->holds.Add(pin);
      hand->keeps = pin.Get<void>();
    }
    return result;
  }
};

// (view, seconds?, nanoseconds?) → ticket, or an error
template <Timed timed>
Napi::Value RwLockLockAsync(const Napi::CallbackInfo& info) {
  return StartTimed<LockCall<timed>>(info, Enter);
}

}  // namespace

void InitRwLocks(Napi::Env env, Napi::Object os) {
  Export<RwLockInit>(env, os, "rwlockInit");
  Export<RwLockDestroy>(env, os, "rwlockDestroy");
  Export<RwLockLock<pthread_rwlock_timedrdlock, pthread_rwlock_tryrdlock>>(env, os, "rwlockRead");
  Export<RwLockLock<pthread_rwlock_timedwrlock, pthread_rwlock_trywrlock>>(env, os, "rwlockWrite");
  Export<RwLockTry<pthread_rwlock_tryrdlock>>(env, os, "rwlockTryRead");
  Export<RwLockTry<pthread_rwlock_trywrlock>>(env, os, "rwlockTryWrite");
  Export<RwLockUnlock>(env, os, "rwlockUnlock");
  Export<RwLockLockAsync<pthread_rwlock_timedrdlock>>(env, os, "rwlockReadAsync");
  Export<RwLockLockAsync<pthread_rwlock_timedwrlock>>(env, os, "rwlockWriteAsync");
}

}  // namespace memspan
