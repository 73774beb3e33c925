// What System V's shared memory and semaphores have in common.
#pragma once

#include <napi.h>
#include <sys/ipc.h>

namespace memspan {

inline Napi::Value Result(const Napi::CallbackInfo& info, double result) {
  return Napi::Number::New(info.Env(), result);
}

// {key, uid, gid, cuid, cgid, mode, seq}: struct ipc_perm of shmctl(2) and semctl(2).
Napi::Object DescribePermissions(Napi::Env env, const ipc_perm& permissions);

}  // namespace memspan
