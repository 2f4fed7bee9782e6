//! Threads, waiting for them and for events, locks, and time.

mod conditions;
mod events;
mod local;
mod locks;
mod objects;
pub(crate) mod pool;
mod threads;
mod waits;
mod words;

pub use windows_sys::Win32::System::Threading::*;

pub use conditions::{
    InitializeConditionVariable, SleepConditionVariableCS, SleepConditionVariableSRW, WakeAllConditionVariable,
    WakeConditionVariable,
};
pub use events::{CreateEventA, CreateEventExA, CreateEventExW, CreateEventW, ResetEvent, SetEvent};
pub use local::{TlsAlloc, TlsFree, TlsGetValue, TlsSetValue};
pub use locks::{
    AcquireSRWLockExclusive, AcquireSRWLockShared, DeleteCriticalSection, EnterCriticalSection,
    InitializeCriticalSection, InitializeCriticalSectionAndSpinCount, InitializeCriticalSectionEx, InitializeSRWLock,
    LeaveCriticalSection, ReleaseSRWLockExclusive, ReleaseSRWLockShared, SetCriticalSectionSpinCount,
    TryAcquireSRWLockExclusive, TryAcquireSRWLockShared, TryEnterCriticalSection,
};
pub use objects::{CreateMutexA, CreateMutexW, CreateSemaphoreA, CreateSemaphoreW, ReleaseMutex, ReleaseSemaphore};
pub use pool::{
    CallbackMayRunLong, CancelThreadpoolIo, CloseThreadpoolIo, CloseThreadpoolWork, CreateThreadpoolIo,
    CreateThreadpoolWork, QueueUserWorkItem, StartThreadpoolIo, SubmitThreadpoolWork, TrySubmitThreadpoolCallback,
    WaitForThreadpoolIoCallbacks, WaitForThreadpoolWorkCallbacks,
};
pub(crate) use threads::sleeps;
pub use threads::{
    CreateThread, ExitProcess, ExitThread, GetCurrentProcess, GetCurrentProcessId, GetCurrentThread,
    GetCurrentThreadId, GetExitCodeThread, GetThreadId, Sleep, SleepEx, SwitchToThread,
};
pub use waits::{WaitForMultipleObjects, WaitForMultipleObjectsEx, WaitForSingleObject, WaitForSingleObjectEx};
pub use words::{
    CancelWaitableTimer, CloseThreadpool, CloseThreadpoolCleanupGroup, CloseThreadpoolCleanupGroupMembers,
    CloseThreadpoolTimer, CloseThreadpoolWait, CreateProcessW, CreateThreadpool, CreateThreadpoolTimer,
    CreateThreadpoolWait, CreateTimerQueueTimer, CreateWaitableTimerW, DeleteTimerQueueTimer,
    DisassociateCurrentThreadFromCallback, GetThreadPriority, InitOnceBeginInitialize, InitOnceComplete,
    InitOnceExecuteOnce, LeaveCriticalSectionWhenCallbackReturns, OpenEventW, OpenThread, PulseEvent, QueueUserAPC,
    RegisterWaitForSingleObject, ReleaseMutexWhenCallbackReturns, ReleaseSemaphoreWhenCallbackReturns, ResumeThread,
    SetEventWhenCallbackReturns, SetThreadDescription, SetThreadPriority, SetThreadpoolThreadMaximum,
    SetThreadpoolThreadMinimum, SetThreadpoolTimer, SetThreadpoolWait, SetWaitableTimer, SignalObjectAndWait,
    SuspendThread, TerminateProcess, TerminateThread, UnregisterWait, UnregisterWaitEx, WaitOnAddress,
    WakeByAddressAll, WakeByAddressSingle,
};
