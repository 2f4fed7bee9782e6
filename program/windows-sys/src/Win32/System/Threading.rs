//! Threads, waiting for them and for events, locks, and time.

mod conditions;
mod events;
mod local;
mod locks;
mod objects;
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
pub(crate) use threads::sleeps;
pub use threads::{
    CreateThread, ExitProcess, ExitThread, GetCurrentProcess, GetCurrentProcessId, GetCurrentThread,
    GetCurrentThreadId, GetExitCodeThread, GetThreadId, Sleep, SleepEx, SwitchToThread,
};
pub use waits::{WaitForMultipleObjects, WaitForMultipleObjectsEx, WaitForSingleObject, WaitForSingleObjectEx};
pub use words::{
    CancelThreadpoolIo, CancelWaitableTimer, CloseThreadpool, CloseThreadpoolIo, CloseThreadpoolTimer,
    CloseThreadpoolWait, CloseThreadpoolWork, CreateProcessW, CreateThreadpool, CreateThreadpoolIo,
    CreateThreadpoolTimer, CreateThreadpoolWait, CreateThreadpoolWork, CreateTimerQueueTimer, CreateWaitableTimerW,
    DeleteTimerQueueTimer, GetThreadPriority, InitOnceBeginInitialize, InitOnceComplete, InitOnceExecuteOnce,
    OpenEventW, OpenThread, PulseEvent, QueueUserAPC, QueueUserWorkItem, RegisterWaitForSingleObject, ResumeThread,
    SetThreadDescription, SetThreadPriority, SetThreadpoolThreadMaximum, SetThreadpoolThreadMinimum,
    SetThreadpoolTimer, SetThreadpoolWait, SetWaitableTimer, SignalObjectAndWait, StartThreadpoolIo,
    SubmitThreadpoolWork, SuspendThread, TerminateProcess, TerminateThread, TrySubmitThreadpoolCallback,
    UnregisterWait, UnregisterWaitEx, WaitForThreadpoolIoCallbacks, WaitForThreadpoolWorkCallbacks, WaitOnAddress,
    WakeByAddressAll, WakeByAddressSingle,
};
