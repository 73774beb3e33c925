// Changes to a part of a mapping; see change.h.

#include "change.h"

#include <errno.h>
#include <sys/mman.h>

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
  if (original == kNoOriginal || original == kTaking || original == kFailed) return -ENOMEM;
  const size_t offset = mapping->slot->originalOffset.load();
  void* fresh =
      mremap(reinterpret_cast<void*>(original), 0, mapping->length - offset, MREMAP_MAYMOVE);
  if (fresh == MAP_FAILED) return -errno;
  const Pieces& pieces = PiecesOf(mapping->slot);
  int result = 0;
  for (size_t i = 0; i < pieces.size(); i++) {
    const size_t start = StartOf(pieces, i);
    if (start < offset) continue;
    const size_t length = pieces[i].end - start;
    const uint32_t access = pieces[i].access;
    uint8_t* from = static_cast<uint8_t*>(fresh) + (start - offset);
    uint8_t* to = mapping->base + start;
    const bool isHole = access & kAccessHole;
    const bool moved =
        !isHole && mprotect(from, length, ProtectionOf(access)) == 0 &&
        mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
    if (!moved && !isHole) result = -errno;
    // Only what was not moved: its former place may be somebody else's by now.
    if (!moved) munmap(from, length);
    if (moved && (access & kAccessLocked) && mlock(to, length) != 0) result = -errno;
  }
  return result;
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
  const Pieces after = Changed(before, offset, end, ~kAccessProtection, access);
  mapping->isChanged.store(true);
  // The guard is never told of more than the kernel allows: it would have the instruction run again for ever. So first
  // of what both allow, and of the rest when it is allowed; if the kernel refuses, of no more than before.
  SetPieces(mapping->slot, Changed(before, offset, end, ~kAccessProtection | access, 0));
  // Whole pages, which may be huge ones: then the kernel insists on it.
  if (mprotect(mapping->base + offset, end - offset, protection) != 0) return -errno;
  SetPieces(mapping->slot, after);
  return 0;
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

int UnmapPart(Mapping* mapping, size_t offset, size_t length) {
  const size_t end = EndOf(mapping, offset, length);
  uint8_t* start = mapping->base + offset;
  {
    const std::lock_guard<std::mutex> alone(mapping->change);
    if (mapping->status.load() & kClosed) return 0;
    if (mapping->holds.load() != 0 || mapping->calls.load() != 0) return -EBUSY;
    // Told before the waits are ended: a wait that comes too late to be ended finds the hole.
    SetPieces(mapping->slot, Changed(PiecesOf(mapping->slot), offset, end, 0, kAccessHole));
    mapping->isChanged.store(true);
    const int result = PutZeros(start, end - offset);
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
  // A segment says for ever that it was made shorter, and mends its private mapping itself: it has the descriptor.
  uint32_t mendable = kWroteReadOnly | kDenied;
  if (!(mapping->flags & kPosix)) {
    if (isPrivate) return static_cast<int>(told);
  } else if (!isPrivate) {
    mendable |= kTruncated;
  }
  if (!(told & mendable) || (told & ~mendable)) return static_cast<int>(told);
  // Cleared first: a fault that comes between is reported once more instead of never.
  mapping->status.fetch_and(~mendable);
  mapping->slot->diverted.store(0);
  const int failure = isPrivate ? RestorePieces(mapping, ~0u) : MapAgain(mapping);
  if (failure < 0) mapping->status.fetch_or(told);
  return static_cast<int>(told);
}

int RestorePieces(Mapping* mapping, uint32_t access) {
  const Pieces& pieces = PiecesOf(mapping->slot);
  int result = 0;
  for (size_t i = 0; i < pieces.size() && result == 0; i++) {
    uint8_t* start = mapping->base + StartOf(pieces, i);
    const size_t length = pieces[i].end - StartOf(pieces, i);
    if (pieces[i].access & kAccessHole) {
      result = PutZeros(start, length);
    } else if ((pieces[i].access ^ access) & kAccessProtection) {
      result = mprotect(start, length, ProtectionOf(pieces[i].access)) != 0 ? -errno : 0;
    }
  }
  return result;
}

}  // namespace memspan
