// Calling macOS' own futex; see wait_on_address.h.

#include "wait_on_address.h"

#include <dlfcn.h>
#include <errno.h>

namespace memspan {
namespace {

// OS_SYNC_WAIT_ON_ADDRESS_SHARED and OS_SYNC_WAKE_BY_ADDRESS_SHARED
constexpr uint32_t kShared = 1;
// OS_CLOCK_MACH_ABSOLUTE_TIME of <os/clock.h>
constexpr uint32_t kMachAbsoluteTime = 32;

using Wait = int (*)(void* address, uint64_t value, size_t size, uint32_t flags);
using WaitWithTimeout = int (*)(void* address, uint64_t value, size_t size, uint32_t flags,
                                uint32_t clock, uint64_t timeoutNs);
using Wake = int (*)(void* address, size_t size, uint32_t flags);

template <typename Function>
Function Find(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

struct Functions {
  Wait wait = Find<Wait>("os_sync_wait_on_address");
  WaitWithTimeout waitWithTimeout = Find<WaitWithTimeout>("os_sync_wait_on_address_with_timeout");
  Wake wakeAny = Find<Wake>("os_sync_wake_by_address_any");
  Wake wakeAll = Find<Wake>("os_sync_wake_by_address_all");
};

const Functions& System() {
  static const Functions functions;
  return functions;
}

}  // namespace

bool CanWaitOnAddress() {
  const Functions& system = System();
  return system.wait && system.waitWithTimeout && system.wakeAny && system.wakeAll;
}

int WaitOnAddress(void* word, uint64_t value, size_t width, uint64_t timeoutNs) {
  const int result = timeoutNs == 0 ? System().wait(word, value, width, kShared)
                                    : System().waitWithTimeout(word, value, width, kShared,
                                                               kMachAbsoluteTime, timeoutNs);
  // From 0 up: how many still wait there.
  return result >= 0 ? 0 : -errno;
}

bool WakeOnAddress(void* word, size_t width, bool all) {
  const Wake wake = all ? System().wakeAll : System().wakeAny;
  int result;
  do {
    result = wake(word, width, kShared);
  } while (result < 0 && errno == EINTR);
  return result >= 0;
}

}  // namespace memspan
