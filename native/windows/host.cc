// Whoever has loaded the addon has Node-API: node.exe under any name, or another runtime.
//
// The import library says node.exe, as every addon's does. It is loaded late, and this hook gives the process's own
// module in its place (docs.microsoft.com: "Linker support for delay-loaded DLLs"); a plain import would look
// for a second node.exe where the first has been renamed.

#include <windows.h>
// After it.
#include <delayimp.h>

namespace {

FARPROC WINAPI GiveHost(unsigned notice, PDelayLoadInfo) {
  if (notice != dliNotePreLoadLibrary) return nullptr;
  return reinterpret_cast<FARPROC>(GetModuleHandleW(nullptr));
}

}  // namespace

extern "C" {
PfnDliHook __pfnDliNotifyHook2 = GiveHost;
}
