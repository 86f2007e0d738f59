#!/usr/bin/env python3
"""The core as a library: installed and found by CMake and by pkg-config, as a subdirectory, as bare
sources; the adapters for Zephyr and ESP-IDF compile against headers of the API they use.
Arguments: source folder, build folder."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT, BUILD = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
GLUE = ROOT / "test" / "glue"
CONSUMER = GLUE / "consumer"
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-I", str(ROOT)]


def run(*command, **how):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **how)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def cmake_consumer(out, *options):
    run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", out, *options)
    run("cmake", "--build", out)
    return run(next(p for p in (out / "consumer",) if p.exists()))


def main():
    with tempfile.TemporaryDirectory() as folder:
        tmp = pathlib.Path(folder)
        prefix = tmp / "prefix"
        run("cmake", "--install", BUILD, "--prefix", prefix, "--component", "library")
        print("find_package:", cmake_consumer(tmp / "a", f"-DCMAKE_PREFIX_PATH={prefix}"), end="")
        print("add_subdirectory:", cmake_consumer(tmp / "b", f"-DFOTA_SOURCE={ROOT}"), end="")
        pc = next(prefix.rglob("fota.pc")).parent
        flags = run("pkg-config", "--cflags", "--libs", "fota",
                    env={**os.environ, "PKG_CONFIG_PATH": str(pc)}).split()
        run("gcc", CONSUMER / "main.c", "-o", tmp / "c", *flags)
        print("pkg-config:", run(tmp / "c"), end="")
        sources = sorted((ROOT / "core").glob("*.c"))
        run("gcc", "-I", ROOT, CONSUMER / "main.c", *sources, "-o", tmp / "d")
        print("bare sources:", run(tmp / "d"), end="")
        for source, headers in (("zephyr/fota_zephyr.c", "zephyr"), ("esp-idf/fota_esp.c", "esp")):
            run("gcc", *STRICT, "-I", GLUE / headers, "-c", ROOT / source, "-o", tmp / "o")
    print(run("cmake", f"-DROOT={ROOT}", "-P", GLUE / "frameworks.cmake"), end="")
    library = json.loads((ROOT / "library.json").read_text())
    for key in ("name", "version", "description", "license", "build"):
        assert library[key], key
    assert (ROOT / library["build"]["srcDir"] / "boot.c").exists()


if __name__ == "__main__":
    main()
