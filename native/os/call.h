// Calls on threads of our own, the hands: for the …Async twins, never libuv's pool, and for what the C library cannot
// leave once it is in there.
//
// A lock belongs to the thread that took it, so a thread that has locked for JavaScript (a Hand) keeps to that lock: it
// parks, and is sent the unlock. If its environment ends first, it ends as any owner does: the next one to lock a
// robust mutex hears of it.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>

#include "../environment.h"
#include "os.h"
#include "region.h"
#include "slice.h"

namespace memspan {

class Hand;

// What a hand does for JavaScript. Made by the environment's thread, run by the hand's.
class Call {
 public:
  virtual ~Call() = default;
  // Blocks. What it returns is what JavaScript is told.
  virtual int Run(Hand* hand) = 0;
  // Nobody will be told: gives back what it has got.
  virtual void Undo(int) {}
  std::atomic<bool> cancelled{false};
  // What it is about, entered when it is made; a condition has a mutex, too.
  Pin pin;
  Pin second;
  // It cannot be ended: the environment does not wait for it.
  bool endless = false;
};

// One of our threads, as the calls that run on it see it.
class Hand {
 public:
  // What it has locked; set by its calls.
  std::atomic<const void*> keeps{nullptr};
  Holds holds;
};

// Gives the call to a free hand, or to `hand`. Returns its ticket, under which onSettled is called with the result, or
// -EAGAIN when no thread can be had.
double StartCall(Environment* environment, std::shared_ptr<Call> call, Hand* hand = nullptr);
// (view, seconds, nanoseconds): starts a Timed, a Call with a `deadline`, on what `enter` pins.
template <typename Timed>
Napi::Value StartTimed(const Napi::CallbackInfo& info,
                       int (*enter)(const Napi::CallbackInfo& info, Pin* pin)) {
  auto call = std::make_shared<Timed>();
  Pin pin;
  int entered = enter(info, &pin);
  if (entered == 0) entered = call->pin.Enter(pin);
  if (entered != 0) return Result(info, entered);
  call->deadline = DeadlineOf(info, 1);
  return Result(info, StartCall(Current(info.Env()), call));
}
// Has a hand run the call and waits for it, listening meanwhile, `limitMs` at most (0: no limit). Returns its result,
// the Refusal of an interruption, or -EAGAIN, or `late`; in the latter cases the call goes on, and its result is undone.
int RunAside(Environment* environment, std::shared_ptr<Call> call, const Listener& listener,
             int limitMs, int late);
// The hand of this environment that has locked the object, or null. `*busy`: it waits for a condition just now.
Hand* KeeperOf(Environment* environment, const void* object, bool* busy);
// Has the hand do what does not block, and waits for it.
int HaveDone(Environment* environment, Hand* hand, std::function<int(Hand*)> order);

}  // namespace memspan
