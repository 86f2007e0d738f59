# Entry points; everything is done by CMake (CMakePresets.json) and scripts/.
.PHONY: build test demo bench board board-report coverage fuzz lint model format install-dependencies clean

install-dependencies:
	@sh scripts/install_dependencies.sh

build: install-dependencies
	@sh scripts/fetch_monocypher.sh
	@sh scripts/fetch_fatfs.sh
	@sh scripts/fetch_imgtool.sh
	cmake --preset release
	cmake --build --preset release

test: build
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan
	ctest --preset release

demo: build
	@python3 scripts/demo.py

# Measure fota and its peers on real firmware; writes doc/benchmark.md.  Long.
bench: build
	@python3 bench/bench.py

# Build the board ports, update and cut them under the emulator, print the budget.
board: build
	ctest --preset release -L board
	@sed -n '/board_report begin/,/board_report end/p' doc/porting.md

board-report: build
	@python3 test/board/measure.py . build --write

# Branches of core/ that the tests take.
coverage: build
	@sh scripts/coverage.sh

# Every row of the protocol's model (a few minutes, 4 GB); make test does the quick ones.
model: install-dependencies
	@python3 model/check.py --all

# Every fuzzer for FUZZ_SECONDS; inputs that found something new stay in build/fuzz/.
FUZZ_SECONDS ?= 300
fuzz: build
	cmake --preset asan
	cmake --build --preset asan
	@sh scripts/fuzz.sh $(FUZZ_SECONDS)

lint: build
	@sh scripts/lint.sh

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build
