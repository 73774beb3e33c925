// Lists of pieces; see pieces.h. PieceAt, StartOf and ProtectionOf are called by the fault handler: no locks, no memory.

#include "pieces.h"

#include <sys/mman.h>

#include <algorithm>

namespace memspan {

static_assert(PROT_READ == kAccessRead && PROT_WRITE == kAccessWrite && PROT_EXEC == kAccessRun);

uint32_t AccessOf(int protection) {
  const uint32_t access = static_cast<uint32_t>(protection) & kAccessProtection;
  return access & kAccessWrite ? access | kAccessRead : access;
}

int ProtectionOf(uint32_t access) {
  if (access & kAccessHole) return PROT_READ | PROT_WRITE;
  return static_cast<int>(access & kAccessProtection);
}

size_t PieceAt(const Pieces& pieces, size_t offset) {
  size_t low = 0, high = pieces.size() - 1;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (pieces[middle].end > offset) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

size_t StartOf(const Pieces& pieces, size_t index) {
  return index == 0 ? 0 : pieces[index - 1].end;
}

Pieces Changed(const Pieces& pieces, size_t start, size_t end, uint32_t keep, uint32_t add) {
  Pieces result;
  const auto append = [&](size_t from, size_t to, uint32_t access) {
    if (from >= to) return;
    if (!result.empty() && result.back().access == access) {
      result.back().end = to;
    } else {
      result.push_back({to, access});
    }
  };
  size_t from = 0;
  for (const Piece& piece : pieces) {
    const size_t before = std::clamp(start, from, piece.end);
    const size_t after = std::clamp(end, before, piece.end);
    append(from, before, piece.access);
    append(before, after, (piece.access & keep) | add);
    append(after, piece.end, piece.access);
    from = piece.end;
  }
  return result;
}

bool HasAny(const Pieces& pieces, size_t start, size_t end, uint32_t bits) {
  for (size_t i = PieceAt(pieces, start); i < pieces.size() && StartOf(pieces, i) < end; i++) {
    if (pieces[i].access & bits) return true;
  }
  return false;
}

}  // namespace memspan
