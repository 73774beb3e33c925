// The file system calls that node:fs does not have, or not for every descriptor, or not under --permission. Each returns a number: a result, or −errno.
#pragma once

#include <napi.h>

#include <cstdint>

namespace memspan {

Napi::Value OpenFile(const Napi::CallbackInfo& info);         // (path, flags, mode) → fd
Napi::Value OpenMemory(const Napi::CallbackInfo& info);       // (name) → fd of a memfd
Napi::Value CloseFile(const Napi::CallbackInfo& info);        // (fd)
Napi::Value SetMode(const Napi::CallbackInfo& info);          // (fd, mode)
Napi::Value SetSize(const Napi::CallbackInfo& info);          // (fd, size)
Napi::Value Allocate(const Napi::CallbackInfo& info);         // (fd, offset, length)
Napi::Value SealShrink(const Napi::CallbackInfo& info);       // (fd)
Napi::Value LinkFile(const Napi::CallbackInfo& info);         // (fd, path)
Napi::Value RenameNoReplace(const Napi::CallbackInfo& info);  // (from, to)
// Open-file-description locks on one byte, fcntl(2): free at the holder's death, whatever kills it.
Napi::Value LockByte(const Napi::CallbackInfo& info);  // (fd, offset, 'r' 1 | 'w' 2 | unlock 0)
// (fd, offset, length) → 1 if another holds any of them
Napi::Value ProbeBytes(const Napi::CallbackInfo& info);
// (fd) → 1 if it is the file's only open file description, 0 if not, −errno if only its owner may ask
Napi::Value IsOnlyUser(const Napi::CallbackInfo& info);

// 0, or the errno of a request for `length` more bytes that cannot be met. Asked first, because the kernel would find out
// only when it has given away all there is; on a memory file system it would kill processes before that.
int CheckRoom(int fd, uint64_t length);

}  // namespace memspan
