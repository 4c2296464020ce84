//! Tests of the store from outside, on real files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod blobs;
mod codec;
mod contract;
mod contract_blobs;
mod crash;
mod damage;
mod disk_model;
mod erasure;
mod faults;
mod full;
mod golden;
mod log;
mod merkle;
mod newer;
mod sample;
