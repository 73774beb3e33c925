// Threads of our own beside the event loops: small, and left alone by the process's signals.
#pragma once

#include <pthread.h>

namespace memspan {

// 0 or an errno. Whatever it sleeps in, only the fault guard's signals get through to it. Detached, unless `joinable`
// takes it.
int StartThread(void* (*run)(void*), void* argument, pthread_t* joinable = nullptr);

}  // namespace memspan
