// Changes to a part of a mapping; see change.h.

#include "change.h"

#include <errno.h>
#include <sys/mman.h>

#include <algorithm>

#include "sleep.h"

namespace memspan {
namespace {

size_t EndOf(const Mapping* mapping, size_t offset, size_t length) {
  const size_t mask = mapping->slot->pageSize.load() - 1;
  return (offset + length + mask) & ~mask;
}

// Maps all again over itself from the page that the guard has kept. What fails leaves its place as it is.
int MapAgain(Mapping* mapping) {
  const uintptr_t original = mapping->slot->original.load();
  if (original == kNoOriginal || original == kFailed) return -ENOMEM;
  const size_t offset = mapping->slot->originalOffset.load();
  void* fresh =
      mremap(reinterpret_cast<void*>(original), 0, mapping->length - offset, MREMAP_MAYMOVE);
  return fresh == MAP_FAILED ? -errno : MoveIn(mapping, fresh, offset);
}

}  // namespace

int PutZeros(uint8_t* base, size_t length) {
  void* zeros = mmap(base, length, PROT_READ | PROT_WRITE,
                     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return zeros == MAP_FAILED ? -errno : 0;
}

int Protect(Mapping* mapping, size_t offset, size_t length, int protection) {
  const std::lock_guard<std::mutex> alone(mapping->change);
  const size_t end = EndOf(mapping, offset, length);
  const Pieces& before = PiecesOf(mapping->slot);
  if (length > 0 && HasAny(before, offset, end, kAccessHole)) return -ENOMEM;
  const uint32_t access = AccessOf(protection);
  mapping->isChanged.store(true);
  const GuardChange guarded(mapping->slot);
  // Whole pages, which may be huge ones: then the kernel insists on it.
  if (mprotect(mapping->base + offset, end - offset, protection) == 0) {
    SetPieces(mapping->slot, Changed(before, offset, end, ~kAccessProtection, access));
    return 0;
  }
  const int failure = -errno;
  // It may have changed a part. If that cannot be taken back, the guard is told of no more than the kernel allows: it
  // would have the instruction run again for ever.
  if (Reprotect(mapping, offset, end) != 0) {
    SetPieces(mapping->slot, Changed(before, offset, end, ~kAccessProtection | access, 0));
  }
  return failure;
}

int Lock(Mapping* mapping, size_t offset, size_t length, bool locked) {
  const std::lock_guard<std::mutex> alone(mapping->change);
  const size_t end = EndOf(mapping, offset, length);
  const Pieces& before = PiecesOf(mapping->slot);
  if (length > 0 && HasAny(before, offset, end, kAccessHole)) return -ENOMEM;
  uint8_t* start = mapping->base + offset;
  if ((locked ? mlock(start, length) : munlock(start, length)) != 0) return -errno;
  const size_t first = offset & ~(mapping->slot->pageSize.load() - 1);
  SetPieces(mapping->slot,
            Changed(before, first, end, ~kAccessLocked, locked ? kAccessLocked : 0u));
  return 0;
}

bool IsWhole(Mapping* mapping, size_t offset, size_t length) {
  const std::lock_guard<std::mutex> alone(mapping->change);
  const size_t end = EndOf(mapping, offset, length);
  const Pieces rest = Changed(PiecesOf(mapping->slot), offset, end, 0, kAccessHole);
  for (const Piece& piece : rest) {
    if (!(piece.access & kAccessHole)) return false;
  }
  return true;
}

bool HasHole(Mapping* mapping, size_t offset, size_t length) {
  if (!mapping->isChanged.load() || length == 0) return false;
  const std::lock_guard<std::mutex> alone(mapping->change);
  return HasAny(PiecesOf(mapping->slot), offset, offset + length, kAccessHole);
}

namespace {

int MakeHole(Mapping* mapping, size_t offset, size_t end) {
  const GuardChange guarded(mapping->slot);
  const int result = PutZeros(mapping->base + offset, end - offset);
  if (result < 0) return result;
  // Told before the waits are ended: a wait that comes too late to be ended finds the hole.
  SetPieces(mapping->slot, Changed(PiecesOf(mapping->slot), offset, end, 0, kAccessHole));
  mapping->isChanged.store(true);
  return 0;
}

}  // namespace

int UnmapPart(Mapping* mapping, size_t offset, size_t length) {
  const size_t end = EndOf(mapping, offset, length);
  uint8_t* start = mapping->base + offset;
  {
    const std::lock_guard<std::mutex> alone(mapping->change);
    if (mapping->status.load() & kClosed) return 0;
    // Calls that come now wait for the outcome. Looked at in this order: who has got a lock is counted as a call until
    // it is counted as a hold.
    mapping->cutting.store(true);
    const int result = mapping->calls.load() != 0 || mapping->holds.load() != 0
                           ? -EBUSY
                           : MakeHole(mapping, offset, end);
    mapping->cutting.store(false);
    if (result < 0) return result;
  }
  EndSleepersIn(start, end - offset, Outcome::closed);
  return 0;
}

int Mend(Mapping* mapping) {
  const std::lock_guard<std::mutex> alone(mapping->change);
  const uint32_t told = mapping->status.load();
  if (told == 0 || (told & kClosed)) return static_cast<int>(told);
  const bool isPrivate = mapping->flags & kPrivate;
  const bool isInPlace = mapping->slot->flags.load() & kInPlace;
  // A segment says for ever that it was made shorter, and what is not in place it mends itself: it has the descriptor.
  uint32_t mendable = kWroteReadOnly | kDenied;
  if (isPrivate && !isInPlace) return static_cast<int>(told);
  if ((mapping->flags & kPosix) && !isPrivate) mendable |= kTruncated;
  if (!(told & mendable) || (told & ~mendable)) return static_cast<int>(told);
  const GuardChange guarded(mapping->slot);
  mapping->status.fetch_and(~mendable);
  mapping->slot->diverted.store(0);
  const int failure = isInPlace ? Reprotect(mapping, 0, mapping->length) : MapAgain(mapping);
  if (failure < 0) {
    mapping->status.fetch_or(told);
  } else {
    DropOriginal(mapping->slot);
  }
  return static_cast<int>(told);
}

int Reprotect(Mapping* mapping, size_t offset, size_t end) {
  const Pieces& pieces = PiecesOf(mapping->slot);
  int result = 0;
  for (size_t i = PieceAt(pieces, offset); i < pieces.size() && offset < end; i++) {
    const size_t until = std::min(pieces[i].end, end);
    const uint32_t access = pieces[i].access;
    if (!(access & kAccessHole) &&
        mprotect(mapping->base + offset, until - offset, ProtectionOf(access)) != 0) {
      result = -errno;
    }
    offset = until;
  }
  return result;
}

int MoveIn(Mapping* mapping, void* fresh, size_t offset) {
  const Pieces& pieces = PiecesOf(mapping->slot);
  uint8_t* from = static_cast<uint8_t*>(fresh);
  int result = 0;
  for (size_t i = PieceAt(pieces, offset); i < pieces.size(); i++) {
    const size_t length = pieces[i].end - offset;
    const uint32_t access = pieces[i].access;
    uint8_t* to = mapping->base + offset;
    const bool isHole = access & kAccessHole;
    const bool moved =
        !isHole && mprotect(from, length, ProtectionOf(access)) == 0 &&
        mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
    if (!moved && !isHole) result = -errno;
    // Only what was not moved: its former place may be somebody else's by now.
    if (!moved) munmap(from, length);
    if (moved && (access & kAccessLocked) && mlock(to, length) != 0) result = -errno;
    from += length;
    offset = pieces[i].end;
  }
  return result;
}

}  // namespace memspan
