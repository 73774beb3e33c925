// Starting a thread; see thread.h.

#include "thread.h"

#include <signal.h>

#include <cstddef>
#include <initializer_list>

namespace memspan {
namespace {

constexpr size_t kStackSize = 128 * 1024;

}  // namespace

int StartThread(void* (*run)(void*), void* argument, pthread_t* joinable) {
  sigset_t blocked, before;
  sigfillset(&blocked);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigdelset(&blocked, signal);
  // Inherited by the new thread.
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (!joinable) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread;
  const int failure = pthread_create(joinable ? joinable : &thread, &attributes, run, argument);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return failure;
}

}  // namespace memspan
