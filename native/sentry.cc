// Watching the event loops of sleeping workers; see sentry.h.

#include "sentry.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <map>
#include <mutex>

#include "thread.h"

namespace memspan {
namespace {

// A busy loop's rings are heard at most this often: each costs the sleeper its place.
constexpr timespec kPause = {0, 5'000'000};
constexpr int kRingsMax = 64;

std::mutex mutex;
// By loop descriptor. Never destroyed: the thread outlives the static destructors of a process that exits.
std::map<int, Sleeper*>& sleepers = *new std::map<int, Sleeper*>;
int epollFd = -1;

void* Watch(void*) {
  pthread_setname_np(pthread_self(), "memspan-sentry");
  for (;;) {
    epoll_event rings[kRingsMax];
    const int count = epoll_wait(epollFd, rings, kRingsMax, -1);
    if (count < 0 && errno != EINTR) return nullptr;
    if (count < 1) continue;
    {
      std::lock_guard<std::mutex> hold(mutex);
      for (int i = 0; i < count; i++) {
        // The sleeper may have gone, and even another may sleep on this loop: being interrupted once too
        // often costs it a look, nothing else.
        const auto found = sleepers.find(rings[i].data.fd);
        if (found != sleepers.end()) EndSleeper(found->second, Outcome::interrupted);
      }
    }
    nanosleep(&kPause, nullptr);
  }
}

// Under the mutex. The thread lives as long as the process.
bool Start() {
  if (epollFd >= 0) return true;
  epollFd = epoll_create1(EPOLL_CLOEXEC);
  if (epollFd < 0) return false;
  const int failure = StartThread(Watch, nullptr);
  if (failure == 0) return true;
  close(epollFd);
  epollFd = -1;
  return false;
}

}  // namespace

bool WatchLoop(int loopFd, Sleeper* sleeper) {
  if (loopFd < 0) return false;
  std::lock_guard<std::mutex> hold(mutex);
  if (!Start()) return false;
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLET;
  event.data.fd = loopFd;
  if (epoll_ctl(epollFd, EPOLL_CTL_ADD, loopFd, &event) != 0) return false;
  sleepers[loopFd] = sleeper;
  return true;
}

void UnwatchLoop(int loopFd, Sleeper* sleeper) {
  std::lock_guard<std::mutex> hold(mutex);
  const auto found = sleepers.find(loopFd);
  if (found == sleepers.end() || found->second != sleeper) return;
  sleepers.erase(found);
  epoll_ctl(epollFd, EPOLL_CTL_DEL, loopFd, nullptr);
}

}  // namespace memspan
