/* SPDX-License-Identifier: MIT */
#include "host/apply.h"
#include "host/encode.h"
#include "host/image_read.h"
#include "host/output_file.h"
#include "host/package_write.h"
#include "host/scratch_advice.h"
#include "tool/cli.h"
#include "tool/maker_signers.h"
#include "tool/package_view.h"
#include "tool/progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_BYTES    4096U
#define SCRATCH_SECTORS 8U
#define SLOT_BYTES      0x80000U

static const char help[] =
    "usage: fota diff --key KEY --product P --from-version V --to-version W [OPTION]... OLD "
    "NEW -o OUT\n"
    "       fota diff --key KEY --product P --to-version W --full [OPTION]... NEW -o OUT\n"
    "\n"
    "Makes a signed package: the difference from OLD to NEW, or with --full the whole image "
    "NEW.\n"
    "Images are raw binary, Intel HEX or ELF.  The package is applied to a simulated device "
    "before\n"
    "it is written.  Equal inputs give equal packages.\n"
    "\n"
    "  -k, --key FILE          private key (fota keygen); up to 4 times: each signs\n"
    "      --passphrase-file FILE  its first line opens the keys that are encrypted [asks]\n"
    "      --sign-command CMD  a program that signs: the message is its standard input, the\n"
    "                          64 bytes of Ed25519 signature its standard output; with\n"
    "      --pub FILE          its public key\n"
    "  -p, --product TEXT      product: must equal the device's\n"
    "      --from-version TEXT version of OLD, as ATI shows it\n"
    "      --to-version TEXT   version of NEW\n"
    "  -o, --output FILE       the package\n"
    "  -f, --force             replace an existing package\n"
    "      --full              the whole image, no base\n"
    "      --security-counter N  the device refuses anything lower afterwards [0]\n"
    "      --allow-downgrade   accept this package also where the counter is higher\n"
    "      --reversible        in a trial: the device goes back to OLD unless NEW confirms "
    "itself\n"
    "      --trial-boots N     within so many boots, 3 to 255 [3]\n"
    "      --from-counter N    security counter of OLD: once the device's is higher, there is "
    "no\n"
    "                          way back [that of NEW]\n"
    "  -l, --level N           1 fast, 2, 3 smallest [chosen]\n"
    "      --advise-scratch    say how many scratch sectors would bring the package within\n"
    "                          2 % of what two slots would take; makes it up to 8 times\n"
    "the device:\n"
    "      --device FILE       its profile (doc/device-profile.md); or\n"
    "      --sector BYTES      size of its sectors [4096]\n"
    "      --scratch N         scratch sectors, 1 to 64 [8]\n"
    "      --slots N           1: in place, 2: two slots [1]\n"
    "      --slot-bytes BYTES  size of a slot, and of the staging area [512K]\n"
    "\n"
    "examples:\n"
    "  fota diff --key maker.key --product M95 --from-version M95FAR02A07 \\\n"
    "            --to-version M95FAR02A08 old.bin new.bin -o a07-a08.fota\n"
    "  fota diff --key maker.key --product M95 --to-version M95FAR02A08 --full new.bin -o "
    "a08.fota\n"
    "  fota diff --sign-command 'openssl pkeyutl -sign -rawin -inkey maker.key -in /dev/stdin' "
    "\\\n"
    "            --pub maker.pub ...\n";

struct diff {
    struct fota_maker_signers maker;
    const char *product;
    const char *from_version;
    const char *to_version;
    const char *device_path;
    uint32_t sector_bytes, scratch_sectors, n_slots, slot_bytes;
    bool geometry_given;
    uint32_t security_counter;
    bool downgrade;
    bool full;
    bool reversible;
    uint32_t trial_boots;
    uint32_t from_counter;
    bool from_counter_given;
    bool advise;
    uint32_t level;
    struct fota_output_file output;
    const char *old_path;
    const char *new_path;

    struct fota_layout layout;
    struct fota_image old_image;
    struct fota_image new_image;
    struct fota_encoded encoded;
    struct fota_encoded back; /* reversible, in place */
    struct fota_scratch_advice advice;
    uint8_t *package;
    uint32_t package_bytes;
    struct fota_package_file file; /* the same, taken apart */
};

/* --- options --- */

enum {
    OPT_FROM = 0x100,
    OPT_TO,
    OPT_DEVICE,
    OPT_SECTOR,
    OPT_SCRATCH,
    OPT_SLOTS,
    OPT_SLOT_BYTES,
    OPT_COUNTER,
    OPT_DOWNGRADE,
    OPT_FULL,
    OPT_PASSPHRASE_FILE,
    OPT_SIGN_COMMAND,
    OPT_PUB,
    OPT_REVERSIBLE,
    OPT_TRIAL_BOOTS,
    OPT_FROM_COUNTER,
    OPT_ADVISE,
};

static const struct option long_options[] = {
    {"key", required_argument, NULL, 'k'},
    {"passphrase-file", required_argument, NULL, OPT_PASSPHRASE_FILE},
    {"sign-command", required_argument, NULL, OPT_SIGN_COMMAND},
    {"pub", required_argument, NULL, OPT_PUB},
    {"product", required_argument, NULL, 'p'},
    {"from-version", required_argument, NULL, OPT_FROM},
    {"to-version", required_argument, NULL, OPT_TO},
    {"output", required_argument, NULL, 'o'},
    {"force", no_argument, NULL, 'f'},
    {"full", no_argument, NULL, OPT_FULL},
    {"security-counter", required_argument, NULL, OPT_COUNTER},
    {"allow-downgrade", no_argument, NULL, OPT_DOWNGRADE},
    {"reversible", no_argument, NULL, OPT_REVERSIBLE},
    {"trial-boots", required_argument, NULL, OPT_TRIAL_BOOTS},
    {"from-counter", required_argument, NULL, OPT_FROM_COUNTER},
    {"level", required_argument, NULL, 'l'},
    {"advise-scratch", no_argument, NULL, OPT_ADVISE},
    {"device", required_argument, NULL, OPT_DEVICE},
    {"sector", required_argument, NULL, OPT_SECTOR},
    {"scratch", required_argument, NULL, OPT_SCRATCH},
    {"slots", required_argument, NULL, OPT_SLOTS},
    {"slot-bytes", required_argument, NULL, OPT_SLOT_BYTES},
    FOTA_CLI_LONG_OPTIONS};

/* Options that carry a number. */
static const struct number_option {
    int option;
    const char *name;
    size_t field; /* offset in struct diff */
    uint32_t least, most;
} number_options[] = {
    {OPT_SECTOR, "--sector", offsetof(struct diff, sector_bytes), 1, UINT32_MAX},
    {OPT_SCRATCH, "--scratch", offsetof(struct diff, scratch_sectors), 1,
     FOTA_PACKAGE_SCRATCH_MAX},
    {OPT_SLOTS, "--slots", offsetof(struct diff, n_slots), 1, 2},
    {OPT_SLOT_BYTES, "--slot-bytes", offsetof(struct diff, slot_bytes), 1,
     FOTA_PACKAGE_BYTES_MAX},
    {OPT_COUNTER, "--security-counter", offsetof(struct diff, security_counter), 0, UINT32_MAX},
    {OPT_TRIAL_BOOTS, "--trial-boots", offsetof(struct diff, trial_boots), FOTA_TRIAL_BOOTS_MIN,
     255},
    {OPT_FROM_COUNTER, "--from-counter", offsetof(struct diff, from_counter), 0, UINT32_MAX},
    {'l', "--level", offsetof(struct diff, level), 1, 3},
};

static const char *take_option(struct diff *d, int option)
{
    switch (option) {
    case 'k':
        return fota_maker_signers_add_key(&d->maker, optarg) ? NULL : "at most 4 keys";
    case OPT_PASSPHRASE_FILE:
        d->maker.passphrase_file = optarg;
        return NULL;
    case OPT_SIGN_COMMAND:
        d->maker.command = optarg;
        return NULL;
    case OPT_PUB:
        d->maker.command_public_path = optarg;
        return NULL;
    case 'p':
        d->product = optarg;
        return NULL;
    case OPT_FROM:
        d->from_version = optarg;
        return NULL;
    case OPT_TO:
        d->to_version = optarg;
        return NULL;
    case 'o':
        d->output.path = optarg;
        return NULL;
    case 'f':
        d->output.replace = true;
        return NULL;
    case OPT_ADVISE:
        d->advise = true;
        return NULL;
    case OPT_FULL:
        d->full = true;
        return NULL;
    case OPT_REVERSIBLE:
        d->reversible = true;
        return NULL;
    case OPT_DOWNGRADE:
        d->downgrade = true;
        return NULL;
    case OPT_DEVICE:
        d->device_path = optarg;
        return NULL;
    default:
        return "";
    }
}

/* 1 taken, 0 not such an option, -1 the value is wrong. */
static int take_number(const struct fota_cli *cli, struct diff *d, int option)
{
    for (size_t i = 0; i < sizeof number_options / sizeof number_options[0]; i++) {
        const struct number_option *o = &number_options[i];
        if (o->option != option) continue;
        uint32_t *field = (uint32_t *)(void *)((char *)d + o->field);
        d->geometry_given =
            d->geometry_given || (option >= OPT_SECTOR && option <= OPT_SLOT_BYTES);
        d->from_counter_given = d->from_counter_given || option == OPT_FROM_COUNTER;
        if (fota_cli_number(field, optarg, o->least, o->most)) return 1;
        (void)fota_cli_usage(cli, "%s wants a number from %" PRIu32 " to %" PRIu32, o->name,
                             o->least, o->most);
        return -1;
    }
    return 0;
}

/* What is wrong with the options together, or a null pointer. */
static const char *options_fault(const struct diff *d, int n_files)
{
    const char *signers_fault = fota_maker_signers_fault(&d->maker);
    if (signers_fault != NULL) return signers_fault;
    if (d->product == NULL) return "--product is missing";
    if (d->to_version == NULL) return "--to-version is missing";
    if (d->output.path == NULL) return "-o is missing";
    if (d->full && d->from_version != NULL) return "--full has no --from-version";
    if (d->full && d->downgrade)
        return "--full has no --allow-downgrade: a downgrade needs a base";
    if (d->full && d->reversible) return "--full has no --reversible: nothing to come back to";
    if (!d->reversible && (d->trial_boots != 0 || d->from_counter_given)) {
        return "--trial-boots and --from-counter are for --reversible";
    }
    if (!d->full && d->from_version == NULL) return "--from-version is missing (or --full)";
    if (d->device_path != NULL && d->geometry_given) {
        return "--device says --sector, --scratch, --slots and --slot-bytes already";
    }
    if (!fota_package_string_is_valid(d->product)) {
        return "--product: 1 to 31 printable ASCII characters without quotes";
    }
    if (!fota_package_string_is_valid(d->to_version) ||
        (!d->full && !fota_package_string_is_valid(d->from_version))) {
        return "a version: 1 to 31 printable ASCII characters without quotes";
    }
    if (n_files != (d->full ? 1 : 2))
        return d->full ? "give one image" : "give two images: OLD NEW";
    return NULL;
}

/* --- the work --- */

static enum fota_err read_inputs(struct diff *d, struct fota_fault *fault)
{
    enum fota_err err =
        d->device_path != NULL
            ? fota_layout_read(&d->layout, d->device_path, fault)
            : fota_layout_simple(&d->layout, d->sector_bytes, d->scratch_sectors, d->n_slots,
                                 d->slot_bytes, fault);
    if (err == FOTA_OK) err = fota_maker_signers_read(&d->maker, fault);
    if (err == FOTA_OK && !d->full) err = fota_image_read(&d->old_image, d->old_path, fault);
    if (err == FOTA_OK) err = fota_image_read(&d->new_image, d->new_path, fault);
    return err;
}

static enum fota_err check_image_fits(const struct diff *d, const struct fota_image *image,
                                      const char *path, struct fota_fault *fault)
{
    uint32_t slot_bytes = d->layout.area[FOTA_AREA_SLOT].n_bytes;
    if (image->n_bytes <= slot_bytes) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_SLOT_SPACE, path,
                          "%" PRIu32 " bytes, the slot has %" PRIu32 "%s", image->n_bytes,
                          slot_bytes, d->device_path == NULL ? " (--slot-bytes)" : "");
}

static enum fota_err check_images(const struct diff *d, struct fota_fault *fault)
{
    enum fota_err err = check_image_fits(d, &d->new_image, d->new_path, fault);
    if (err < 0 || d->full) return err;
    err = check_image_fits(d, &d->old_image, d->old_path, fault);
    if (err < 0) return err;
    if (d->old_image.n_bytes == d->new_image.n_bytes &&
        memcmp(d->old_image.at, d->new_image.at, d->new_image.n_bytes) == 0) {
        return fota_fault_set(fault, FOTA_E_ALREADY, d->new_path, "equal to %s", d->old_path);
    }
    return FOTA_OK;
}

/* What is allowed but unlikely to be meant. */
static void warn(const struct diff *d)
{
    fota_maker_signers_warn(&d->maker);
    if (!fota_image_holds(&d->new_image, d->to_version)) {
        fota_cli_warn("%s: the version '%s' is not found in the image", d->new_path,
                      d->to_version);
    }
    if (d->full) return;
    if (!fota_image_holds(&d->old_image, d->from_version)) {
        fota_cli_warn("%s: the version '%s' is not found in the image", d->old_path,
                      d->from_version);
    }
    if (strcmp(d->from_version, d->to_version) == 0) {
        fota_cli_warn("both versions are '%s'", d->to_version);
    }
    if (d->old_image.has_addr && d->new_image.has_addr &&
        d->old_image.addr != d->new_image.addr) {
        fota_cli_warn("the images begin at different addresses: 0x%08" PRIx32
                      " and 0x%08" PRIx32,
                      d->old_image.addr, d->new_image.addr);
    }
}

static bool has_two_slots(const struct diff *d)
{
    return d->layout.area[FOTA_AREA_SLOT2].n_bytes != 0;
}

static enum fota_err
encode_one(const struct fota_cli *cli, struct fota_encoded *out, const struct diff *d,
           const struct fota_image *from, const struct fota_image *to, struct fota_fault *fault)
{
    struct fota_progress progress;
    const struct fota_encode_options options = {
        .mode = d->full            ? FOTA_ENCODE_FULL
                : has_two_slots(d) ? FOTA_ENCODE_TWO_SLOTS
                                   : FOTA_ENCODE_IN_PLACE,
        .slot = &d->layout.area[FOTA_AREA_SLOT],
        .scratch_sectors = fota_area_n_sectors(&d->layout.area[FOTA_AREA_SCRATCH]),
        .decoder_bytes = d->layout.profile.decoder_bytes,
        .level = d->level,
        .progress = fota_progress_show,
        .progress_ctx = &progress};
    fota_progress_begin(&progress, "encoding", !cli->quiet && !cli->json);
    enum fota_err err = fota_encode(out, (struct fota_bytes){from->at, from->n_bytes},
                                    (struct fota_bytes){to->at, to->n_bytes}, &options);
    fota_progress_end(&progress);
    return err == FOTA_OK ? FOTA_OK : fota_fault_set(fault, err, d->new_path, "encoder");
}

static enum fota_err advise(struct diff *d, struct fota_fault *fault)
{
    const struct fota_encode_options options = {.slot = &d->layout.area[FOTA_AREA_SLOT],
                                                .decoder_bytes =
                                                    d->layout.profile.decoder_bytes,
                                                .level = d->level};
    enum fota_err err = fota_scratch_advise(
        &d->advice, (struct fota_bytes){d->old_image.at, d->old_image.n_bytes},
        (struct fota_bytes){d->new_image.at, d->new_image.n_bytes}, &options);
    return err == FOTA_OK ? FOTA_OK : fota_fault_set(fault, err, d->new_path, "encoder");
}

static enum fota_err
encode(const struct fota_cli *cli, struct diff *d, struct fota_fault *fault)
{
    enum fota_err err = encode_one(cli, &d->encoded, d, &d->old_image, &d->new_image, fault);
    if (err == FOTA_OK && d->advise) err = advise(d, fault);
    if (err < 0 || !d->reversible || has_two_slots(d)) return err;
    return encode_one(cli, &d->back, d, &d->new_image, &d->old_image, fault);
}

static uint8_t trial_boots(const struct diff *d)
{
    if (!d->reversible) return 0;
    return d->trial_boots != 0 ? (uint8_t)d->trial_boots : FOTA_TRIAL_BOOTS_MIN;
}

static enum fota_err write_package(struct diff *d, struct fota_fault *fault)
{
    const struct fota_package_spec spec = {
        .product = d->product,
        .from_version = d->full ? "" : d->from_version,
        .to_version = d->to_version,
        .security_counter = d->security_counter,
        .downgrade = d->downgrade,
        .two_slots = has_two_slots(d),
        .old_image = {d->old_image.at, d->old_image.n_bytes},
        .new_image = {d->new_image.at, d->new_image.n_bytes},
        .slot = &d->layout.area[FOTA_AREA_SLOT],
        .encoded = &d->encoded,
        .trial_boots = trial_boots(d),
        .base_counter = d->from_counter_given ? d->from_counter : d->security_counter,
        .back = &d->back,
        .signers = d->maker.signers,
        .n_signers = d->maker.n_signers};
    enum fota_err err = fota_package_write(&d->package, &d->package_bytes, &spec, fault);
    if (err < 0) return err;
    uint32_t staging_bytes = d->layout.area[FOTA_AREA_STAGING].n_bytes;
    if (d->package_bytes <= staging_bytes) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_STAGING_SPACE, d->output.path,
                          "%" PRIu32 " bytes, the staging area has %" PRIu32, d->package_bytes,
                          staging_bytes);
}

/* Give the package to a simulated device of the declared layout, as the device's own code takes
 * it, and compare what it made. */
static enum fota_err prove(const struct fota_cli *cli, struct diff *d, struct fota_fault *fault)
{
    const struct fota_signer *signer = &d->maker.signers[0];
    struct fota_progress progress;
    struct fota_applied applied;
    const struct fota_apply_spec spec = {.file = &d->file,
                                         .path = d->output.path,
                                         .layout = &d->layout,
                                         .keys = {&signer->public_key, 1},
                                         .old_image = {d->old_image.at, d->old_image.n_bytes},
                                         .progress = fota_progress_show,
                                         .progress_ctx = &progress};
    fota_progress_begin(&progress, "proving", !cli->quiet && !cli->json);
    enum fota_err err = fota_apply(&applied, &spec, fault);
    fota_progress_end(&progress);
    if (err < 0) return err;
    if (applied.n_bytes != d->new_image.n_bytes ||
        memcmp(applied.image, d->new_image.at, applied.n_bytes) != 0) {
        err = fota_fault_set(fault, FOTA_E_INTERNAL, d->output.path,
                             "the simulated device made another image");
    }
    free(applied.image);
    return err;
}

static enum fota_err make(const struct fota_cli *cli, struct diff *d, struct fota_fault *fault)
{
    enum fota_err err = fota_output_file_check(&d->output, fault);
    if (err == FOTA_OK) err = read_inputs(d, fault);
    if (err == FOTA_OK) err = check_images(d, fault);
    if (err < 0) return err;
    warn(d);
    err = encode(cli, d, fault);
    if (err == FOTA_OK) err = write_package(d, fault);
    if (err == FOTA_OK) {
        err =
            fota_package_file_of(&d->file, d->package, d->package_bytes, d->output.path, fault);
    }
    if (err == FOTA_OK) err = prove(cli, d, fault);
    if (err == FOTA_OK) {
        err = fota_output_file_write(&d->output, d->package, d->package_bytes, fault);
    }
    return err;
}

static json_t *advice_json(const struct fota_scratch_advice *a)
{
    json_t *sectors = a->sectors != 0 ? json_integer(a->sectors) : json_null();
    return json_pack("{s:I,s:o,s:I}", "two_slots_body_bytes", (json_int_t)a->two_slots_bytes,
                     "sectors", sectors, "body_bytes", (json_int_t)a->body_bytes);
}

static void print_advice(const struct fota_scratch_advice *a)
{
    if (a->sectors == 0) {
        printf("scratch: not even 64 sectors bring the body (%" PRIu32
               " bytes) within 2 %% of two slots (%" PRIu32 ")\n",
               a->body_bytes, a->two_slots_bytes);
        return;
    }
    printf("scratch: %" PRIu32 " sector%s bring%s the body (%" PRIu32
           " bytes) within 2 %% of two slots (%" PRIu32 ")\n",
           a->sectors, a->sectors == 1 ? "" : "s", a->sectors == 1 ? "s" : "", a->body_bytes,
           a->two_slots_bytes);
}

static int report(const struct fota_cli *cli, const struct diff *d)
{
    struct fota_package_view view;
    struct fota_fault fault;
    if (cli->quiet && !cli->json) return 0;
    if (fota_package_view_open(&view, &d->file, d->output.path, &d->layout, &fault) < 0) {
        return fota_cli_fail(cli, &fault);
    }
    if (cli->json) {
        json_t *document = fota_package_view_json(&view);
        if (d->advise) json_object_set_new(document, "scratch_advice", advice_json(&d->advice));
        return fota_cli_print_json(cli, document);
    }
    fota_package_view_print_summary(&view);
    if (d->advise) print_advice(&d->advice);
    return fota_cli_done(cli);
}

static void release(struct diff *d)
{
    free(d->package);
    fota_package_file_free(&d->file);
    fota_encoded_free(&d->encoded);
    fota_encoded_free(&d->back);
    fota_image_free(&d->old_image);
    fota_image_free(&d->new_image);
    fota_maker_signers_wipe(&d->maker);
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static struct diff d = {.sector_bytes = SECTOR_BYTES,
                            .scratch_sectors = SCRATCH_SECTORS,
                            .n_slots = 1,
                            .slot_bytes = SLOT_BYTES};
    int option;
    while ((option = getopt_long(argc, argv, ":k:p:o:fl:" FOTA_CLI_SHORT_OPTIONS, long_options,
                                 NULL)) != -1) {
        const char *fault_text = take_option(&d, option);
        if (fault_text == NULL) continue;
        if (fault_text[0] != '\0') return fota_cli_usage(cli, "%s", fault_text);
        int taken = take_number(cli, &d, option);
        if (taken < 0) return (int)fota_err_code(FOTA_E_USAGE);
        if (taken > 0) continue;
        enum fota_cli_next next = fota_cli_option(cli, option, argv);
        if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
    }
    const char *wrong = options_fault(&d, argc - optind);
    if (wrong == NULL && d.advise && (d.full || d.n_slots == 2))
        wrong = "--advise-scratch is for updates in place";
    if (wrong != NULL) return fota_cli_usage(cli, "%s", wrong);
    if (!d.full) d.old_path = argv[optind];
    d.new_path = argv[argc - 1];
    struct fota_fault fault;
    enum fota_err err = make(cli, &d, &fault);
    int code = err < 0 ? fota_cli_fail(cli, &fault) : report(cli, &d);
    release(&d);
    return code;
}

const struct fota_verb fota_verb_diff = {
    "diff", "make a signed package from two images, or one", help, run};
