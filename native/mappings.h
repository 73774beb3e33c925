// Mappings as JavaScript has them: the functions of binding.ts that map, flush and close, on every system with mmap(2).
#pragma once

#include <napi.h>

#include "mapping.h"

namespace memspan {

// The mapping whose handle is a call's first argument.
Mapping* MappingOf(const Napi::CallbackInfo& info);
// Exports map, mapProbe, readProbe, bulk, closeMapping and syncMapping.
void InitMappings(Napi::Env env, Napi::Object exports);

}  // namespace memspan
