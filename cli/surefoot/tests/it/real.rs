//! The real thing: the binary, the sample service with its proxy and database, and real processes.

mod bad_days;
mod boundaries;
mod children;
mod commands;
mod crash;
mod demo;
mod erasing;
mod many;
mod outcomes;
mod own_service;
mod scene;
pub(crate) mod shop;
