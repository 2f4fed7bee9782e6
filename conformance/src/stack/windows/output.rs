//! The output buffers of overlapped requests.

/// An output buffer: where it begins, and how many bytes of it are for data, for the local and for the remote address.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Output {
    pub(super) start: usize,
    pub(super) lengths: [usize; 3],
}
