// System V semaphores: semget(2), semop(2), semtimedop(2), semctl(2).
//
// A semop() that sleeps can only be ended by the set's removal or by a signal. The main thread sleeps as long as it takes, for
// nobody can end it alone; a worker's thread and an asynchronous call's sleep in slices. What is undone for SEM_UNDO
// belongs to the process: its threads share one list (clone(2), CLONE_SYSVSEM), which is also that of the thread of an
// asynchronous call.

#include <errno.h>
#include <napi.h>
#include <sys/sem.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "../environment.h"
#include "call.h"
#include "os.h"
#include "region.h"
#include "sysv.h"

namespace memspan {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kSliceNs = 50'000'000;

// semctl(2): the caller defines it.
union Semun {
  int val;
  semid_ds* buf;
  unsigned short* array;
  seminfo* info;
};

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

// One semop(2) or semtimedop(2).
struct Operation {
  int id = 0;
  std::vector<sembuf> steps;
  bool bounded = false;
  timespec timeout{};
};

// Blocks, in slices if the listener can have it end. 0, −errno or a Refusal.
int Perform(Operation* operation, const Listener& listener) {
  const timespec& timeout = operation->timeout;
  const bool isTime = timeout.tv_sec >= 0 && timeout.tv_nsec >= 0 && timeout.tv_nsec < kNsPerSecond;
  // Thirty years are for ever; what is no time is the kernel's to refuse, at once.
  const bool bounded = operation->bounded && !(isTime && timeout.tv_sec >= 1'000'000'000);
  const bool sliced = listener.worker || listener.cancelled;
  const int64_t deadline =
      bounded && isTime ? NowNs() + timeout.tv_sec * kNsPerSecond + timeout.tv_nsec : INT64_MAX;
  for (bool again = false;; again = true) {
    const int64_t now = NowNs();
    const int64_t end = sliced ? std::min(deadline, now + kSliceNs) : deadline;
    const int64_t left = std::max<int64_t>(end - now, 0);
    timespec slice = {left / kNsPerSecond, left % kNsPerSecond};
    if (!isTime) slice = timeout;
    const bool sleepsForEver = !sliced && !bounded;
    const int result = semtimedop(operation->id, operation->steps.data(), operation->steps.size(),
                                  sleepsForEver ? nullptr : &slice);
    if (result == 0) return 0;
    const int failure = errno;
    // Also without a time that is over, because a step said IPC_NOWAIT.
    if (failure == EAGAIN && (end == deadline || NowNs() < end)) return -EAGAIN;
    // Of a set that was there before: it has been removed between two slices.
    if (failure == EINVAL && again) return -EIDRM;
    if (failure != EAGAIN && failure != EINTR) return -failure;
    const int interruption = Interruption(listener);
    if (interruption != 0) return interruption;
  }
}

// (semid, Int16Array of struct sembuf, seconds?, nanoseconds?)
Operation OperationOf(const Napi::CallbackInfo& info) {
  Operation operation;
  operation.id = info[0].As<Napi::Number>().Int32Value();
  const Napi::Int16Array steps = info[1].As<Napi::Int16Array>();
  constexpr size_t kWords = sizeof(sembuf) / sizeof(int16_t);
  operation.steps.resize(steps.ElementLength() / kWords);
  std::copy_n(reinterpret_cast<const sembuf*>(steps.Data()), operation.steps.size(),
              operation.steps.begin());
  operation.bounded = info[2].IsNumber();
  if (operation.bounded) {
    // What no int64_t can hold is as long, or as much none, as this.
    const auto number = [&](size_t i) {
      return static_cast<int64_t>(
          std::clamp(info[i].As<Napi::Number>().DoubleValue(), -1e15, 1e15));
    };
    operation.timeout = {number(2), number(3)};
  }
  return operation;
}

class SemaphoreCall : public Call {
 public:
  explicit SemaphoreCall(Operation operation) : operation_(std::move(operation)) {}

  int Run(Hand*) override { return Perform(&operation_, {nullptr, nullptr, &cancelled}); }

  // What was waited for and came too late to be told goes back; what was only raised stays raised.
  void Undo(int result) override {
    const auto waits = [](const sembuf& step) { return step.sem_op <= 0; };
    std::vector<sembuf>& steps = operation_.steps;
    if (result != 0 || std::none_of(steps.begin(), steps.end(), waits)) return;
    std::erase_if(steps, [](const sembuf& step) { return step.sem_op == 0; });
    for (sembuf& step : steps) {
      step.sem_op = static_cast<short>(-step.sem_op);
      step.sem_flg |= IPC_NOWAIT;
    }
    if (!steps.empty()) semop(operation_.id, steps.data(), steps.size());
  }

 private:
  Operation operation_;
};

Napi::Value Operate(const Napi::CallbackInfo& info) {
  Operation operation = OperationOf(info);
  const Environment* environment = Current(info.Env());
  const napi_env worker = environment->isWorker ? environment->env : nullptr;
  return Result(info, Perform(&operation, {nullptr, worker, nullptr}));
}

// The same → a ticket, or −EAGAIN when no thread can be had
Napi::Value OperateAsync(const Napi::CallbackInfo& info) {
  const auto call = std::make_shared<SemaphoreCall>(OperationOf(info));
  return Result(info, StartCall(Current(info.Env()), call));
}

// (key, nsems, flags) → semid or −errno
Napi::Value GetSemaphores(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t i) { return info[i].As<Napi::Number>().Int32Value(); };
  const int id = semget(number(0), number(1), number(2));
  return Result(info, id < 0 ? -errno : id);
}

// (semid, semnum, command, value) → result or −errno: GETVAL, SETVAL, GETPID, GETNCNT, GETZCNT, IPC_RMID
Napi::Value ControlSemaphore(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t i) { return info[i].As<Napi::Number>().Int32Value(); };
  Semun argument = {};
  argument.val = number(3);
  const int result = semctl(number(0), number(1), number(2), argument);
  return Result(info, result < 0 ? -errno : result);
}

// (semid, GETALL | SETALL, Uint16Array of as many as the set has) → 0 or −errno
Napi::Value TransferValues(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t i) { return info[i].As<Napi::Number>().Int32Value(); };
  Napi::Uint16Array values = info[2].As<Napi::Uint16Array>();
  Semun argument = {};
  argument.array = values.Data();
  return Result(info, semctl(number(0), 0, number(1), argument) < 0 ? -errno : 0);
}

// (semid, uid, gid, mode) → 0 or −errno
Napi::Value SetSemaphores(const Napi::CallbackInfo& info) {
  semid_ds set = {};
  set.sem_perm.uid = info[1].As<Napi::Number>().Uint32Value();
  set.sem_perm.gid = info[2].As<Napi::Number>().Uint32Value();
  set.sem_perm.mode = static_cast<unsigned short>(info[3].As<Napi::Number>().Uint32Value());
  Semun argument = {};
  argument.buf = &set;
  const int id = info[0].As<Napi::Number>().Int32Value();
  return Result(info, semctl(id, 0, IPC_SET, argument) != 0 ? -errno : 0);
}

// (id or index, command) → the structure, the highest index in use being its `index`, or the identifier its `semid`
Napi::Value AskSemaphores(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int command = info[1].As<Napi::Number>().Int32Value();
  const bool limits = command == IPC_INFO || command == SEM_INFO;
  semid_ds set = {};
  seminfo numbers = {};
  Semun argument = {};
  if (limits)
    argument.info = &numbers;
  else
    argument.buf = &set;
  const int result = semctl(info[0].As<Napi::Number>().Int32Value(), 0, command, argument);
  if (result < 0) return Result(info, -errno);
  Napi::Object object = Napi::Object::New(env);
  const auto put = [&](const char* name, double value) { object.Set(name, value); };
  if (limits) {
    put("semmap", numbers.semmap);
    put("semmni", numbers.semmni);
    put("semmns", numbers.semmns);
    put("semmnu", numbers.semmnu);
    put("semmsl", numbers.semmsl);
    put("semopm", numbers.semopm);
    put("semume", numbers.semume);
    put("semusz", numbers.semusz);
    put("semvmx", numbers.semvmx);
    put("semaem", numbers.semaem);
    put("index", result);
    return object;
  }
  object.Set("sem_perm", DescribePermissions(env, set.sem_perm));
  put("sem_otime", static_cast<double>(set.sem_otime));
  put("sem_ctime", static_cast<double>(set.sem_ctime));
  put("sem_nsems", static_cast<double>(set.sem_nsems));
  if (command != IPC_STAT) put("semid", result);
  return object;
}

}  // namespace

void InitSystemVSemaphores(Napi::Env env, Napi::Object os) {
  Export<GetSemaphores>(env, os, "semget");
  Export<Operate>(env, os, "semop");
  Export<OperateAsync>(env, os, "semopAsync");
  Export<ControlSemaphore>(env, os, "semControl");
  Export<TransferValues>(env, os, "semTransfer");
  Export<SetSemaphores>(env, os, "semSet");
  Export<AskSemaphores>(env, os, "semAsk");
}

}  // namespace memspan
