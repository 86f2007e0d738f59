/* SPDX-License-Identifier: MIT */
/* Configuration of FatFs R0.16: read only, long names in UTF-8, least RAM (one sector buffer a
 * volume, one name buffer).  A port may set the three macros that begin with FOTA_FAT_. */
#ifndef FOTA_PORT_FATFS_FFCONF_H
#define FOTA_PORT_FATFS_FFCONF_H

#ifndef FOTA_FAT_VOLUMES
#define FOTA_FAT_VOLUMES 1 /* open at the same time */
#endif
#ifndef FOTA_FAT_BLOCK_MAX
#define FOTA_FAT_BLOCK_MAX 512 /* largest block of a disk, bytes: 512, 1024, 2048 or 4096 */
#endif
#ifndef FOTA_FAT_CODE_PAGE
#define FOTA_FAT_CODE_PAGE 437 /* of short names */
#endif

#define FFCONF_DEF         80386 /* the revision this file was written for */
#define FF_FS_READONLY     1
#define FF_FS_MINIMIZE     1 /* no f_stat and the like */
#define FF_USE_FIND        0
#define FF_USE_MKFS        0
#define FF_USE_FASTSEEK    0
#define FF_USE_EXPAND      0
#define FF_USE_CHMOD       0
#define FF_USE_LABEL       0
#define FF_USE_FORWARD     0
#define FF_USE_STRFUNC     0
#define FF_PRINT_LLI       0
#define FF_PRINT_FLOAT     0
#define FF_STRF_ENCODE     3
#define FF_CODE_PAGE       FOTA_FAT_CODE_PAGE
#define FF_USE_LFN         1 /* name buffer is static */
#define FF_MAX_LFN         255
#define FF_LFN_UNICODE     2 /* UTF-8 */
#define FF_LFN_BUF         255
#define FF_SFN_BUF         12
#define FF_FS_RPATH        0
#define FF_PATH_DEPTH      10
#define FF_VOLUMES         FOTA_FAT_VOLUMES
#define FF_STR_VOLUME_ID   0
#define FF_VOLUME_STRS     "0"
#define FF_MULTI_PARTITION 0
#define FF_MIN_SS          512
#define FF_MAX_SS          FOTA_FAT_BLOCK_MAX
#define FF_LBA64           0
#define FF_MIN_GPT         0x10000000
#define FF_USE_TRIM        0
#define FF_FS_TINY         1 /* files use the volume's sector buffer */
#define FF_FS_EXFAT        0
#define FF_FS_NORTC        1
#define FF_NORTC_MON       1
#define FF_NORTC_MDAY      1
#define FF_NORTC_YEAR      2025
#define FF_FS_CRTIME       0
#define FF_FS_NOFSINFO     3 /* free space is of no interest */
#define FF_FS_LOCK         0
#define FF_FS_REENTRANT    0
#define FF_FS_TIMEOUT      0

#endif
