// macOS' own futex: os_sync_wait_on_address and its kin, since macOS 14.4.
//
// They are looked up, never linked: older systems lack them, and so do SDKs before 14.4. What is said here of them is what
// Apple's <os/os_sync_wait_on_address.h> says. The kernel knows a word by its memory object and offset
// (OS_SYNC_WAIT_ON_ADDRESS_SHARED), so that every process and every mapping meets in the same queue; all who wait for a
// word must give the same width. Who is woken first is not said.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memspan {

// False before macOS 14.4.
bool CanWaitOnAddress();
// Sleeps while the word of `width` (4 or 8) bytes has that value, `timeoutNs` at most; 0: for ever. 0 when it was woken or
// the value was another one at once, which cannot be told apart; else −errno: ETIMEDOUT; EINTR; EFAULT, the page has to
// be touched first; ENOMEM; EINVAL, somebody else waits for the word with another width.
int WaitOnAddress(void* word, uint64_t value, size_t width, uint64_t timeoutNs);
// Wakes one, or all. False when nobody was there.
bool WakeOnAddress(void* word, size_t width, bool all);

}  // namespace memspan
