#!/bin/sh
# Install what build, tests and demo need and this machine lacks.  Debian and its children; on other
# systems install the same programs by hand.
set -eu
packages="gcc g++ make cmake ninja-build clang clang-format clang-tidy libclang-rt-14-dev git
libcmocka-dev libdivsufsort-dev libssl-dev libjansson-dev libelf-dev gcovr spin
gcc-arm-none-eabi binutils-arm-none-eabi libnewlib-arm-none-eabi python3-serial bsdiff unzip
libcurl4-openssl-dev nginx vsftpd openssl dosfstools mtools
ppp minicom picocom gammu
python3-cryptography python3-intelhex python3-click python3-cbor2 python3-yaml
qemu-user qemu-system-arm pkg-config gcc-riscv64-unknown-elf gcc-aarch64-linux-gnu
python3-venv python3-pip python3-dev libbz2-dev gcc-powerpc-linux-gnu libc6-dev-powerpc-cross gcc-arm-linux-gnueabi libc6-dev-armel-cross"
missing=
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
for tool in python3 cargo npm; do
    command -v "$tool" > /dev/null || missing="$missing $tool"
done
python3 -m pip --version > /dev/null 2>&1 || missing="$missing python3-pip"
[ -z "$missing" ] && exit 0
echo "installing:$missing"
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
$sudo apt-get update -qq
# the servers are for tests, which start them themselves: do not let the installation start them
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" > /dev/null
    $sudo chmod 755 "$policy"
    trap '$sudo rm -f "$policy"' EXIT INT TERM
fi
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing > /dev/null
