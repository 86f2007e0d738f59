/* SPDX-License-Identifier: MIT */
/* What HPatchLite's own `hdiffi -inplace-EXTRA -c-lzma-9-DICT` writes, by the library in HDiffPatch:
 *   hdiffi OLD NEW OUT MATCH_SCORE EXTRA|none DICT_BYTES
 * EXTRA: bytes of flash that an update in place may use besides the image; "none": two copies.
 * Linked with HDiffPatch's library by bench/peers.py. */
#include "compress_plugin_demo.h"
#include "libHDiffPatch/HDiff/diff_for_hpatch_lite.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

static std::vector<unsigned char> load(const char *path)
{
    std::vector<unsigned char> bytes;
    FILE *f = std::fopen(path, "rb");
    if (f == NULL) std::exit(3);
    for (int c = std::getc(f); c != EOF; c = std::getc(f))
        bytes.push_back((unsigned char)c);
    std::fclose(f);
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc != 7) return 2;
    std::vector<unsigned char> from = load(argv[1]);
    std::vector<unsigned char> to = load(argv[2]);
    std::vector<unsigned char> out;
    TCompressPlugin_lzma lzma = lzmaCompressPlugin;
    lzma.compress_level = 9;
    lzma.dict_size = (UInt32)std::atoi(argv[6]);
    lzma.thread_num = 1;
    hdiffi_TCompress compress = {&lzma.base, hpi_compressType_lzma};
    int score = std::atoi(argv[4]);
    if (std::strcmp(argv[5], "none") == 0) {
        create_lite_diff(to.data(), to.data() + to.size(), from.data(),
                         from.data() + from.size(), out, &compress, score);
    } else {
        TInplaceSets sets = {(size_t)std::atoi(argv[5]), false, true};
        create_inplace_lite_diff(to.data(), to.data() + to.size(), from.data(),
                                 from.data() + from.size(), out, sets, &compress, score);
    }
    FILE *f = std::fopen(argv[3], "wb");
    if (f == NULL) return 3;
    size_t n = std::fwrite(out.data(), 1, out.size(), f);
    return std::fclose(f) == 0 && n == out.size() ? 0 : 3;
}
