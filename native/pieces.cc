// Lists of pieces; see pieces.h. PieceAt, StartOf and ProtectionOf are called by the fault handler: no locks, no memory.

#include "pieces.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>

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
  // Many pieces before and behind are copied as they are.
  const size_t first = PieceAt(pieces, start);
  size_t from = StartOf(pieces, first);
  Pieces result;
  result.reserve(pieces.size() + 2);
  result.assign(pieces.begin(), pieces.begin() + static_cast<ptrdiff_t>(first));
  const auto append = [&](size_t until, uint32_t access) {
    if (from >= until) return;
    from = until;
    if (!result.empty() && result.back().access == access) {
      result.back().end = until;
    } else {
      result.push_back({until, access});
    }
  };
  size_t i = first;
  for (; i < pieces.size() && from < end; i++) {
    const Piece& piece = pieces[i];
    append(std::min(start, piece.end), piece.access);
    append(std::min(end, piece.end), (piece.access & keep) | add);
    append(piece.end, piece.access);
  }
  // The next one may be of the same kind as what was changed.
  if (i < pieces.size()) append(pieces[i].end, pieces[i].access);
  if (i + 1 < pieces.size()) {
    result.insert(result.end(), pieces.begin() + static_cast<ptrdiff_t>(i) + 1, pieces.end());
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
