//! The real thing: the binary, the sample service with its proxy and database, and real processes.

mod boundaries;
mod commands;
mod crash;
mod demo;
mod outcomes;
mod own_service;
mod shop;
