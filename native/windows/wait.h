// Waiting for kernel objects: this thread itself, or a thread of ours for the …Async twins, never libuv's pool.
//
// A mutex belongs to the thread that waited for it. So the thread of an asynchronous wait that got one stays, parked,
// as its owner, and ReleaseMutex is sent to it as an asynchronous procedure call (QueueUserAPC: delivered while it sleeps
// alertably, which is all it does). It ends with its last mutex; if its environment ends before, it ends without
// giving them back, and the next one who waits hears WAIT_ABANDONED.
//
//   waiting ── got no mutex, timed out, cancelled ──→ ended
//      └── got mutexes ──→ owning ── all given back, handle closed, environment ends ──→ ended
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "environment.h"

namespace memspan {

// Outcomes beside what WaitForMultipleObjects returns; src/binding/windows.ts has the same.
constexpr int kAborted = 0x40000001;
constexpr int kClosed = 0x40000002;

struct Wait {
  uint32_t ticket = 0;
  std::vector<HANDLE> given;    // as JavaScript knows them
  std::vector<HANDLE> handles;  // copies of our own: closing those does not touch a wait
  std::vector<bool> isMutex;
  bool all = false;
  DWORD milliseconds = 0;
  napi_threadsafe_function settle = nullptr;
  HANDLE thread = nullptr;
  // Why it is to end before its time: 0, kAborted or kClosed.
  std::atomic<int> ending{0};
  std::atomic<int> mutexes{0};  // that its thread owns
  bool told = false;            // JavaScript's thread: the result has arrived
  double result = 0;
};

// Gives the wait a thread, which begins at once and lets go of `settle` at its end. False when none can be had.
bool Employ(const std::shared_ptr<Wait>& wait);
// Has the thread end before its time, and an owner without giving its mutexes back when that is kClosed.
void End(const std::shared_ptr<Wait>& wait, int why);
// Has the owner's thread give the mutex back, and waits for that. Returns 0 or GetLastError().
DWORD ReleaseThere(const std::shared_ptr<Wait>& wait, HANDLE mutex);

}  // namespace memspan
