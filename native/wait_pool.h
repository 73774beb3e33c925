// Helpers: small-stack threads of ours that sleep in an asynchronous wait's place, never libuv's pool.
//
// They are shared by all environments of the process, made on demand up to a cap, and stay a moment for
// the next errand. Nothing here knows JavaScript.
#pragma once

#include <sys/types.h>

#include <atomic>

#include "sleep.h"

namespace memspan {

// A wait that a helper does. Its sleeper must be enlisted; the helper takes it off the list.
struct Errand {
  Sleeper sleeper;
  // Called on the helper's thread when the wait is over. It sets `over`, under whatever guards the
  // errand's life; the helper does not touch the errand after that.
  void (*tell)(Errand*, Outcome) = nullptr;
  std::atomic<pid_t> threadId{0};    // from here on the helper's next sleep is the wait itself
  std::atomic<bool> leaving{false};  // from here on what the helper sleeps in is something else
  std::atomic<bool> over{false};
};

// Gives the errand to a helper; false when no thread can be had. With `confirm` it stands in the kernel's
// queue, or is over, when this returns.
bool Employ(Errand* errand, bool confirm);

}  // namespace memspan
