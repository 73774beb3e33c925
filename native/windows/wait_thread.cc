// The thread of an asynchronous wait; see wait.h.

#include "wait.h"

namespace memspan {
namespace {

constexpr SIZE_T kStackSize = 128 * 1024;
constexpr size_t kWaitsMax = 1024;

std::atomic<size_t> waitCount{0};

bool IsAcquired(DWORD result, DWORD count) {
  return result < WAIT_OBJECT_0 + count ||
         (result >= WAIT_ABANDONED_0 && result < WAIT_ABANDONED_0 + count);
}

DWORD Remaining(const Wait& wait, ULONGLONG start) {
  if (wait.milliseconds == INFINITE) return INFINITE;
  const ULONGLONG passed = GetTickCount64() - start;
  return passed >= wait.milliseconds ? 0 : wait.milliseconds - static_cast<DWORD>(passed);
}

// Negative: −GetLastError().
double Sleep(Wait* wait) {
  const ULONGLONG start = GetTickCount64();
  const DWORD count = static_cast<DWORD>(wait->handles.size());
  // Looked at before each wait: a call that came before the first one has been delivered already.
  while (wait->ending.load() == 0) {
    const DWORD result = WaitForMultipleObjectsEx(count, wait->handles.data(), wait->all,
                                                  Remaining(*wait, start), TRUE);
    if (result == WAIT_FAILED) return -static_cast<double>(GetLastError());
    if (result == WAIT_IO_COMPLETION) continue;
    if (!IsAcquired(result, count)) return result;
    const DWORD first = (result - WAIT_OBJECT_0) % WAIT_ABANDONED_0;
    int mutexes = 0;
    for (DWORD i = 0; i < count; i++) mutexes += wait->isMutex[i] && (wait->all || i == first);
    wait->mutexes.store(mutexes);
    return result;
  }
  return wait->ending.load();
}

DWORD WINAPI Run(void* argument) {
  // One reference is the thread's, one travels with the result.
  const std::unique_ptr<std::shared_ptr<Wait>> own(static_cast<std::shared_ptr<Wait>*>(argument));
  Wait* wait = own->get();
  wait->result = Sleep(wait);
  auto* parcel = new std::shared_ptr<Wait>(*own);
  const napi_status sent =
      napi_call_threadsafe_function(wait->settle, parcel, napi_tsfn_nonblocking);
  if (sent != napi_ok) delete parcel;
  // napi_closing has released it already.
  if (sent != napi_closing) napi_release_threadsafe_function(wait->settle, napi_tsfn_release);
  while (wait->mutexes.load() > 0 && wait->ending.load() != kClosed) SleepEx(INFINITE, TRUE);
  for (const HANDLE handle : wait->handles) CloseHandle(handle);
  waitCount.fetch_sub(1);
  return 0;
}

void CALLBACK Awake(ULONG_PTR) {}

struct Order {
  HANDLE mutex = nullptr;
  Wait* wait = nullptr;
  DWORD error = 0;
  std::atomic<bool> done{false};
};

void CALLBACK Obey(ULONG_PTR argument) {
  Order* order = reinterpret_cast<Order*>(argument);
  order->error = ReleaseMutex(order->mutex) ? 0 : GetLastError();
  if (order->error == 0) order->wait->mutexes.fetch_sub(1);
  // The order is on the stack of who waits for it.
  order->done.store(true);
}

}  // namespace

bool Employ(const std::shared_ptr<Wait>& wait) {
  auto* own = new std::shared_ptr<Wait>(wait);
  if (waitCount.fetch_add(1) < kWaitsMax) {
    wait->thread = CreateThread(nullptr, kStackSize, Run, own,
                                STACK_SIZE_PARAM_IS_A_RESERVATION | CREATE_SUSPENDED, nullptr);
  }
  if (wait->thread) {
    ResumeThread(wait->thread);
    return true;
  }
  delete own;
  waitCount.fetch_sub(1);
  return false;
}

void End(const std::shared_ptr<Wait>& wait, int why) {
  int none = 0;
  wait->ending.compare_exchange_strong(none, why);
  if (why == kClosed) wait->ending.store(kClosed);
  QueueUserAPC(Awake, wait->thread, 0);
}

DWORD ReleaseThere(const std::shared_ptr<Wait>& wait, HANDLE mutex) {
  Order order;
  order.mutex = mutex;
  order.wait = wait.get();
  if (!QueueUserAPC(Obey, wait->thread, reinterpret_cast<ULONG_PTR>(&order))) return GetLastError();
  while (!order.done.load()) SwitchToThread();
  return order.error;
}

}  // namespace memspan
