// What the environment variable MEMSPAN_WITHOUT takes away (src/binding/without.ts lists it), for tests of what memspan does
// on kernels that lack it. Asked where the system call is made, so that all that is above walks the same way as there.
#pragma once

namespace memspan {

// Whether `name` is in the list that the process was started with.
bool IsWithout(const char* name);

}  // namespace memspan
