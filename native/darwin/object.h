// POSIX shared memory objects, as macOS has them (shm_open(2)), for src/binding/darwin.ts.
//
// An object's size can be set once, and is kept as whole pages. Nothing tells one object from another (fstat(2) gives
// neither device nor inode), and there is no list of them.
#pragma once

#include <napi.h>

namespace memspan {

// Exports close(fd), and createObject, openObject, measureObject and unlinkObject in `darwin`.
void InitObjects(Napi::Env env, Napi::Object exports, Napi::Object darwin);

}  // namespace memspan
