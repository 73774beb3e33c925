// How each part of a mapping may be touched: what mmap and mprotect said, and what munmap took out.
//
// A list of pieces is never changed, only replaced by another one, so that the fault handler can read it without a
// lock: it counts itself in (GuardSlot::readers) before it loads the list, and who replaces the list waits until
// nobody is counted before it frees the old one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace memspan {

// Besides PROT_READ, PROT_WRITE and PROT_EXEC, which are 1, 2 and 4 on every Linux.
enum Access : uint32_t {
  kAccessRead = 1u << 0,
  kAccessWrite =
      1u << 1,  // never without kAccessRead: no processor here has memory that can only be written
  kAccessRun = 1u << 2,
  kAccessHole =
      1u << 8,  // unmapped: zero pages of nobody are in its place, which may be touched in any way
  kAccessLocked = 1u << 9,  // by mlock
};

constexpr uint32_t kAccessProtection = kAccessRead | kAccessWrite | kAccessRun;

// From the end of the piece before, 0 for the first, to `end`: bytes from the mapping's base.
struct Piece {
  size_t end;
  uint32_t access;
};

using Pieces = std::vector<Piece>;

uint32_t AccessOf(int protection);
int ProtectionOf(uint32_t access);
// The piece that the byte is in: its index.
size_t PieceAt(const Pieces& pieces, size_t offset);
size_t StartOf(const Pieces& pieces, size_t index);
// The pieces with what is in [start, end) given other access: the bits of `keep` stay, those of `add` are added.
Pieces Changed(const Pieces& pieces, size_t start, size_t end, uint32_t keep, uint32_t add);
// Whether a byte of [start, end) has any of the bits.
bool HasAny(const Pieces& pieces, size_t start, size_t end, uint32_t bits);

}  // namespace memspan
