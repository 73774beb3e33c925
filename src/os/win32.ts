// memspan/win32: file mappings, mutexes, semaphores and events of Windows, by the names of its manual.

export * from './win32/constants.ts';
export {
  CloseHandle,
  GetLastError,
  type HANDLE,
  type HandleKind,
  type SecurityAttributes,
} from './win32/handle.ts';
export {
  CreateFileMapping,
  FlushViewOfFile,
  MapViewOfFile,
  OpenFileMapping,
  UnmapViewOfFile,
} from './win32/mapping.ts';
export {
  CreateEvent,
  CreateMutex,
  CreateSemaphore,
  OpenEvent,
  OpenMutex,
  OpenSemaphore,
  ReleaseMutex,
  ReleaseSemaphore,
  ResetEvent,
  SetEvent,
} from './win32/objects.ts';
export {
  type Waitable,
  WaitForMultipleObjects,
  WaitForMultipleObjectsAsync,
  WaitForSingleObject,
  WaitForSingleObjectAsync,
} from './win32/wait.ts';
