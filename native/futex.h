// The futex system calls that memspan uses, and nothing else (futex(2), futex2's futex_waitv).
//
// Words in shared memory are never waited on with FUTEX_PRIVATE_FLAG: the kernel then knows them by
// inode and offset, so that every process and every mapping meets in the same queue. Words of our own
// process (cancel words, a helper's bell) are private.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

#include "without.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

namespace memspan {

// struct futex_waitv of linux/futex.h, which headers before 5.16 lack.
struct WaitEntry {
  uint64_t value;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};
constexpr uint32_t kWord32 = 0x02;
constexpr uint32_t kPrivateWord32 = 0x02 | 128;

// 0 when woken, else -errno. `deadline` is absolute CLOCK_MONOTONIC, or null.
inline int FutexWait(const uint32_t* word, uint32_t expected, const timespec* deadline,
                     bool isPrivate = false) {
  const int operation = FUTEX_WAIT_BITSET | (isPrivate ? FUTEX_PRIVATE_FLAG : 0);
  const long result =
      syscall(SYS_futex, word, operation, expected, deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 ? 0 : -errno;
}

// The index of a woken entry (the last, if several were), else -errno.
inline int FutexWaitAny(const WaitEntry* entries, unsigned count, const timespec* deadline) {
  static const bool isWithout = IsWithout("futex_waitv");
  if (isWithout) return -ENOSYS;
  const long result = syscall(SYS_futex_waitv, entries, count, 0, deadline, CLOCK_MONOTONIC);
  return result >= 0 ? static_cast<int>(result) : -errno;
}

// How many were woken, else -errno. The kernel wakes one for a count of 0: callers return early.
inline int FutexWake(const uint32_t* word, int count, bool isPrivate = false) {
  const int operation = FUTEX_WAKE | (isPrivate ? FUTEX_PRIVATE_FLAG : 0);
  const long result = syscall(SYS_futex, word, operation, count, nullptr, nullptr, 0);
  return result >= 0 ? static_cast<int>(result) : -errno;
}

}  // namespace memspan
