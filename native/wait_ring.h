// Asynchronous waits by io_uring (uring.h): each stands in the word's queue when waitAsync returns, no thread sleeps for it, and
// the wake-up goes to the event loop directly. 32-bit words only; what cannot go this way is a helper's (wait_pool.h).
#pragma once

#include "wait.h"

namespace memspan {

// The arguments of waitAsync. An Outcome; a ticket, odd, of a pending wait; 0 when a helper must do it; −1 with an exception
// pending.
int WaitInRing(Environment* environment, const Arguments& given);
// Whether there is a ring to be had, or one is there.
bool WaitsByRing(Environment* environment);
// False when that ticket is no wait of the ring's.
bool CancelInRing(Environment* environment, uint32_t ticket);

}  // namespace memspan
