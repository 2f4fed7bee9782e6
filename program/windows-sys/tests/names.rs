//! Names and texts of addresses, and what else a program calls before it listens.
#![cfg(not(windows))]

use std::ptr::{null, null_mut};

use winaccept_windows_sys::Win32::Foundation::GetLastError;
use winaccept_windows_sys::Win32::Networking::WinSock::*;
use winaccept_windows_sys::{Judge, fuzz, wait_for_stop};

/// Whatever the program asserts holds, and it is served with an answer to each question.
fn holds(program: fn()) {
    let whole = move || {
        program();
        wait_for_stop();
    };
    let passed = fuzz(whole).only(Judge::NoMisuse).runs(20).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(passed.undecided, 0, "{}", passed.reasons());
}

/// It ends undecided, for this.
fn has_no_words(program: fn(), wanted: &str) {
    let passed = fuzz(program).only(Judge::NoMisuse).runs(5).run().unwrap_or_else(|finding| panic!("{finding}"));
    let told = passed.undecided == passed.runs && passed.undecided_by.keys().any(|why| why.contains(wanted));
    assert!(told, "{wanted}: {}", passed.reasons());
}

fn hints(flags: u32, family: u16) -> ADDRINFOA {
    ADDRINFOA {
        ai_flags: flags as i32,
        ai_family: family.into(),
        ai_socktype: SOCK_STREAM,
        ai_protocol: IPPROTO_TCP,
        ..Default::default()
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// The family, the port, and the bytes of the address that is found; or the error.
unsafe fn asks(node: *const u8, service: *const u8, hints: ADDRINFOA) -> Result<(u16, u16, Vec<u8>), i32> {
    unsafe {
        let mut found = null_mut();
        let error = getaddrinfo(node, service, &raw const hints, &raw mut found);
        if error != 0 {
            assert_eq!(WSAGetLastError(), error);
            return Err(error);
        }
        let info = *found;
        assert!(info.ai_next.is_null() && info.ai_socktype == SOCK_STREAM && info.ai_protocol == IPPROTO_TCP);
        let v6 = info.ai_family == i32::from(AF_INET6);
        assert_eq!(info.ai_addrlen, if v6 { size_of::<SOCKADDR_IN6>() } else { size_of::<SOCKADDR_IN>() });
        let bytes = std::slice::from_raw_parts(info.ai_addr.cast::<u8>(), info.ai_addrlen).to_vec();
        let address = if v6 { &bytes[8..24] } else { &bytes[4..8] };
        let port = u16::from_be_bytes([bytes[2], bytes[3]]);
        assert_eq!(i32::from(u16::from_ne_bytes([bytes[0], bytes[1]])), info.ai_family);
        freeaddrinfo(found);
        Ok((info.ai_family as u16, port, address.to_vec()))
    }
}

#[test]
fn numbers_nothing_and_localhost_are_answered() {
    fn program() {
        unsafe {
            let port = c"8080".as_ptr().cast();
            let loopback6 = std::net::Ipv6Addr::LOCALHOST.octets().to_vec();
            let any = asks(null(), port, hints(AI_PASSIVE, AF_INET));
            assert_eq!(any, Ok((AF_INET, 8080, vec![0; 4])));
            assert_eq!(asks(null(), port, hints(0, AF_INET)), Ok((AF_INET, 8080, vec![127, 0, 0, 1])));
            assert_eq!(asks(null(), port, hints(AI_PASSIVE, AF_INET6)), Ok((AF_INET6, 8080, vec![0; 16])));
            let localhost = c"localhost".as_ptr().cast();
            assert_eq!(asks(localhost, port, hints(0, AF_INET6)), Ok((AF_INET6, 8080, loopback6.clone())));
            assert_eq!(asks(localhost, null(), hints(0, AF_INET)), Ok((AF_INET, 0, vec![127, 0, 0, 1])));
            assert_eq!(asks(localhost, port, hints(AI_NUMERICHOST, AF_INET)), Err(WSAHOST_NOT_FOUND));
            let number = c"10.1.2.3".as_ptr().cast();
            assert_eq!(asks(number, port, hints(0, AF_UNSPEC)), Ok((AF_INET, 8080, vec![10, 1, 2, 3])));
            assert_eq!(asks(c"::1".as_ptr().cast(), port, hints(0, AF_UNSPEC)), Ok((AF_INET6, 8080, loopback6)));
            assert_eq!(asks(null(), null(), hints(0, AF_INET)), Err(WSAHOST_NOT_FOUND));
            assert_eq!(asks(null(), port, hints(0, 77)), Err(WSAEAFNOSUPPORT));
        }
    }
    holds(program);
}

#[test]
fn what_would_have_to_be_looked_up_is_not_answered() {
    fn unspecified() {
        _ = unsafe { asks(null(), c"80".as_ptr().cast(), hints(AI_PASSIVE, AF_UNSPEC)) };
    }
    fn name() {
        _ = unsafe { asks(c"example.org".as_ptr().cast(), c"80".as_ptr().cast(), hints(0, AF_INET)) };
    }
    fn service() {
        _ = unsafe { asks(null(), c"http".as_ptr().cast(), hints(0, AF_INET)) };
    }
    has_no_words(unspecified, "getaddrinfo for AF_UNSPEC");
    has_no_words(name, "getaddrinfo of the name \"example.org\"");
    has_no_words(service, "getaddrinfo of a service that is no number");
}

#[test]
fn texts_of_addresses_go_both_ways() {
    fn program() {
        unsafe {
            let (mut bytes, mut text, mut long) = ([0_u8; 16], [0_u8; 46], [0_u16; 46]);
            let (v4, v6) = (i32::from(AF_INET), i32::from(AF_INET6));
            assert_eq!(inet_pton(v4, c"192.0.2.7".as_ptr().cast(), bytes.as_mut_ptr().cast()), 1);
            assert_eq!(bytes[..4], [192, 0, 2, 7]);
            assert!(!inet_ntop(v4, bytes.as_ptr().cast(), text.as_mut_ptr(), 16).is_null());
            assert_eq!(text[..10], *b"192.0.2.7\0");
            assert_eq!(inet_pton(v4, c"192.0.2".as_ptr().cast(), bytes.as_mut_ptr().cast()), 0);
            assert_eq!(inet_pton(1, c"::".as_ptr().cast(), bytes.as_mut_ptr().cast()), -1);
            assert_eq!(WSAGetLastError(), WSAEAFNOSUPPORT);
            assert_eq!(InetPtonW(v6, wide("2001:db8::1").as_ptr(), bytes.as_mut_ptr().cast()), 1);
            assert!(!InetNtopW(v6, bytes.as_ptr().cast(), long.as_mut_ptr(), 46).is_null());
            assert_eq!(long[..12], wide("2001:db8::1"));
            assert!(inet_ntop(v6, bytes.as_ptr().cast(), text.as_mut_ptr(), 0).is_null());
            assert_eq!(GetLastError(), WSA_INVALID_PARAMETER as u32);
            let ip = IN_ADDR { S_un: IN_ADDR_0 { S_addr: inet_addr(c"10.0.0.1".as_ptr().cast()) } };
            assert_eq!(std::ffi::CStr::from_ptr(inet_ntoa(ip).cast()), c"10.0.0.1");
        }
    }
    holds(program);
}

#[test]
fn texts_with_ports_go_both_ways() {
    fn program() {
        unsafe {
            let (mut address, mut size) = (SOCKADDR_IN6::default(), 28);
            let text = wide("[::1]:80");
            let made =
                WSAStringToAddressW(text.as_ptr(), AF_INET6.into(), null(), (&raw mut address).cast(), &raw mut size);
            assert_eq!((made, size, u16::from_be(address.sin6_port)), (0, 28, 80));
            let (mut back, mut length) = ([0_u16; 46], 3);
            let from = (&raw const address).cast();
            assert_eq!(WSAAddressToStringW(from, 28, null(), back.as_mut_ptr(), &raw mut length), SOCKET_ERROR);
            assert_eq!((WSAGetLastError(), length), (WSAEFAULT, 9));
            assert_eq!(WSAAddressToStringW(from, 28, null(), back.as_mut_ptr(), &raw mut length), 0);
            assert_eq!(back[..9], text);
            let (mut small, mut size) = (SOCKADDR_IN::default(), 16);
            let asked = c"1.2.3.4:99999".as_ptr().cast();
            let made = WSAStringToAddressA(asked, AF_INET.into(), null(), (&raw mut small).cast(), &raw mut size);
            assert_eq!((made, WSAGetLastError()), (SOCKET_ERROR, WSAEINVAL));
            let (mut host, mut port) = ([0_u8; 46], [0_u8; 6]);
            let flags = (NI_NUMERICHOST | NI_NUMERICSERV) as i32;
            let told = getnameinfo(from, 28, host.as_mut_ptr(), 46, port.as_mut_ptr(), 6, flags);
            assert_eq!((told, &host[..4], &port[..3]), (0, &b"::1\0"[..], &b"80\0"[..]));
        }
    }
    holds(program);
}

/// A server of the most usual kind: getaddrinfo, WSASocketA, recvfrom and sendto.
#[test]
fn a_server_that_asks_getaddrinfo_is_served() {
    fn server() {
        unsafe {
            let mut found = null_mut();
            let wanted = hints(AI_PASSIVE, AF_INET);
            assert_eq!(getaddrinfo(null(), c"27015".as_ptr().cast(), &raw const wanted, &raw mut found), 0);
            let info = *found;
            let s = WSASocketA(info.ai_family, info.ai_socktype, info.ai_protocol, null(), 0, WSA_FLAG_OVERLAPPED);
            assert_eq!(bind(s, info.ai_addr, info.ai_addrlen as i32), 0);
            freeaddrinfo(found);
            assert_eq!(listen(s, SOMAXCONN as i32), 0);
            loop {
                let client = accept(s, null_mut(), null_mut());
                if client == INVALID_SOCKET {
                    winaccept_windows_sys::thread::sleep(std::time::Duration::from_millis(100));
                    continue;
                }
                winaccept_windows_sys::thread::spawn(move || {
                    let mut buffer = [0; 16];
                    let count = recvfrom(client, buffer.as_mut_ptr(), 16, 0, null_mut(), null_mut());
                    if count > 0 {
                        sendto(client, buffer.as_ptr(), count, 0, null(), 0);
                    }
                    closesocket(client);
                });
            }
        }
    }
    let passed = fuzz(server).runs(500).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert!(passed.undecided * 20 <= passed.runs, "{}", passed.reasons());
}

#[test]
fn datagrams_have_no_words() {
    fn program() {
        unsafe {
            let s = socket(AF_INET.into(), SOCK_DGRAM, 0);
            recvfrom(s, null_mut(), 0, 0, null_mut(), null_mut());
        }
    }
    has_no_words(program, "recvfrom at a datagram socket");
}
