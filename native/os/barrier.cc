// Process-shared barriers (pthread_barrier_init(3p)).
//
// The C library cannot leave a barrier before it is complete, so the wait is always a hand's: the thread of an
// environment can be ended meanwhile, the hand stays.

#include <errno.h>
#include <pthread.h>

#include "call.h"
#include "os.h"
#include "plausible.h"

namespace memspan {
namespace {

int Enter(const Napi::CallbackInfo& info, Pin* pin) {
  return pin->Enter(info, 0, sizeof(pthread_barrier_t), alignof(pthread_barrier_t));
}

// (view, pshared, count)
Napi::Value BarrierInit(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  int result = pthread_barrierattr_setpshared(&attributes, info[1].As<Napi::Number>().Int32Value());
  if (result == 0) {
    result = pthread_barrier_init(pin.Get<pthread_barrier_t>(), &attributes,
                                  info[2].As<Napi::Number>().Uint32Value());
  }
  pthread_barrierattr_destroy(&attributes);
  return Result(info, result);
}

struct BarrierCall : Call {
  int (*function)(pthread_barrier_t*) = pthread_barrier_wait;
  Mapping* kept = nullptr;
  BarrierCall() { endless = true; }
  ~BarrierCall() override { LetGoOfMemory(); }
  int Run(Hand*) override {
    const int result = function(pin.Get<pthread_barrier_t>());
    LetGoOfMemory();
    return result;
  }
  // As a lock does: who wants to close it is told at once, and nobody else's wait is ended in vain.
  void KeepMemory() {
    kept = pin.mapping();
    Hold(kept);
  }
  void LetGoOfMemory() {
    if (kept) LetGo(kept);
    kept = nullptr;
  }
};

// The call of it; null with `*failure` said.
std::shared_ptr<BarrierCall> CallOf(const Napi::CallbackInfo& info, int* failure) {
  auto call = std::make_shared<BarrierCall>();
  Pin pin;
  *failure = Enter(info, &pin);
  if (*failure == 0 && !IsBarrier(pin.Get<pthread_barrier_t>())) *failure = EINVAL;
  if (*failure == 0) *failure = call->pin.Enter(pin);
  return *failure == 0 ? call : nullptr;
}

// Only the end of its worker ends the wait: the memory cannot be had back while a hand is in there, so that unmapping it
// is refused, not announced.
Listener WhileAllowed(const Napi::CallbackInfo& info) {
  const Environment* environment = Current(info.Env());
  return {nullptr, environment->isWorker ? environment->env : nullptr, nullptr};
}

// glibc waits in there until all who were let go have left: EBUSY when they do not.
Napi::Value BarrierDestroy(const Napi::CallbackInfo& info) {
  constexpr int kLimitMs = 1000;
  int failure;
  const auto call = CallOf(info, &failure);
  if (!call) return Result(info, failure);
  // It would write to the barrier before it waits.
  if (IsWaitedAt(call->pin.Get<pthread_barrier_t>())) return Result(info, EBUSY);
  call->function = pthread_barrier_destroy;
  return Result(info, RunAside(Current(info.Env()), call, WhileAllowed(info), kLimitMs, EBUSY));
}

// (view) → 0, PTHREAD_BARRIER_SERIAL_THREAD (which is −1), or an error
Napi::Value BarrierWait(const Napi::CallbackInfo& info) {
  int failure;
  const auto call = CallOf(info, &failure);
  if (!call) return Result(info, failure);
  call->KeepMemory();
  return Result(info, RunAside(Current(info.Env()), call, WhileAllowed(info), 0, 0));
}

Napi::Value BarrierWaitAsync(const Napi::CallbackInfo& info) {
  int failure;
  const auto call = CallOf(info, &failure);
  if (!call) return Result(info, failure);
  call->KeepMemory();
  return Result(info, StartCall(Current(info.Env()), call));
}

}  // namespace

void InitBarriers(Napi::Env env, Napi::Object os) {
  Export<BarrierInit>(env, os, "barrierInit");
  Export<BarrierDestroy>(env, os, "barrierDestroy");
  Export<BarrierWait>(env, os, "barrierWait");
  Export<BarrierWaitAsync>(env, os, "barrierWaitAsync");
}

}  // namespace memspan
