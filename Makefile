# The two commands: `make quickstart` and `make test`. Each step does only what is not yet done, and needs no network once set up.
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
SECONDS ?= 30
TARGET ?= *
OWN = git ls-files -co --exclude-standard '*.h' '*.cpp' '*.cu'

.PHONY: help setup build test real-models quickstart chat bench lint format format-check sanitize fuzz clean install

help:
	@echo "make quickstart   set up, build, and take a small model through its whole life (ARGS=--quick for a minute's taste)"
	@echo "make test         set up, build, and run every test that this machine can run"
	@echo
	@echo "make setup        Debian packages and libtorch (into .deps/); what is there is left alone"
	@echo "                  PARQUET=1: Arrow as well, so that .parquet files are read"
	@echo "make build        build/bin/athanor and build/bin/athanor-learn"
	@echo "make chat         SmolLM2-135M-Instruct, brought on first use, answers you in the terminal"
	@echo "make real-models  SmolLM2-135M-Instruct (GGUF) and all-MiniLM-L6-v2 into .deps/real-models/, for tests labelled real"
	@echo "make bench        speed beside the peers', as ratios (brings the peers on first use)"
	@echo "make lint         clang-tidy over core and run"
	@echo "make format       clang-format over every own file; format-check only looks"
	@echo "make sanitize     the fast tests of core and run under ASan and UBSan"
	@echo "make fuzz         each parser under libFuzzer for SECONDS=30, or TARGET=json alone"
	@echo "make clean        removes what was built, not what was set up"
	@echo "make install      the two programs into PREFIX=/usr/local (athanor-learn keeps using .deps/ here)"

setup:
	@PARQUET="$(PARQUET)" tools/setup.sh

build: setup
	@[ -f build/build.ninja ] || cmake --preset release
	@cmake --build build -j $(JOBS)

test: build
	@ctest --test-dir build -L 'fast|real' -j $(JOBS) --output-on-failure

real-models: setup
	@tools/real_models.sh $(MODELS)

quickstart: build
	build/bin/athanor quickstart $(ARGS)

chat: build real-models
	@build/bin/athanor chat .deps/real-models/SmolLM2-135M-Instruct.Q4_1.gguf $(ARGS)

bench: build
	@bench/run.sh

lint: build
	@tools/lint.py

format:
	@$(OWN) | xargs clang-format -i

format-check:
	@$(OWN) | xargs clang-format --dry-run -Werror

sanitize: setup
	@[ -f build-sanitize/build.ninja ] || cmake --preset sanitize
	@cmake --build build-sanitize -j $(JOBS)
	@ctest --test-dir build-sanitize -L fast -j $(JOBS) --output-on-failure

fuzz: setup
	@[ -f build-fuzz/build.ninja ] || cmake --preset fuzz
	@cmake --build build-fuzz -j $(JOBS)
	@tools/fuzz.sh '$(TARGET)' $(SECONDS)

clean:
	rm -rf build build-debug build-sanitize build-fuzz

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 build/bin/athanor build/bin/athanor-learn $(DESTDIR)$(PREFIX)/bin
