// What System V's shared memory and semaphores have in common.
#pragma once

#include <napi.h>
#include <sys/ipc.h>

namespace memspan {

// {key, uid, gid, cuid, cgid, mode, seq}: struct ipc_perm of shmctl(2) and semctl(2).
Napi::Object DescribePermissions(Napi::Env env, const ipc_perm& permissions);

}  // namespace memspan
