// One inotify instance and one thread for the process; see watch.h.

#include "watch.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <map>
#include <mutex>
#include <set>

#include "environment.h"
#include "sleep.h"
#include "thread.h"
#include "without.h"

namespace memspan {
namespace {

// The kernel tells of a close just before it drops the lock, and closes one descriptor after the other: who
// looked too early looks again after these.
constexpr timespec kAgain[] = {{0, 50'000}, {0, 300'000}, {0, 1'000'000}};

std::mutex mutex;
// How often each watch was asked for. Never destroyed: the thread outlives the static destructors.
std::map<int, int>& uses = *new std::map<int, int>;
int inotifyFd = -1;
std::atomic<uint32_t> news{0};

void Tell(const std::set<int>& watches) {
  // Counted first: who enlists now and knew the old count does not sleep.
  news.fetch_add(1);
  for (const int watch : watches) EndSleepersOf(watch);
}

void* Listen(void*) {
  pthread_setname_np(pthread_self(), "memspan-watch");
  alignas(inotify_event) char buffer[4096];
  for (;;) {
    const ssize_t length = read(inotifyFd, buffer, sizeof buffer);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return nullptr;
    std::set<int> watches;
    for (ssize_t at = 0; at < length;) {
      const inotify_event* event = reinterpret_cast<const inotify_event*>(buffer + at);
      if (event->mask & IN_Q_OVERFLOW) {
        std::lock_guard<std::mutex> hold(mutex);
        for (const auto& [watch, count] : uses) watches.insert(watch);
      } else {
        watches.insert(event->wd);
      }
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
    Tell(watches);
    for (const timespec& pause : kAgain) {
      nanosleep(&pause, nullptr);
      Tell(watches);
    }
  }
}

// Under the mutex. 0 or −errno. The thread lives as long as the process.
int Start() {
  if (inotifyFd >= 0) return 0;
  if (IsWithout("inotify")) return -ENOSYS;
  inotifyFd = inotify_init1(IN_CLOEXEC);
  if (inotifyFd < 0) return -errno;
  const int failure = StartThread(Listen, nullptr);
  if (failure == 0) return 0;
  close(inotifyFd);
  inotifyFd = -1;
  return -failure;
}

void Unwatch(int watch) {
  std::lock_guard<std::mutex> hold(mutex);
  const auto found = uses.find(watch);
  if (found == uses.end() || --found->second > 0) return;
  uses.erase(found);
  inotify_rm_watch(inotifyFd, watch);
}

}  // namespace

uint32_t NewsCount() { return news.load(); }

Napi::Value WatchFile(const Napi::CallbackInfo& info) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", info[0].As<Napi::Number>().Int32Value());
  std::lock_guard<std::mutex> hold(mutex);
  int result = Start();
  if (result == 0) {
    result = inotify_add_watch(inotifyFd, path, IN_CLOSE_WRITE);
    if (result < 0) result = -errno;
  }
  if (result > 0) {
    uses[result]++;
    Current(info.Env())->watches.insert(result);
  }
  return Napi::Number::New(info.Env(), result);
}

Napi::Value UnwatchFile(const Napi::CallbackInfo& info) {
  const int watch = info[0].As<Napi::Number>().Int32Value();
  auto& watches = Current(info.Env())->watches;
  const auto found = watches.find(watch);
  if (found == watches.end()) return {};
  watches.erase(found);
  Unwatch(watch);
  return {};
}

Napi::Value CountNews(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), NewsCount());
}

void EndWatches(Environment* environment) {
  for (const int watch : environment->watches) Unwatch(watch);
  environment->watches.clear();
}

}  // namespace memspan
