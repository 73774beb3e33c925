// One blocked wait: what it sleeps on, and how somebody in this process can end it early.
//
// A sleeper has a cancel word of its own. Sleep() waits on [cancel, target] at once with futex_waitv;
// the target stands last because the kernel names the last entry that was woken: a wake-up that was
// consumed is then never mistaken for a cancel.
//
// A 64-bit wait first compares all 64 bits in one load, then adds the upper half behind the lower one, in
// this order: a store to the upper half and a notify that come between the two look-ups then find us in
// the lower half's queue already. The upper half is only compared: it is entered as a private futex, whose
// queue no notify reaches, because whoever notifies the Int32Array element there does not mean us.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>

namespace memspan {

// What a wait came to. Also the cancel word's values; 0 there means nobody has cancelled.
enum class Outcome : uint32_t {
  ok = 1,
  notEqual = 2,
  timedOut = 3,
  aborted = 4,      // by its own AbortSignal
  closed = 5,       // its segment was closed, in this process
  damaged = 6,      // the memory is gone: the file was made shorter
  interrupted = 7,  // look whether JavaScript may still run, then come back
  exhausted = 8,    // no thread could be had for it
  disturbed = 9,    // somebody may have died: its own code has to look, and may come back
};

struct Sleeper {
  uint32_t* target = nullptr;
  bool wide = false;  // a 64-bit word: `target` is its lower half
  uint32_t low = 0;
  uint32_t high = 0;
  bool bounded = false;
  timespec deadline{};  // absolute, CLOCK_MONOTONIC
  int watch = 0;        // whose news disturbs it (watch.h); 0: nobody's
  uint32_t seen = 0;    // the news it knew when its code last looked
  std::atomic<uint32_t> cancel{0};
  // Called in place of a wake-up of the cancel word, by whoever has just cancelled it, on any thread.
  void (*rouse)(Sleeper*) = nullptr;
  // True once the kernel had it in the queue: a changed value then means woken, not not-equal.
  bool queued = false;
  Sleeper* next = nullptr;
  Sleeper* previous = nullptr;
};

// While enlisted, a sleeper can be ended by the functions below.
void Enlist(Sleeper* sleeper);
void Delist(Sleeper* sleeper);
// Must be called on an enlisted sleeper, or by its own thread's owner before it starts.
void EndSleeper(Sleeper* sleeper, Outcome why);
void EndSleepersOf(int watch);
void EndSleepersIn(const void* base, size_t length, Outcome why);

void SetTimeout(Sleeper* sleeper, double timeoutMs);
// Of CLOCK_MONOTONIC.
int64_t NowNs();

bool IsTimeUp(const Sleeper& sleeper);
bool ValueDiffers(const Sleeper& sleeper);

// Blocks. `plain` skips the cancel word: a little faster, and nothing but a wake-up or the deadline ends
// it. Interrupted and disturbed sleeps keep the sleeper usable: call again.
Outcome Sleep(Sleeper* sleeper, bool plain);
// The same, never plain, and `interrupted` after this many milliseconds.
Outcome SleepSlice(Sleeper* sleeper, double sliceMs);

// Kernels before 5.16 and some sandboxes have no futex_waitv: waits then go in slices.
bool HasWaitAny();

}  // namespace memspan
