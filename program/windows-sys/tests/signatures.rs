//! Every function here has the signature of its namesake in `windows-sys`. Their types are the same ones, so that it is enough that
//! both are pointers of one type. Nothing of `windows-sys` is called: closures that nobody runs link nothing.
#![cfg(not(windows))]
#![allow(non_snake_case)] // modules have the names that they have there

use std::collections::BTreeMap;
use std::path::Path;

/// One type for both.
fn same<T>(_ours: impl Fn() -> T, _theirs: impl Fn() -> T) {}

macro_rules! all_the_same {
    ($($module:ident { $($name:ident($($argument:tt),*)),* $(,)? })*) => { $(
        mod $module {
            pub(super) fn look() {
                $(super::same(
                    || super::ours::$module::$name as unsafe extern "system" fn($($argument),*) -> _,
                    || super::theirs::$module::$name as unsafe extern "system" fn($($argument),*) -> _,
                );)*
            }
        }
    )* };
}

macro_rules! modules {
    ($side:ident $root:ident) => {
        #[allow(non_snake_case)]
        mod $side {
            pub(crate) use $root::Win32::Foundation;
            pub(crate) use $root::Win32::Networking::WinSock;
            pub(crate) use $root::Win32::Storage::FileSystem;
            pub(crate) use $root::Win32::System::Console;
            pub(crate) use $root::Win32::System::Diagnostics::Debug;
            pub(crate) use $root::Win32::System::IO;
            pub(crate) use $root::Win32::System::LibraryLoader;
            pub(crate) use $root::Win32::System::Memory;
            pub(crate) use $root::Win32::System::Performance;
            pub(crate) use $root::Win32::System::Services;
            pub(crate) use $root::Win32::System::SystemInformation;
            pub(crate) use $root::Win32::System::Threading;
            pub(crate) use $root::Win32::UI::WindowsAndMessaging;
        }
    };
}
modules!(ours winaccept_windows_sys);
modules!(theirs windows_sys);

all_the_same! {
    Foundation {
        CloseHandle(_), CompareObjectHandles(_, _), DuplicateHandle(_, _, _, _, _, _, _), FreeLibrary(_),
        GetHandleInformation(_, _), GetLastError(), GlobalFree(_), LocalFree(_), SetHandleInformation(_, _, _),
        SetLastError(_),
    }
    WinSock {
        AcceptEx(_, _, _, _, _, _, _, _), FreeAddrInfoEx(_), FreeAddrInfoExW(_), FreeAddrInfoW(_),
        GetAcceptExSockaddrs(_, _, _, _, _, _, _, _), GetAddrInfoExW(_, _, _, _, _, _, _, _, _, _),
        GetAddrInfoW(_, _, _, _), GetHostNameW(_, _), GetNameInfoW(_, _, _, _, _, _, _), InetNtopW(_, _, _, _),
        InetPtonW(_, _, _), ProcessSocketNotifications(_, _, _, _, _, _, _), SetSocketMediaStreamingMode(_),
        TransmitFile(_, _, _, _, _, _, _), WSAAccept(_, _, _, _, _), WSAAddressToStringA(_, _, _, _, _),
        WSAAddressToStringW(_, _, _, _, _), WSAAsyncSelect(_, _, _, _), WSACancelBlockingCall(), WSACleanup(),
        WSACloseEvent(_), WSAConnect(_, _, _, _, _, _, _), WSAConnectByNameW(_, _, _, _, _, _, _, _, _),
        WSACreateEvent(), WSADuplicateSocketA(_, _, _), WSADuplicateSocketW(_, _, _), WSAEnumNetworkEvents(_, _, _),
        WSAEnumProtocolsA(_, _, _), WSAEnumProtocolsW(_, _, _), WSAEventSelect(_, _, _), WSAGetLastError(),
        WSAGetOverlappedResult(_, _, _, _, _), WSAHtonl(_, _, _), WSAHtons(_, _, _),
        WSAIoctl(_, _, _, _, _, _, _, _, _), WSAIsBlocking(), WSAJoinLeaf(_, _, _, _, _, _, _, _),
        WSANSPIoctl(_, _, _, _, _, _, _, _), WSANtohl(_, _, _), WSANtohs(_, _, _), WSAPoll(_, _, _),
        WSAProviderConfigChange(_, _, _), WSARecv(_, _, _, _, _, _, _), WSARecvDisconnect(_, _),
        WSARecvEx(_, _, _, _), WSARecvFrom(_, _, _, _, _, _, _, _, _), WSAResetEvent(_), WSASend(_, _, _, _, _, _, _),
        WSASendDisconnect(_, _), WSASendMsg(_, _, _, _, _, _), WSASendTo(_, _, _, _, _, _, _, _, _),
        WSASetBlockingHook(_), WSASetEvent(_), WSASetLastError(_), WSASocketA(_, _, _, _, _, _),
        WSASocketW(_, _, _, _, _, _), WSAStartup(_, _), WSAStringToAddressA(_, _, _, _, _),
        WSAStringToAddressW(_, _, _, _, _), WSAWaitForMultipleEvents(_, _, _, _, _), __WSAFDIsSet(_, _),
        accept(_, _, _), bind(_, _, _), closesocket(_), connect(_, _, _), freeaddrinfo(_), getaddrinfo(_, _, _, _),
        gethostbyaddr(_, _, _), gethostbyname(_), gethostname(_, _), getnameinfo(_, _, _, _, _, _, _),
        getpeername(_, _, _), getprotobyname(_), getprotobynumber(_), getservbyname(_, _), getservbyport(_, _),
        getsockname(_, _, _), getsockopt(_, _, _, _, _), htonl(_), htons(_), inet_addr(_), inet_ntoa(_),
        inet_ntop(_, _, _, _), inet_pton(_, _, _), ioctlsocket(_, _, _), listen(_, _), ntohl(_), ntohs(_),
        recv(_, _, _, _), recvfrom(_, _, _, _, _, _), select(_, _, _, _, _), send(_, _, _, _),
        sendto(_, _, _, _, _, _), setsockopt(_, _, _, _, _), shutdown(_, _), socket(_, _, _),
    }
    FileSystem {
        CreateFileW(_, _, _, _, _, _, _), ReadFile(_, _, _, _, _), ReadFileEx(_, _, _, _, _),
        SetFileCompletionNotificationModes(_, _), WriteFile(_, _, _, _, _), WriteFileEx(_, _, _, _, _),
    }
    Console {
        GenerateConsoleCtrlEvent(_, _), GetStdHandle(_), ReadConsoleW(_, _, _, _, _), SetConsoleCtrlHandler(_, _),
        SetConsoleOutputCP(_), SetConsoleTitleW(_), WriteConsoleA(_, _, _, _, _), WriteConsoleW(_, _, _, _, _),
    }
    Debug {
        DebugBreak(), FormatMessageA(_, _, _, _, _, _, _), FormatMessageW(_, _, _, _, _, _, _), IsDebuggerPresent(),
        OutputDebugStringA(_), OutputDebugStringW(_), SetErrorMode(_),
    }
    IO {
        BindIoCompletionCallback(_, _, _), CancelIo(_), CancelIoEx(_, _), CancelSynchronousIo(_),
        CreateIoCompletionPort(_, _, _, _), DeviceIoControl(_, _, _, _, _, _, _, _), GetOverlappedResult(_, _, _, _),
        GetOverlappedResultEx(_, _, _, _, _), GetQueuedCompletionStatus(_, _, _, _, _),
        GetQueuedCompletionStatusEx(_, _, _, _, _, _), PostQueuedCompletionStatus(_, _, _, _),
    }
    LibraryLoader {
        GetModuleHandleA(_), GetModuleHandleW(_), GetProcAddress(_, _), LoadLibraryA(_), LoadLibraryExW(_, _, _),
        LoadLibraryW(_),
    }
    Memory {
        GetProcessHeap(), GlobalAlloc(_, _), HeapAlloc(_, _, _), HeapCreate(_, _, _), HeapDestroy(_),
        HeapFree(_, _, _), HeapReAlloc(_, _, _, _), HeapSize(_, _, _), LocalAlloc(_, _), VirtualAlloc(_, _, _, _),
        VirtualFree(_, _, _),
    }
    Performance {
        QueryPerformanceCounter(_), QueryPerformanceFrequency(_),
    }
    Services {
        RegisterServiceCtrlHandlerExW(_, _, _), RegisterServiceCtrlHandlerW(_, _), SetServiceStatus(_, _),
        StartServiceCtrlDispatcherW(_),
    }
    SystemInformation {
        GetLocalTime(_), GetNativeSystemInfo(_), GetSystemInfo(_), GetSystemTime(_), GetSystemTimeAsFileTime(_),
        GetSystemTimePreciseAsFileTime(_), GetTickCount(), GetTickCount64(), GlobalMemoryStatusEx(_),
    }
    Threading {
        AcquireSRWLockExclusive(_), AcquireSRWLockShared(_), CallbackMayRunLong(_), CancelThreadpoolIo(_),
        CancelWaitableTimer(_), CloseThreadpool(_), CloseThreadpoolCleanupGroup(_),
        CloseThreadpoolCleanupGroupMembers(_, _, _), CloseThreadpoolIo(_), CloseThreadpoolTimer(_),
        CloseThreadpoolWait(_), CloseThreadpoolWork(_), CreateEventA(_, _, _, _), CreateEventExA(_, _, _, _),
        CreateEventExW(_, _, _, _), CreateEventW(_, _, _, _), CreateMutexA(_, _, _), CreateMutexW(_, _, _),
        CreateProcessW(_, _, _, _, _, _, _, _, _, _), CreateSemaphoreA(_, _, _, _), CreateSemaphoreW(_, _, _, _),
        CreateThread(_, _, _, _, _, _), CreateThreadpool(_), CreateThreadpoolIo(_, _, _, _),
        CreateThreadpoolTimer(_, _, _), CreateThreadpoolWait(_, _, _), CreateThreadpoolWork(_, _, _),
        CreateTimerQueueTimer(_, _, _, _, _, _, _), CreateWaitableTimerW(_, _, _), DeleteCriticalSection(_),
        DeleteTimerQueueTimer(_, _, _), DisassociateCurrentThreadFromCallback(_), EnterCriticalSection(_),
        GetCurrentProcess(), GetCurrentProcessId(), GetCurrentThread(), GetCurrentThreadId(), GetExitCodeThread(_, _),
        GetThreadId(_), GetThreadPriority(_), InitOnceBeginInitialize(_, _, _, _), InitOnceComplete(_, _, _),
        InitOnceExecuteOnce(_, _, _, _), InitializeConditionVariable(_), InitializeCriticalSection(_),
        InitializeCriticalSectionAndSpinCount(_, _), InitializeCriticalSectionEx(_, _, _), InitializeSRWLock(_),
        LeaveCriticalSection(_), LeaveCriticalSectionWhenCallbackReturns(_, _), OpenEventW(_, _, _),
        OpenThread(_, _, _), PulseEvent(_), QueueUserAPC(_, _, _), QueueUserWorkItem(_, _, _),
        RegisterWaitForSingleObject(_, _, _, _, _, _), ReleaseMutex(_), ReleaseMutexWhenCallbackReturns(_, _),
        ReleaseSRWLockExclusive(_), ReleaseSRWLockShared(_), ReleaseSemaphore(_, _, _),
        ReleaseSemaphoreWhenCallbackReturns(_, _, _), ResetEvent(_), ResumeThread(_),
        SetCriticalSectionSpinCount(_, _), SetEvent(_), SetEventWhenCallbackReturns(_, _), SetThreadDescription(_, _),
        SetThreadPriority(_, _), SetThreadpoolThreadMaximum(_, _), SetThreadpoolThreadMinimum(_, _),
        SetThreadpoolTimer(_, _, _, _), SetThreadpoolWait(_, _, _), SetWaitableTimer(_, _, _, _, _, _),
        SignalObjectAndWait(_, _, _, _), Sleep(_), SleepConditionVariableCS(_, _, _),
        SleepConditionVariableSRW(_, _, _, _), SleepEx(_, _), StartThreadpoolIo(_), SubmitThreadpoolWork(_),
        SuspendThread(_), SwitchToThread(), TerminateProcess(_, _), TerminateThread(_, _), TlsAlloc(), TlsFree(_),
        TlsGetValue(_), TlsSetValue(_, _), TryAcquireSRWLockExclusive(_), TryAcquireSRWLockShared(_),
        TryEnterCriticalSection(_), TrySubmitThreadpoolCallback(_, _, _), UnregisterWait(_), UnregisterWaitEx(_, _),
        WaitForMultipleObjects(_, _, _, _), WaitForMultipleObjectsEx(_, _, _, _, _), WaitForSingleObject(_, _),
        WaitForSingleObjectEx(_, _, _), WaitForThreadpoolIoCallbacks(_, _), WaitForThreadpoolWorkCallbacks(_, _),
        WaitOnAddress(_, _, _, _), WakeAllConditionVariable(_), WakeByAddressAll(_), WakeByAddressSingle(_),
        WakeConditionVariable(_),
    }
    WindowsAndMessaging {
        CreateWindowExA(_, _, _, _, _, _, _, _, _, _, _, _), CreateWindowExW(_, _, _, _, _, _, _, _, _, _, _, _),
        DefWindowProcA(_, _, _, _), DefWindowProcW(_, _, _, _), DestroyWindow(_), DispatchMessageA(_),
        DispatchMessageW(_), GetMessageA(_, _, _, _), GetMessageW(_, _, _, _), GetWindowLongPtrW(_, _),
        KillTimer(_, _), MsgWaitForMultipleObjects(_, _, _, _, _), MsgWaitForMultipleObjectsEx(_, _, _, _, _),
        PeekMessageA(_, _, _, _, _), PeekMessageW(_, _, _, _, _), PostMessageA(_, _, _, _), PostMessageW(_, _, _, _),
        PostQuitMessage(_), PostThreadMessageW(_, _, _, _), RegisterClassA(_), RegisterClassExW(_), RegisterClassW(_),
        SendMessageW(_, _, _, _), SetTimer(_, _, _, _), SetWindowLongPtrW(_, _, _), ShowWindow(_, _),
        TranslateMessage(_), UnregisterClassW(_, _),
    }
}

#[test]
fn signatures_are_those_of_windows_sys() {
    Foundation::look();
    WinSock::look();
    FileSystem::look();
    Console::look();
    Debug::look();
    IO::look();
    LibraryLoader::look();
    Memory::look();
    Performance::look();
    Services::look();
    SystemInformation::look();
    Threading::look();
    WindowsAndMessaging::look();
    same(
        || ours::Threading::ExitProcess as unsafe extern "system" fn(_) -> !,
        || theirs::Threading::ExitProcess as unsafe extern "system" fn(_) -> !,
    );
    same(
        || ours::Threading::ExitThread as unsafe extern "system" fn(_) -> !,
        || theirs::Threading::ExitThread as unsafe extern "system" fn(_) -> !,
    );
}

/// The functions that are in the sources, by module: each with whether the model has words for it.
fn functions() -> BTreeMap<String, BTreeMap<String, bool>> {
    fn look(directory: &Path, all: &mut BTreeMap<String, BTreeMap<String, bool>>) {
        for entry in directory.read_dir().expect("the sources are here") {
            let path = entry.expect("they can be read").path();
            if path.is_dir() {
                look(&path, all);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("it is a text");
            let name = path.with_extension("");
            let parts = name.iter().skip_while(|part| *part != "Win32").map(|part| part.to_str().expect("ASCII"));
            let module: Vec<&str> = parts.filter(|part| part.starts_with(char::is_uppercase)).collect();
            let found = all.entry(module[1..].join("::")).or_default();
            scan(&text, found);
        }
    }
    let mut all = BTreeMap::new();
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/Win32"), &mut all);
    all.retain(|_, found| !found.is_empty());
    all
}

/// The functions of a file.
fn scan(text: &str, found: &mut BTreeMap<String, bool>) {
    let (mut listed, mut documented) = (false, "");
    for line in text.lines() {
        let name = |rest: &str| rest.split('(').next().unwrap_or_default().to_owned();
        if let Some(rest) = line.strip_prefix("pub unsafe extern \"system\" fn ") {
            found.insert(name(rest), !documented.ends_with("the model has no words for it."));
        } else if let Some(rest) = line.strip_prefix("getaddrinfo!(") {
            let words = rest.split(|of: char| !of.is_alphanumeric()).filter(|word| !word.is_empty());
            let both = words.filter(|word| !["PC", "ADDRINFO"].iter().any(|of| word.starts_with(of)));
            found.extend(both.map(|word| (word.to_owned(), true)));
        } else if line == "no_words! {" || line == "}" {
            listed = line != "}";
        } else if let Some(rest) = line.strip_prefix("    ")
            && listed
            && rest.starts_with(|first: char| first.is_ascii_alphanumeric())
        {
            found.insert(name(rest), false);
        }
        documented = if line.starts_with("///") { line } else { "" };
    }
}

/// Whatever is there is compared above.
#[test]
fn every_function_is_compared() {
    let here = include_str!("signatures.rs");
    for (module, found) in functions() {
        for name in found.keys() {
            let compared = [format!(" {name}("), format!("::{name} as")];
            assert!(compared.iter().any(|how| here.contains(how)), "{module}::{name}");
        }
    }
}

/// docs/programs.md lists them. `UPDATE_DOCS=1` writes the list.
#[test]
fn every_function_is_listed() {
    let mut list = String::from("| module | there | a call ends the run undecided |\n|---|---|---|\n");
    for (module, found) in functions() {
        let names = |words: bool| {
            let names = found.iter().filter(|(_, has)| **has == words).map(|(name, _)| format!("`{name}`"));
            names.collect::<Vec<_>>().join(" ")
        };
        list.push_str(&format!("| `{module}` | {} | {} |\n", names(true), names(false)));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/programs.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let after =
        |from: usize, what: &str| from + page[from..].find(what).unwrap_or_else(|| panic!("{what:?} is missing"));
    let from = after(after(0, "**Functions.** "), "\n\n") + 2;
    let to = after(from, "\n**Memory.**");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{list}{}", &page[..from], &page[to..])).expect("it can be written");
    } else {
        assert_eq!(page[from..to], list, "UPDATE_DOCS=1 writes the list");
    }
}

/// No function in lower case is left to a library of this machine, which has some of the same name with other conventions: these are
/// all that Winsock has.
#[test]
fn nothing_is_taken_from_the_library_of_c() {
    let all = functions();
    for name in LOWER_CASE.split(' ') {
        assert!(all["Networking::WinSock"].contains_key(name), "{name}");
    }
}

const LOWER_CASE: &str = "accept bind closesocket connect freeaddrinfo getaddrinfo gethostbyaddr gethostbyname gethostname getnameinfo \
getpeername getprotobyname getprotobynumber getservbyname getservbyport getsockname getsockopt htonl htons inet_addr inet_ntoa \
inet_ntop inet_pton ioctlsocket listen ntohl ntohs recv recvfrom select send sendto setsockopt shutdown socket";
