// The pool of helpers; see wait_pool.h.

#include "wait_pool.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <mutex>
#include <vector>

#include "futex.h"
#include "thread.h"

namespace memspan {
namespace {

// Documented in waitAsync's docstring.
constexpr int kHelpersMax = 1024;
constexpr double kIdleMs = 250;
// How long the kernel's word is waited for, and what must do where it gives none.
constexpr double kConfirmMs = 2000;
constexpr long kMomentNs = 1'000'000;

struct Helper {
  std::atomic<uint32_t> bell{0};  // 1: there is an errand
  Errand* errand = nullptr;
};

std::mutex poolMutex;
// Never destroyed: helpers outlive the static destructors of a process that exits while they sleep.
std::vector<Helper*>& idle = *new std::vector<Helper*>;
int helperCount = 0;

uint32_t* Bell(Helper* helper) { return reinterpret_cast<uint32_t*>(&helper->bell); }

// True when there is another errand; false when the helper has left the pool and must end.
bool AwaitErrand(Helper* helper) {
  for (;;) {
    if (helper->bell.load() == 1) return true;
    Sleeper pause;
    SetTimeout(&pause, kIdleMs);
    if (FutexWait(Bell(helper), 0, &pause.deadline, true) != -ETIMEDOUT) continue;
    std::lock_guard<std::mutex> hold(poolMutex);
    if (helper->bell.load() == 1) return true;
    std::erase(idle, helper);
    helperCount--;
    return false;
  }
}

void* Help(void* argument) {
  Helper* helper = static_cast<Helper*>(argument);
  pthread_setname_np(pthread_self(), "memspan-wait");
  const pid_t threadId = static_cast<pid_t>(syscall(SYS_gettid));
  while (AwaitErrand(helper)) {
    Errand* errand = helper->errand;
    errand->threadId.store(threadId);
    Outcome outcome;
    do {
      outcome = Sleep(&errand->sleeper, false);
    } while (outcome == Outcome::interrupted);
    errand->leaving.store(true);
    Delist(&errand->sleeper);
    {
      // Idle before the outcome is told, so that a wait begun in answer to it finds this helper.
      std::lock_guard<std::mutex> hold(poolMutex);
      helper->bell.store(0);
      idle.push_back(helper);
    }
    errand->tell(errand, outcome);
  }
  delete helper;
  return nullptr;
}

Helper* NewHelper() {
  Helper* helper = new Helper;
  if (StartThread(Help, helper) == 0) return helper;
  delete helper;
  return nullptr;
}

void AMoment() {
  const timespec moment = {0, kMomentNs};
  nanosleep(&moment, nullptr);
}

// The kernel names the function a thread sleeps in. Only a thread that has really been taken off its
// processor has one, and in futex_wait… the call has put it into its queue by then. (It may sleep on its
// way there, too: for a lock, or while the kernel resizes its hash table.)
bool SleepsInQueue(int wchanFd) {
  char where[64];
  const ssize_t length = pread(wchanFd, where, sizeof where - 1, 0);
  if (length <= 0) return false;
  where[length] = 0;
  if (!strstr(where, "futex")) return false;
  for (const char* onTheWay : {"hash", "key", "lock", "setup"}) {
    if (strstr(where, onTheWay)) return false;
  }
  return true;
}

void AwaitQueued(const Errand* errand) {
  enum Sight { unknown, sees, blind };
  static std::atomic<Sight> sight{unknown};
  // The helper cannot end, nor its id be another thread's, while the errand is not over.
  pid_t threadId;
  while ((threadId = errand->threadId.load()) == 0) sched_yield();
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/wchan", static_cast<int>(threadId));
  const int wchanFd = sight.load() == blind ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (wchanFd < 0) return AMoment();
  Sleeper limit;
  SetTimeout(&limit, kConfirmMs);
  for (int looks = 0; !errand->over.load(); looks++) {
    if (SleepsInQueue(wchanFd) && !errand->leaving.load()) {
      sight.store(sees);
      break;
    }
    if (looks > 8) sched_yield();
    if (looks % 1024 == 1023 && sight.load() == unknown && IsTimeUp(limit)) {
      sight.store(blind);
      break;
    }
  }
  close(wchanFd);
}

}  // namespace

bool Employ(Errand* errand, bool confirm) {
  // Found out here, so that no helper sleeps on another's finding out.
  HasWaitAny();
  Helper* helper = nullptr;
  {
    std::lock_guard<std::mutex> hold(poolMutex);
    if (!idle.empty()) {
      helper = idle.back();
      idle.pop_back();
    } else if (helperCount < kHelpersMax) {
      helper = NewHelper();
      if (helper) helperCount++;
    }
    if (!helper) return false;
    helper->errand = errand;
    helper->bell.store(1);
    FutexWake(Bell(helper), 1, true);
  }
  if (confirm) AwaitQueued(errand);
  return true;
}

}  // namespace memspan
