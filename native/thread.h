// Threads of our own beside the event loops: small, detached, and left alone by the process's signals.
#pragma once

namespace memspan {

// 0 or an errno. Whatever it sleeps in, only the fault guard's signals get through to it.
int StartThread(void* (*run)(void*), void* argument);

}  // namespace memspan
