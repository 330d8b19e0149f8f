//! Memory, in blocks of 16 bytes and its doubles.
//!
//! A heart holds a few dozen small things, and makes and forgets the same ones at every beat. So a block that has been
//! given back is kept for the next thing of its size, and never cut or joined: that would weigh more than it saves.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;
use core::cell::Cell;
use core::ptr::null_mut;

/// Blocks of 16 bytes, and of all that fits into the address space.
const SIZES: usize = 28;

const PAGE: usize = 65_536;

pub(crate) struct Blocks {
    /// Of each size, the block that was given back last; in its first bytes lies the one before.
    free: [Cell<*mut u8>; SIZES],
    /// Where the memory begins that was never given away, and where it ends.
    fresh: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: without the `atomics` feature, which nothing here is built with, wasm has one thread.
unsafe impl Sync for Blocks {}

impl Blocks {
    pub(crate) const fn new() -> Self {
        Self { free: [const { Cell::new(null_mut()) }; SIZES], fresh: Cell::new(0), end: Cell::new(0) }
    }

    /// Memory that was never given away; null when the page may have no more.
    fn break_off(&self, length: usize) -> *mut u8 {
        if self.end.get() - self.fresh.get() < length {
            // What is left of the last page is lost.
            let pages = length.div_ceil(PAGE);
            let begin = memory_grow(0, pages);
            if begin == usize::MAX {
                return null_mut();
            }
            self.fresh.set(begin * PAGE);
            self.end.set((begin + pages) * PAGE);
        }
        let at = self.fresh.get();
        self.fresh.set(at + length);
        at as *mut u8
    }
}

/// Which of the sizes a thing needs.
fn size(layout: Layout) -> usize {
    (usize::BITS - (layout.size().saturating_sub(1) >> 4).leading_zeros()) as usize
}

// SAFETY: a block is given away once until it comes back, and is as long as it must be. It begins at a multiple of 16,
// and what is to be aligned to more gets none.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = size(layout);
        let free = &self.free[size];
        let block = free.get();
        if layout.align() > 16 {
            return null_mut();
        }
        if block.is_null() {
            return self.break_off(16 << size);
        }
        // SAFETY: the first bytes of a block that has come back hold the one before.
        free.set(unsafe { block.cast::<*mut u8>().read() });
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let free = &self.free[size(layout)];
        // SAFETY: the block is ours again, and long enough.
        unsafe { block.cast::<*mut u8>().write(free.get()) };
        free.set(block);
    }
}
