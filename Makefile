# demo: watch the main job on the sample. test: everything that CI checks. plugins: rebuild the shipped plugins.

.PHONY: all demo test plugins bench

all:
	cargo build --release

demo: all
	target/release/surefoot demo

test:
	.ci/test

plugins:
	.ci/prepare
	cargo run --quiet -p surefoot-plugin-build -- all

bench:
	cargo bench --workspace
