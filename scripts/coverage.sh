#!/bin/sh
# Which branches of core/ the tests take: build with counters, run the tests of the device side, print the table.
# gcov counts each condition of an && or || as a branch of its own.
set -eu
cmake --preset coverage > /dev/null
cmake --build --preset coverage
find build/coverage -name '*.gcda' -delete
ctest --preset coverage --quiet
/usr/bin/gcovr --root . --filter core/ --exclude-unreachable-branches --branches --print-summary build/coverage
