//! Every function here has the signature of its namesake in `windows-sys`. Their types are the same ones, so that it is enough that
//! both are pointers of one type. Nothing of `windows-sys` is called: closures that nobody runs link nothing.
#![cfg(not(windows))]
#![allow(non_snake_case)] // modules have the names that they have there

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
            pub(crate) use $root::Win32::System::{IO, Threading};
        }
    };
}
modules!(ours winaccept_windows_sys);
modules!(theirs windows_sys);

all_the_same! {
        WinSock {
            WSAStartup(_, _), WSACleanup(), WSAGetLastError(), WSASetLastError(_), socket(_, _, _),
            WSASocketW(_, _, _, _, _, _), bind(_, _, _), listen(_, _), accept(_, _, _), WSAAccept(_, _, _, _, _),
            connect(_, _, _), recv(_, _, _, _), send(_, _, _, _), WSARecv(_, _, _, _, _, _, _),
            WSASend(_, _, _, _, _, _, _), shutdown(_, _),
            closesocket(_), select(_, _, _, _, _), __WSAFDIsSet(_, _), WSAPoll(_, _, _), ioctlsocket(_, _, _),
            setsockopt(_, _, _, _, _), getsockopt(_, _, _, _, _), getsockname(_, _, _), getpeername(_, _, _),
            WSACreateEvent(), WSASetEvent(_), WSAResetEvent(_), WSACloseEvent(_), WSAEventSelect(_, _, _),
            WSAEnumNetworkEvents(_, _, _), WSAWaitForMultipleEvents(_, _, _, _, _), WSAIoctl(_, _, _, _, _, _, _, _, _),
            AcceptEx(_, _, _, _, _, _, _, _), GetAcceptExSockaddrs(_, _, _, _, _, _, _, _),
            WSAGetOverlappedResult(_, _, _, _, _),
            // Without words in the model.
            htons(_), htonl(_), ntohs(_), ntohl(_), inet_addr(_), getaddrinfo(_, _, _, _), freeaddrinfo(_),
            gethostbyaddr(_, _, _), gethostbyname(_), gethostname(_, _), getnameinfo(_, _, _, _, _, _, _),
            getprotobyname(_), getprotobynumber(_), getservbyname(_, _), getservbyport(_, _), inet_ntoa(_),
            inet_ntop(_, _, _, _), inet_pton(_, _, _), recvfrom(_, _, _, _, _, _), sendto(_, _, _, _, _, _),
            GetAddrInfoW(_, _, _, _), FreeAddrInfoW(_), TransmitFile(_, _, _, _, _, _, _), WSAAsyncSelect(_, _, _, _),
            WSACancelBlockingCall(), WSAConnect(_, _, _, _, _, _, _), WSADuplicateSocketW(_, _, _),
            WSARecvDisconnect(_, _), WSARecvEx(_, _, _, _), WSARecvFrom(_, _, _, _, _, _, _, _, _),
            WSASendDisconnect(_, _), WSASendMsg(_, _, _, _, _, _),
            WSASendTo(_, _, _, _, _, _, _, _, _), WSASocketA(_, _, _, _, _, _),
        }
        IO {
            GetOverlappedResult(_, _, _, _), CancelIo(_), CancelIoEx(_, _), CreateIoCompletionPort(_, _, _, _),
            GetQueuedCompletionStatus(_, _, _, _, _), PostQueuedCompletionStatus(_, _, _, _),
            GetQueuedCompletionStatusEx(_, _, _, _, _, _), GetOverlappedResultEx(_, _, _, _, _), CancelSynchronousIo(_),
        }
        FileSystem { SetFileCompletionNotificationModes(_, _) }
        Foundation { CloseHandle(_), GetLastError(), SetLastError(_) }
        Threading {
            CreateThread(_, _, _, _, _, _), GetCurrentThreadId(), Sleep(_), SleepEx(_, _), SwitchToThread(), WaitForSingleObject(_, _),
            WaitForMultipleObjects(_, _, _, _), CreateEventW(_, _, _, _), SetEvent(_), ResetEvent(_),
            InitializeCriticalSection(_), DeleteCriticalSection(_), EnterCriticalSection(_),
            TryEnterCriticalSection(_), LeaveCriticalSection(_),
        }
}

#[test]
fn signatures_are_those_of_windows_sys() {
    WinSock::look();
    IO::look();
    FileSystem::look();
    Foundation::look();
    Threading::look();
}

/// No function in lower case is left to a library of this machine, which has some of the same name with other conventions.
#[test]
fn nothing_is_taken_from_the_library_of_c() {
    let ours = include_str!("../src/Win32/Networking/WinSock.rs");
    let here = include_str!("signatures.rs");
    for name in
        ["accept", "bind", "connect", "getaddrinfo", "gethostname", "recvfrom", "sendto", "getnameinfo", "inet_pton"]
    {
        assert!(ours.contains(name) && here.contains(&format!("{name}(_")), "{name}");
    }
}
