//! The list of calls: everything that is said of a call is said here, once.
//!
//! Each crate hands [`for_each_call!`](crate::for_each_call) a macro of its own, and gets the whole list as its argument.
//! From it come the type [`Call`](crate::call::Call), the tables of rules, the parser and its complaints, how a call is
//! written, what the worker is asked, and the foreign call. What a parameter is, its kind says: see [`kind`](crate::kind).
//!
//! An entry reads
//!
//! ```text
//! Accept ws2_32 "accept" (s: Sock, addr: AddrOut, addrlen: LengthInOut) -> Socket [waits] again AcceptQueue
//!     by Accept { Accept: accept::ACCEPT, AcceptChecks: accept::CHECKS, .. };
//! ```
//!
//! * the variant of `Call`, the library, and the name that it exports; `program` is no library: that is done without a call; nor is
//!   `extension`: the provider gives its address to who asks for it with `WSAIoctl`;
//! * the parameters in the order of the C declaration, each a field and its kind; one in brackets is no field, because it is always
//!   the same. A call without any has no parentheses;
//! * what it returns, and so what it returns when it fails: a [`Returns`](crate::call::Returns);
//! * in brackets what else is to be known of it: `waits` if it can block, and `locally` if only for what is on its own machine by
//!   then, `deaf` if no APC runs while it does, `closes` if it closes the handle that it is about, `starts` if it starts what goes
//!   on without it, `points` if it tells its error through a pointer of its caller's, and leaves the last error of the thread alone;
//! * `again`: the table in which it, or what it has started, looks again when something has changed;
//! * `by`: the table that it begins with, and in braces the tables of its page with their lists of rules. Calls of one page share
//!   its tables, and only the first of them has the list.

/// Hands the list of calls to a macro.
#[macro_export]
macro_rules! for_each_call {
    ($then:ident) => {
        $then! {
            WSAStartup ws2_32 "WSAStartup" (version: VersionIn [StartupDataOut]) -> Code []
                by WSAStartup { WSAStartup: startup::WSASTARTUP };
            WSACleanup ws2_32 "WSACleanup" -> Number []
                by WSACleanup { WSACleanup: startup::WSACLEANUP };
            WSAGetLastError ws2_32 "WSAGetLastError" -> Code []
                by WSAGetLastError { WSAGetLastError: startup::WSAGETLASTERROR };
            WSASetLastError ws2_32 "WSASetLastError" (code: ErrorCode) -> Nothing []
                by WSAGetLastError {};
            Socket ws2_32 "socket" (family: AddressFamily, kind: TypeProtocol) -> Socket []
                by Socket { Socket: socket::SOCKET };
            WSASocket ws2_32 "WSASocketW" (
                family: AddressFamily, kind: TypeProtocol, [NoInfo] group: GroupIn, flags: SocketFlagsIn
            ) -> Socket []
                by WSASocket { WSASocket: socket::WSASOCKET };
            // `WSASocket` with the protocol information that `WSADuplicateSocket` filled in for `s`.
            WSASocketFromInfo ws2_32 "WSASocketW" (
                [FromInfo] [FromInfo] [FromInfo] s: InfoIn [NoGroup] [NoSocketFlags]
            ) -> Socket []
                by WSASocket {};
            WSADuplicateSocket ws2_32 "WSADuplicateSocketW" (s: Sock, process: Process [InfoOut]) -> Number []
                by WSADuplicateSocket { WSADuplicateSocket: socket::WSADUPLICATESOCKET };
            Bind ws2_32 "bind" (s: Sock, name: NameIn) -> Number []
                by Bind { Bind: bind::BIND };
            Listen ws2_32 "listen" (s: Sock, backlog: BacklogIn) -> Number []
                by Listen { Listen: listen::LISTEN };
            Accept ws2_32 "accept" (s: Sock, addr: AddrOut, addrlen: LengthInOut) -> Socket [waits locally] again AcceptQueue
                by Accept {
                    // An `accept` on a listener re-enables FD_ACCEPT, whatever comes of it.
                    Accept: accept::ACCEPT,
                    AcceptChecks: accept::CHECKS,
                    // What a call, new or blocked, finds when it looks at the queue.
                    AcceptQueue: accept::CHECKS,
                    // The new socket takes over the listener's options and mode,
                    AcceptInherits: accept::INHERITS,
                    // and its event registration.
                    AcceptSelection: accept::SELECTION,
                    // The peer's address goes to the caller.
                    AcceptName: accept::NAME
                };
            // Without a condition function it is `accept`.
            WSAAccept ws2_32 "WSAAccept" (
                s: Sock, addr: AddrOut, addrlen: LengthInOut, condition: ConditionIn, callback_data: CallbackData
            ) -> Socket [waits locally] again AcceptQueue
                by WSAAccept {
                    WSAAccept: wsaaccept::WSAACCEPT,
                    // The condition function comes back,
                    ConditionReturns: wsaaccept::CONDITION_RETURNS,
                    // and has said what becomes of the connection.
                    ConditionResult: wsaaccept::CONDITION_RESULT
                };
            // What WS2_32 calls in a provider: the provider's table has it, no library exports it.
            WSPAccept mswsock "WSPAccept" (
                s: Sock, addr: AddrOut, addrlen: LengthInOut, condition: ConditionIn, callback_data: CallbackData, errno: ErrnoOut
            ) -> Socket [waits locally points] again AcceptQueue
                by WSPAccept {
                    WSPAccept: wspaccept::WSPACCEPT,
                    // The new socket has a connection, and gets its handle.
                    ProviderHandle: wspaccept::HANDLE
                };
            Connect ws2_32 "connect" (s: Sock, name: NameIn) -> Number [waits] again ConnectAnswer
                by Connect { Connect: connect::CONNECT, ConnectAnswer: connect::ANSWER };
            // Beside what `connect` does, it takes along what is to be there from the beginning.
            WSAConnect ws2_32 "WSAConnect" (
                s: Sock, name: NameIn, caller_data: ConnectData, callee_data: ConnectRoom, sqos: QosIn, gqos: QosIn
            ) -> Number [waits] again ConnectAnswer
                by WSAConnect { WSAConnect: wsaconnect::WSACONNECT };
            Shutdown ws2_32 "shutdown" (s: Sock, how: HowIn) -> Number []
                by Shutdown { Shutdown: closesocket::SHUTDOWN };
            Closesocket ws2_32 "closesocket" (s: Sock) -> Number [waits closes]
                by Closesocket { Closesocket: closesocket::CLOSESOCKET };
            // Closes sockets and events.
            CloseHandle kernel32 "CloseHandle" (handle: AnyHandle) -> Bool [closes]
                by CloseHandle { CloseHandle: closehandle::CLOSEHANDLE };
            // The process begins: until then nobody has heard of it, though the scenario knows who will run in it.
            CreateProcess kernel32 "CreateProcessW" (process: Child, inherits: InheritHandles) -> Bool []
                by CreateProcess { CreateProcess: handles::CREATEPROCESS };
            SetHandleInformation kernel32 "SetHandleInformation" (s: Sock, inherits: InheritFlag) -> Bool []
                by SetHandleInformation { SetHandleInformation: handles::SETHANDLEINFORMATION };
            GetHandleInformation kernel32 "GetHandleInformation" (s: Sock [HandleFlagsOut]) -> Bool []
                by GetHandleInformation { GetHandleInformation: handles::GETHANDLEINFORMATION };
            Send ws2_32 "send" (s: Sock, data: BytesIn [NoFlags]) -> Number [waits]
                by Send { Send: transfer::SEND };
            Recv ws2_32 "recv" (s: Sock, len: BytesOut [NoFlags]) -> Number [waits locally] again RecvData
                by Recv { Recv: transfer::RECV, RecvData: transfer::RECV_DATA };
            // Without OVERLAPPED and without a completion routine.
            WSARecv ws2_32 "WSARecv" (
                s: Sock, buffers: Buffers, received: CountOut [FlagsInOut] [NoOverlapped] [NoRoutine]
            ) -> Number [waits locally] again RecvData
                by WSARecv { WSARecv: wsarecv::WSARECV };
            // With an OVERLAPPED.
            WSARecvOverlapped ws2_32 "WSARecv" (
                s: Sock, buffers: PostedBuffers, bytes: Transferred, [FlagsInOut] overlapped: RequestOverlapped,
                routine: CompletionRoutine
            ) -> Number [waits locally starts] again ReceiveTakes
                by WSARecv {
                    // What it finds on a connection,
                    ReceivePosted: wsarecv::POSTED,
                    // and what its request finds there, at once or later.
                    ReceiveTakes: wsarecv::TAKES
                };
            // One buffer, without OVERLAPPED and without a completion routine.
            WSASend ws2_32 "WSASend" (
                s: Sock, buffer: SentBuffer, bytes: Transferred [SendFlags] [NoOverlapped] [NoRoutine]
            ) -> Number [waits]
                by WSASend { WSASend: wsasend::WSASEND };
            // One buffer, with an OVERLAPPED.
            WSASendOverlapped ws2_32 "WSASend" (
                s: Sock, buffer: SentBuffer, bytes: Transferred, [SendFlags] overlapped: RequestOverlapped,
                routine: CompletionRoutine
            ) -> Number [starts] again SendTakes
                by WSASend {
                    SendPosted: wsasend::POSTED,
                    SendTakes: wsasend::TAKES
                };
            // A socket is a handle of the system: with an OVERLAPPED a request, without one it waits.
            ReadFile kernel32 "ReadFile" (
                s: Sock, len: ReadRoom, bytes: Transferred, overlapped: OverlappedOrNull
            ) -> Bool [waits locally deaf starts] again ReceiveTakes
                by ReadFile { ReadFile: readfile::READFILE };
            WriteFile kernel32 "WriteFile" (
                s: Sock, data: WrittenBytes, bytes: Transferred, overlapped: OverlappedOrNull
            ) -> Bool [starts] again SendTakes
                by WriteFile { WriteFile: readfile::WRITEFILE };
            // `ioctlsocket(s, FIONBIO, &argp)`.
            Ioctlsocket ws2_32 "ioctlsocket" (s: Sock, argp: Fionbio) -> Number []
                by Ioctlsocket { Ioctlsocket: options::IOCTLSOCKET };
            Getsockname ws2_32 "getsockname" (s: Sock, name: AddrOut, namelen: LengthInOut) -> Number []
                by Getsockname { Getsockname: names::GETSOCKNAME };
            Getpeername ws2_32 "getpeername" (s: Sock, name: AddrOut, namelen: LengthInOut) -> Number []
                by Getpeername { Getpeername: names::GETPEERNAME };
            Getsockopt ws2_32 "getsockopt" (s: Sock, opt: OptionName [OptionOut]) -> Number []
                by Getsockopt { Getsockopt: options::GETSOCKOPT };
            Setsockopt ws2_32 "setsockopt" (s: Sock, opt: OptionName, value: OptionIn) -> Number []
                by Setsockopt { Setsockopt: options::SETSOCKOPT };
            Select ws2_32 "select" (
                [NoCount] readfds: SocketSet, writefds: SocketSet, exceptfds: SocketSet, timeout: SelectTime
            ) -> Number [waits locally] again SelectReady
                by Select { Select: select::SELECT, SelectReady: select::SELECT_READY };
            WSAPoll ws2_32 "WSAPoll" (fds: PollArray, timeout: PollTime) -> Number [waits locally] again WSAPollReady
                by WSAPoll { WSAPoll: select::WSAPOLL, WSAPollReady: select::WSAPOLL_READY };
            // A poll of the driver below Winsock, as event loops wait that have an IO_STATUS_BLOCK or an OVERLAPPED for it.
            AfdPoll ntdll "NtDeviceIoControlFile" (
                file: DeviceHandle, overlapped: DeviceOverlapped [IoctlAfdPoll], timeout: AfdTime [NotExclusive], handles: AfdHandles
            ) -> Status [starts] again AfdPollLooks
                by AfdPoll {
                    AfdPoll: afdpoll::AFDPOLL,
                    // What a poll finds when something has changed at one of its sockets,
                    AfdPollLooks: afdpoll::LOOKS,
                    // and when one of them is closed, or the one through which it was made.
                    AfdPollCloses: afdpoll::CLOSES
                };
            // What a C program reads when such a poll is over.
            AfdPollInfo program "AFD_POLL_INFO" ([GotInformation] overlapped: PolledWith) -> Status []
                by AfdPollInfo { AfdPollInfo: afdpoll::INFO };
            WSACreateEvent ws2_32 "WSACreateEvent" -> Event []
                by EventObject { EventObject: events::EVENT_OBJECT };
            CreateEvent kernel32 "CreateEventW" (
                [NoSecurity] manual: ManualReset, initial: InitialState [NoName]
            ) -> Event []
                by CreateEvent { CreateEvent: events::CREATEEVENT };
            WSACloseEvent ws2_32 "WSACloseEvent" (event: Event) -> Bool [closes]
                by EventObject {};
            WSASetEvent ws2_32 "WSASetEvent" (event: Event) -> Bool []
                by EventObject {};
            WSAResetEvent ws2_32 "WSAResetEvent" (event: Event) -> Bool []
                by EventObject {};
            // For any one of the events: `fWaitAll` is FALSE.
            WSAWaitForMultipleEvents ws2_32 "WSAWaitForMultipleEvents" (
                events: EventArray [NotAll], timeout: WaitTime, alertable: MayBeAlertable
            ) -> Wait [waits locally] again WSAWaitReady
                by WSAWait { WSAWait: events::WAIT, WSAWaitReady: events::WAIT_READY };
            // For all of the events: `fWaitAll` is TRUE.
            WSAWaitForAllEvents ws2_32 "WSAWaitForMultipleEvents" (
                events: EventArray [All], timeout: WaitTime, alertable: Alertable
            ) -> Wait [waits locally] again WSAWaitReady
                by WSAWait {};
            // What a C program does by itself: `OVERLAPPED o = {0}; o.hEvent = event;`.
            Overlapped program "OVERLAPPED" (event: EventOrNull, low_bit: LowBit) -> Overlapped []
                by Overlapped { Overlapped: overlapped::OVERLAPPED };
            // A macro of winbase.h, which looks at `Internal`.
            HasOverlappedIoCompleted program "HasOverlappedIoCompleted" (overlapped: OverlappedIn) -> Answer []
                by HasOverlappedIoCompleted { HasOverlappedIoCompleted: overlapped::HAS_COMPLETED };
            // Without OVERLAPPED and without a completion routine.
            WSAIoctl ws2_32 "WSAIoctl" (
                s: Sock, extension: ExtensionIn, pointer: PointerRoom, bytes: Transferred [NoOverlapped] [NoRoutine]
            ) -> Number []
                by WSAIoctl { WSAIoctl: wsaioctl::WSAIOCTL };
            // The same as a request, which is over at once.
            WSAIoctlOverlapped ws2_32 "WSAIoctl" (
                s: Sock, extension: ExtensionIn, pointer: PointerRoom, bytes: Transferred, overlapped: RequestOverlapped,
                routine: CompletionRoutine
            ) -> Number [starts]
                by WSAIoctl {};
            // A command that asks for no function: with an OVERLAPPED a request.
            IoctlCommand ws2_32 "WSAIoctl" (
                s: Sock, command: CommandIn, room: CommandRoom, bytes: Transferred, overlapped: OverlappedOrNull,
                routine: CompletionRoutine
            ) -> Number [starts]
                by WSAIoctl {};
            // How much to have on its way at a time.
            IdealSendBacklog ws2_32 "WSAIoctl" (
                s: Sock [IdealSendBacklogQuery] [NoInput] [NoInputSize] [IdealSendBacklogOut] [ValueSize] [CountNobodyReads]
                [NoOverlapped] [NoRoutine]
            ) -> Number []
                by WSAIoctl {};
            AcceptEx mswsock "AcceptEx" (
                listen: Sock, accept: Sock, buffer: OutputBuffer, receive: ByteCount, local: ByteCount, remote: ByteCount,
                bytes: Transferred, overlapped: OverlappedOrNull
            ) -> Bool [starts] again AcceptExTakes
                by AcceptEx {
                    AcceptEx: acceptex::ACCEPTEX,
                    // What a request finds when a connection is there, at once or later.
                    AcceptExTakes: acceptex::TAKES,
                    // What one that has its connection finds there.
                    AcceptExData: acceptex::DATA,
                    // The socket that was to have the connection is closed.
                    AcceptExLoses: acceptex::LOSES
                };
            // Without OVERLAPPED it waits itself, with one its request does.
            DisconnectEx extension "DisconnectEx" (
                s: Sock, overlapped: OverlappedOrNull, flags: TransmitFlags, reserved: Reserved
            ) -> Bool [waits deaf starts] again Recycle
                by DisconnectEx {
                    DisconnectEx: disconnectex::DISCONNECTEX,
                    // What a call or a request finds that is to leave its socket to be used again.
                    Recycle: recycle::RECYCLE
                };
            // Without a file and without buffers: what is left of it is what its flags say.
            TransmitFile mswsock "TransmitFile" (
                s: Sock [NullFile] [NoLength] [NoSendSize], overlapped: OverlappedOrNull [NoBuffers], flags: TransmitFlags
            ) -> Bool [waits deaf starts] again Recycle
                by TransmitFile { TransmitFile: transmitfile::TRANSMITFILE };
            ConnectEx extension "ConnectEx" (
                s: Sock, name: NameIn, sent: SentWithConnection, overlapped: OverlappedOrNull
            ) -> Bool [starts] again ConnectExAnswer
                by ConnectEx { ConnectEx: connectex::CONNECTEX, ConnectExAnswer: connectex::ANSWER };
            // `setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0)`.
            UpdateConnectContext ws2_32 "setsockopt" (
                s: Sock [SolSocket] [UpdateConnectContextName] [NoOptionValue]
            ) -> Number []
                by Setsockopt {};
            // `setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, &listener, sizeof(listener))`.
            UpdateAcceptContext ws2_32 "setsockopt" (
                s: Sock [SolSocket] [UpdateAcceptContextName], listener: SocketValue
            ) -> Number []
                by Setsockopt {};
            GetAcceptExSockaddrs mswsock "GetAcceptExSockaddrs" (
                overlapped: BufferOf, receive: ByteCount, local: ByteCount, remote: ByteCount [LocalSockaddr] [RemoteSockaddr]
            ) -> Nothing []
                by GetAcceptExSockaddrs { GetAcceptExSockaddrs: acceptex::GETACCEPTEXSOCKADDRS };
            WSAGetOverlappedResult ws2_32 "WSAGetOverlappedResult" (
                s: Sock, overlapped: OverlappedIn, bytes: Transferred, wait: WaitFlag [ResultFlags]
            ) -> Bool [waits locally deaf] again WSAResultIsThere
                by WSAGetOverlappedResult {
                    WSAGetOverlappedResult: overlapped::WSAGETOVERLAPPEDRESULT,
                    WSAResultIsThere: overlapped::WSA_RESULT
                };
            GetOverlappedResult kernel32 "GetOverlappedResult" (
                s: Sock, overlapped: OverlappedIn, bytes: Transferred, wait: WaitFlag
            ) -> Bool [waits locally deaf] again ResultIsThere
                by GetOverlappedResult {
                    GetOverlappedResult: overlapped::GETOVERLAPPEDRESULT,
                    ResultIsThere: overlapped::RESULT
                };
            CancelIoEx kernel32 "CancelIoEx" (s: Sock, overlapped: OverlappedOrNull) -> Bool []
                by CancelIoEx { CancelIoEx: overlapped::CANCELIOEX };
            CancelIo kernel32 "CancelIo" (s: Sock) -> Bool []
                by CancelIo { CancelIo: overlapped::CANCELIO };
            // `CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, key, 0)`.
            CreatePort kernel32 "CreateIoCompletionPort" ([NoFile] [NoPort] key: PortKey [NoThreads]) -> Port []
                by CreateIoCompletionPort { CreateIoCompletionPort: port::CREATEIOCOMPLETIONPORT };
            // The same with a socket, whose completions go to the port from then on.
            AssociatePort kernel32 "CreateIoCompletionPort" (s: Sock, port: PortIn, key: PortKey [NoThreads]) -> Port []
                by CreateIoCompletionPort {};
            GetQueuedCompletionStatus kernel32 "GetQueuedCompletionStatus" (
                port: PortIn [GotBytes] [GotKey] [GotOverlapped], timeout: SleepTime
            ) -> Bool [waits locally deaf] again GetQueuedCompletionStatus
                by GetQueuedCompletionStatus { GetQueuedCompletionStatus: port::GETQUEUEDCOMPLETIONSTATUS };
            GetQueuedCompletionStatusEx kernel32 "GetQueuedCompletionStatusEx" (
                port: PortIn, [GotEntries] count: EntryCount [GotRemoved], timeout: SleepTime, alertable: Alertable
            ) -> Bool [waits locally] again GetQueuedCompletionStatusEx
                by GetQueuedCompletionStatusEx { GetQueuedCompletionStatusEx: port::GETQUEUEDCOMPLETIONSTATUSEX };
            SetFileCompletionNotificationModes kernel32 "SetFileCompletionNotificationModes" (
                s: Sock, modes: FileModesIn
            ) -> Bool []
                by SetFileCompletionNotificationModes {
                    SetFileCompletionNotificationModes: modes::SETFILECOMPLETIONNOTIFICATIONMODES,
                    // A request is complete by the time that its call returns, at a socket with such modes.
                    CompletesAtOnce: modes::COMPLETES_AT_ONCE
                };
            PostQueuedCompletionStatus kernel32 "PostQueuedCompletionStatus" (
                port: PortIn, bytes: PortKey, key: PortKey, overlapped: OverlappedOrNull
            ) -> Bool []
                by PostQueuedCompletionStatus { PostQueuedCompletionStatus: port::POSTQUEUEDCOMPLETIONSTATUS };
            WSAEventSelect ws2_32 "WSAEventSelect" (s: Sock, event: EventOrNull, mask: NetworkEventsIn) -> Number []
                by WSAEventSelect { WSAEventSelect: events::WSAEVENTSELECT };
            WSAEnumNetworkEvents ws2_32 "WSAEnumNetworkEvents" (s: Sock, event: EventOrNull [EventsOut]) -> Number []
                by WSAEnumNetworkEvents { WSAEnumNetworkEvents: events::WSAENUMNETWORKEVENTS };
            // What a C program does with a macro of winuser.h: a window that only messages come to.
            CreateWindow program "CreateWindow" -> Window []
                by CreateWindow { CreateWindow: messages::CREATEWINDOW };
            WSAAsyncSelect ws2_32 "WSAAsyncSelect" (
                s: Sock, window: WindowOrNull, message: MessageNumber, mask: NetworkEventsIn
            ) -> Number []
                by WSAAsyncSelect { WSAAsyncSelect: messages::WSAASYNCSELECT };
            PeekMessage program "PeekMessage" (
                [GotMessage] window: WindowIn [AnyMessage] [AnyMessage] [Removes]
            ) -> Answer []
                by PeekMessage { PeekMessage: messages::PEEKMESSAGE };
            GetMessage user32 "GetMessageW" (
                [GotMessage] window: WindowIn [AnyMessage] [AnyMessage]
            ) -> Number [waits locally deaf] again GetMessageReady
                by GetMessage { GetMessage: messages::GETMESSAGE, GetMessageReady: messages::GETMESSAGE_READY };
            QueueUserAPC kernel32 "QueueUserAPC" (routine: RoutineIn, thread: Thread [RoutineData]) -> Bool []
                by QueueUserAPC { QueueUserAPC: apc::QUEUEUSERAPC };
            SleepEx kernel32 "SleepEx" (timeout: SleepTime, alertable: Alertable) -> Sleep [waits locally]
                by SleepEx { SleepEx: apc::SLEEPEX };
            WSACancelBlockingCall ws2_32 "WSACancelBlockingCall" -> Number []
                by WSACancelBlockingCall { WSACancelBlockingCall: cancelled::WSACANCELBLOCKINGCALL };
        }
    };
}
