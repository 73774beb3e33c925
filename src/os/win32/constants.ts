// Constants of the Windows headers (winnt.h, winbase.h, memoryapi.h, winerror.h), by their names there.

/** For CreateFileMapping: memory of the paging file instead of a file. */
export const INVALID_HANDLE_VALUE = -1;
/** No timeout. */
export const INFINITE = 0xffffffff;

// Protections of a file mapping, and what can be joined to them.
export const PAGE_READONLY = 0x02;
export const PAGE_READWRITE = 0x04;
export const PAGE_WRITECOPY = 0x08;
export const SEC_COMMIT = 0x08000000;
export const SEC_RESERVE = 0x04000000;
export const SEC_NOCACHE = 0x10000000;
export const SEC_LARGE_PAGES = 0x80000000;

// Access to a file mapping and to a view of it.
export const FILE_MAP_COPY = 0x0001;
export const FILE_MAP_WRITE = 0x0002;
export const FILE_MAP_READ = 0x0004;
export const FILE_MAP_ALL_ACCESS = 0x000f001f;

// Access to synchronization objects (Synchronization Object Security and Access Rights).
export const SYNCHRONIZE = 0x00100000;
export const MUTEX_MODIFY_STATE = 0x0001;
export const MUTEX_ALL_ACCESS = 0x001f0001;
export const SEMAPHORE_MODIFY_STATE = 0x0002;
export const SEMAPHORE_ALL_ACCESS = 0x001f0003;
export const EVENT_MODIFY_STATE = 0x0002;
export const EVENT_ALL_ACCESS = 0x001f0003;

// What a wait returns; with several handles, plus the index of the one that ended it.
export const WAIT_OBJECT_0 = 0x00000000;
export const WAIT_ABANDONED = 0x00000080;
export const WAIT_ABANDONED_0 = 0x00000080;
export const WAIT_TIMEOUT = 0x00000102;
/** Thrown here, never returned. */
export const WAIT_FAILED = 0xffffffff;
export const MAXIMUM_WAIT_OBJECTS = 64;

// What GetLastError() and an error's `errno` can be (System Error Codes).
export const ERROR_SUCCESS = 0;
export const ERROR_FILE_NOT_FOUND = 2;
export const ERROR_ACCESS_DENIED = 5;
export const ERROR_INVALID_HANDLE = 6;
export const ERROR_NOT_ENOUGH_MEMORY = 8;
export const ERROR_INVALID_PARAMETER = 87;
export const ERROR_INVALID_NAME = 123;
export const ERROR_MAX_THRDS_REACHED = 164;
export const ERROR_ALREADY_EXISTS = 183;
export const ERROR_FILENAME_EXCED_RANGE = 206;
export const ERROR_NOT_OWNER = 288;
export const ERROR_TOO_MANY_POSTS = 298;
export const ERROR_INVALID_ADDRESS = 487;
export const ERROR_FILE_INVALID = 1006;
export const ERROR_MAPPED_ALIGNMENT = 1132;
export const ERROR_COMMITMENT_LIMIT = 1455;
