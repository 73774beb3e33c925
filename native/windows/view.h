// One mapped view of a section, and who still needs it.
//
// A view is kept by its handle in JavaScript, by every buffer made over it, in any thread, and by nothing else; the
// last to let go unmaps it. A SharedArrayBuffer cannot be detached, so closing puts reserved pages in the view's
// place: the section is let go of at once, and the fault handler gives zeros to who still looks.
//
// Between unmapping and reserving, the addresses are free for a moment (only Windows 11's and late Windows 10's
// placeholders could do without, and Wine 8 has none). So views lie where the system by itself puts nothing: at random
// places far from both ends of the address space.
#pragma once

#include <windows.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace memspan {

// Bits of View::status, as in native/mapping.h.
enum StatusBit : uint32_t {
  kWroteReadOnly = 1u << 1,
  kClosed = 1u << 2,
};

enum class Access : uint32_t { write, read, copy };

struct View {
  uint8_t* base = nullptr;
  size_t length = 0;  // whole pages
  size_t size = 0;    // bytes asked for
  uint64_t offset = 0;
  Access access = Access::write;
  bool lost = false;  // closed, and somebody else got its addresses
  std::atomic<uint32_t> status{0};
  std::atomic<uint32_t> references{1};
};

// Once per process.
void InstallGuard();
// With `size` 0, all from the offset on. Returns 0 or GetLastError().
DWORD MapView(HANDLE section, uint64_t offset, uint64_t size, Access access, View** out);
void Retain(View* view);
void Release(View* view);
// Returns 0 or GetLastError(). Again is harmless.
DWORD CloseView(View* view);
// Maps the section again after a diverted write.
DWORD HealView(View* view, HANDLE section);
// Writes back `length` bytes from the address on, which lies in the view.
DWORD FlushView(View* view, const uint8_t* address, size_t length);
// The view that the address is in, or null. It stays one as long as the caller has a buffer over it.
View* FindView(const void* address);
// The size of the section in whole pages, 0 when the handle may not ask.
uint64_t SectionSize(HANDLE section);

}  // namespace memspan
