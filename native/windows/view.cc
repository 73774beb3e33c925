// Mapping views, closing them, and the handler of faults in them; see view.h.

#include "view.h"

#include <map>
#include <mutex>
#include <random>
#include <shared_mutex>

namespace memspan {
namespace {

constexpr size_t kPage = 4096;
// Views begin at multiples of this (GetSystemInfo: dwAllocationGranularity, the same on every Windows).
constexpr size_t kGranularity = 65536;
constexpr uint64_t kArenaStart = 0x1000'0000'0000;
constexpr uint64_t kArenaEnd = 0x5000'0000'0000;
constexpr int kPlacesMax = 8;

// Nobody touches a view's memory while holding it exclusively: the fault handler takes it shared.
class Lock {
 public:
  void lock() { AcquireSRWLockExclusive(&lock_); }
  void unlock() { ReleaseSRWLockExclusive(&lock_); }
  void lock_shared() { AcquireSRWLockShared(&lock_); }
  void unlock_shared() { ReleaseSRWLockShared(&lock_); }

 private:
  SRWLOCK lock_ = SRWLOCK_INIT;
};

Lock registryLock;
// By base address. Never destroyed: buffers may be let go of while the process exits.
std::map<uintptr_t, View*>& registry = *new std::map<uintptr_t, View*>;

View* FindLocked(uintptr_t address) {
  auto after = registry.upper_bound(address);
  if (after == registry.begin()) return nullptr;
  View* view = std::prev(after)->second;
  return address - reinterpret_cast<uintptr_t>(view->base) < view->length ? view : nullptr;
}

uint64_t RandomPlace() {
  // Guarded by registryLock.
  static std::mt19937_64& random = *new std::mt19937_64(std::random_device{}());
  return kArenaStart + random() % (kArenaEnd - kArenaStart) / kGranularity * kGranularity;
}

// A view that may be read only is mapped copy-on-write and then protected: only then may the fault handler turn one of
// its pages into a private copy.
uint8_t* Place(const View* view, HANDLE section, void* where) {
  const DWORD access = view->access == Access::write ? FILE_MAP_WRITE : FILE_MAP_COPY;
  void* base =
      MapViewOfFileEx(section, access, static_cast<DWORD>(view->offset >> 32),
                      static_cast<DWORD>(view->offset), static_cast<SIZE_T>(view->size), where);
  DWORD before;
  if (base && view->access == Access::read) {
    MEMORY_BASIC_INFORMATION range = {};
    VirtualQuery(base, &range, sizeof range);
    VirtualProtect(base, range.RegionSize, PAGE_READONLY, &before);
  }
  return static_cast<uint8_t*>(base);
}

// Reserved pages of a view: one that is closed, or one of a section made with SEC_RESERVE.
bool Commit(const View* view, uintptr_t address) {
  static constexpr DWORD kProtections[] = {PAGE_READWRITE, PAGE_READONLY, PAGE_WRITECOPY};
  const bool closed = view->status.load() & kClosed;
  const uintptr_t start = address & ~(kGranularity - 1);
  const size_t left = reinterpret_cast<uintptr_t>(view->base) + view->length - start;
  const DWORD protection =
      closed ? PAGE_READWRITE : kProtections[static_cast<uint32_t>(view->access)];
  return VirtualAlloc(reinterpret_cast<void*>(start), left < kGranularity ? left : kGranularity,
                      MEM_COMMIT, protection) != nullptr;
}

bool Mend(View* view, uintptr_t address, bool writing) {
  MEMORY_BASIC_INFORMATION range = {};
  void* page = reinterpret_cast<void*>(address & ~(kPage - 1));
  if (view->lost || VirtualQuery(page, &range, sizeof range) == 0) return false;
  if (range.State == MEM_RESERVE) return Commit(view, address);
  if (range.State != MEM_COMMIT || range.Protect == PAGE_NOACCESS) return false;
  // Another thread's fault, or a close, has mended it meanwhile.
  if (!writing || range.Protect != PAGE_READONLY) return true;
  DWORD before;
  if (!VirtualProtect(page, kPage, PAGE_WRITECOPY, &before)) return false;
  view->status.fetch_or(kWroteReadOnly);
  return true;
}

LONG CALLBACK OnFault(EXCEPTION_POINTERS* fault) {
  const EXCEPTION_RECORD* record = fault->ExceptionRecord;
  constexpr ULONG_PTR kWriting = 1;
  if (record->ExceptionCode != EXCEPTION_ACCESS_VIOLATION || record->NumberParameters < 2 ||
      record->ExceptionInformation[0] > kWriting) {
    return EXCEPTION_CONTINUE_SEARCH;
  }
  const uintptr_t address = record->ExceptionInformation[1];
  std::shared_lock<Lock> hold(registryLock);
  View* view = FindLocked(address);
  const bool mended = view && Mend(view, address, record->ExceptionInformation[0] == kWriting);
  return mended ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

}  // namespace

void InstallGuard() {
  static const bool installed = [] {
    // What outlives the environment that loaded the addon: this handler, and the buffers' finalizers.
    HMODULE self;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                       reinterpret_cast<LPCWSTR>(&InstallGuard), &self);
    return AddVectoredExceptionHandler(1, OnFault) != nullptr;
  }();
  static_cast<void>(installed);
}

DWORD MapView(HANDLE section, uint64_t offset, uint64_t size, Access access, View** out) {
  View* view = new View;
  view->size = size;
  view->offset = offset;
  view->access = access;
  std::unique_lock<Lock> hold(registryLock);
  DWORD error = ERROR_INVALID_ADDRESS;
  for (int tries = 0; !view->base && tries <= kPlacesMax; tries++) {
    // The last time wherever the system likes.
    const uint64_t place = tries == kPlacesMax ? 0 : RandomPlace();
    view->base = Place(view, section, reinterpret_cast<void*>(place));
    if (view->base) break;
    error = GetLastError();
    if (error != ERROR_INVALID_ADDRESS) break;
  }
  if (!view->base) {
    delete view;
    return error;
  }
  if (size == 0) {
    const uint64_t whole = SectionSize(section);
    MEMORY_BASIC_INFORMATION range = {};
    VirtualQuery(view->base, &range, sizeof range);
    view->size = whole > offset ? static_cast<size_t>(whole - offset) : range.RegionSize;
  }
  view->length = (view->size + kPage - 1) & ~(kPage - 1);
  registry.emplace(reinterpret_cast<uintptr_t>(view->base), view);
  *out = view;
  return 0;
}

void Retain(View* view) { view->references.fetch_add(1, std::memory_order_relaxed); }

void Release(View* view) {
  if (view->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  {
    std::unique_lock<Lock> hold(registryLock);
    registry.erase(reinterpret_cast<uintptr_t>(view->base));
  }
  if (!(view->status.load() & kClosed)) {
    UnmapViewOfFile(view->base);
  } else if (!view->lost) {
    VirtualFree(view->base, 0, MEM_RELEASE);
  }
  delete view;
}

DWORD CloseView(View* view) {
  std::unique_lock<Lock> hold(registryLock);
  if (view->status.load() & kClosed) return 0;
  if (!UnmapViewOfFile(view->base)) return GetLastError();
  view->status.fetch_or(kClosed);
  if (VirtualAlloc(view->base, view->length, MEM_RESERVE, PAGE_READWRITE)) return 0;
  const DWORD error = GetLastError();
  view->lost = true;
  return error;
}

DWORD HealView(View* view, HANDLE section) {
  std::unique_lock<Lock> hold(registryLock);
  if (view->status.load() & kClosed) return 0;
  if (!UnmapViewOfFile(view->base)) return GetLastError();
  view->status.fetch_and(~static_cast<uint32_t>(kWroteReadOnly));
  if (Place(view, section, view->base)) return 0;
  const DWORD error = GetLastError();
  view->status.fetch_or(kClosed);
  view->lost = !VirtualAlloc(view->base, view->length, MEM_RESERVE, PAGE_READWRITE);
  return error;
}

DWORD FlushView(View* view, const uint8_t* address, size_t length) {
  std::shared_lock<Lock> hold(registryLock);
  if (view->status.load() & kClosed) return ERROR_INVALID_ADDRESS;
  return FlushViewOfFile(address, length) ? 0 : GetLastError();
}

View* FindView(const void* address) {
  std::shared_lock<Lock> hold(registryLock);
  return FindLocked(reinterpret_cast<uintptr_t>(address));
}

uint64_t SectionSize(HANDLE section) {
  // SECTION_BASIC_INFORMATION of the driver kit; there is no other way to ask.
  struct Basic {
    void* base;
    ULONG attributes;
    LARGE_INTEGER size;
  };
  using Query = LONG(NTAPI*)(HANDLE, int, void*, SIZE_T, SIZE_T*);
  static const Query query = reinterpret_cast<Query>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQuerySection")));
  Basic basic = {};
  if (!query || query(section, 0, &basic, sizeof basic, nullptr) != 0) return 0;
  return static_cast<uint64_t>(basic.size.QuadPart);
}

}  // namespace memspan
