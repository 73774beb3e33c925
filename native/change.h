// Changing a part of a mapping: its protection, its locks, or that it is mapped at all. Offsets are bytes from the
// mapping's base; a length need not be whole pages. Each returns 0 or -errno.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mapping.h"

namespace memspan {

// Anonymous zero pages over the range.
int PutZeros(uint8_t* base, size_t length);

// mprotect(2). -ENOMEM when a part of it is unmapped.
int Protect(Mapping* mapping, size_t offset, size_t length, int protection);
// mlock(2) and munlock(2).
int Lock(Mapping* mapping, size_t offset, size_t length, bool locked);
// Zero pages over the range, which is a hole from now on; ends the waits there. -EBUSY while this process holds a lock
// in the mapping or a call on an object in it runs.
int UnmapPart(Mapping* mapping, size_t offset, size_t length);
// Whether nothing would be left of it without the range.
bool IsWhole(Mapping* mapping, size_t offset, size_t length);
bool HasHole(Mapping* mapping, size_t offset, size_t length);
// Takes back what the guard has put into the mapping, and the bits that tell of it, if that can be done: the memory is
// mapped again from what the guard has kept of it. Returns the bits that there were, or -errno.
int Mend(Mapping* mapping);
// Gives each piece of [offset, end) the protection that it is said to have. For who holds `change` and a GuardChange.
int Reprotect(Mapping* mapping, size_t offset, size_t end);
// Moves what was mapped at `fresh`, the bytes from `offset` on, into its place, all but holes, each piece with its
// protection and its lock: in one step, so that nobody touches it in between. For the same.
int MoveIn(Mapping* mapping, void* fresh, size_t offset);

}  // namespace memspan
