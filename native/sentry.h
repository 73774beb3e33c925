// The sentry: wakes a worker that sleeps in a wait when something happens on its event loop.
//
// worker.terminate() and process.exit() set a flag that only the worker's own thread can read, and they
// ring its event loop. A worker asleep in a futex hears neither, and a wait in slices would lose its
// place in the queue at every slice. So while a worker sleeps, one thread of ours watches the loop's
// descriptor for new events (edge-triggered) and ends the sleep as `interrupted`; the worker looks, and
// goes back to sleep if it may.
#pragma once

#include "sleep.h"

namespace memspan {

// False where there is nothing to watch (no loop descriptor): the caller then sleeps in slices.
bool WatchLoop(int loopFd, Sleeper* sleeper);
void UnwatchLoop(int loopFd, Sleeper* sleeper);

}  // namespace memspan
