#!/usr/bin/env python3
"""Remove the safeguards of the updater one at a time and see which tests notice.

Each sabotage is a textual change of one or more sources.  The changed tree is built in a folder of
its own and the tests below are run, fast ones first.  A safeguard whose removal no test notices is
printed as NOT CAUGHT, and the exit code is 1 unless the sabotage says that this is known.
doc/proof.md quotes the table that this prints.

    scripts/sabotage.py [NAME ...]      only these; without arguments all
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORE = ["err", "crc32", "sha256", "flash", "package", "sign", "profile", "profile_check", "record_store",
        "identity", "image_hash", "staging", "journal", "package_check", "updater", "updater_end", "updater_source",
        "updater_unit", "boot", "trial"]
SIM = ["flash_sim", "powercut_device", "powercut"]
TESTS = [  # program, pattern of its tests, short name
    ("flash", "", "flash"), ("record_store", "", "record_store"), ("staging", "", "staging"),
    ("journal", "", "journal"), ("package_check", "", "package_check"), ("boot", "", "boot"),
    ("updater", "", "updater"), ("trial", "", "trial"), ("powercut", "all_single*", "single cuts"),
    ("powercut", "single_cuts_of_trials", "single cuts, trials"),
    ("powercut", "all_pairs_of_cuts_in_place", "pairs, 2 sectors"),
    ("powercut", "pairs_of_cuts_of_trials", "pairs, trials"),
    ("powercut", "triples*", "triples"), ("powercut", "random*", "chains"),
    ("powercut", "all_pairs_of_cuts_with_two*", "pairs, two slots"),
    ("powercut", "all_pairs_of_cuts_on_write*", "pairs, write-once"),
    ("powercut", "all_pairs_of_cuts_with_three*", "pairs, 3 sectors"),
    ("powercut", "the_least*", "least supply"),
]
POWERCUT_FIRST = 8  # index of the first power-cut test above

APPEND_ONLY = [
    ("core/journal.c", "    j->ruling_epoch = r->epoch;\n",
     "    j->ruling_epoch = r->epoch;\n    j->sector = sector;\n    j->slot = r->last_nonblank + 1U;\n"),
    ("core/journal.c", "    j->next = *state;\n    if (!j->has_snapshot) j->recommit_slot = n_slots(j);\n",
     "    j->next = *state;\n    if (!j->has_snapshot) j->recommit_slot = n_slots(j);\n"
     "    if (j->has_snapshot && j->slot < n_slots(j)) {\n        j->epoch = j->ruling_epoch;\n"
     "        j->stage = STAGE_APPEND;\n        return;\n    }\n"),
]
# name: (what is left out, [(file, old text, new text), ...], note if it is known that nothing notices)
SABOTAGES = {
    "no-open": ("OPEN: go on writing in the sector that rules", APPEND_ONLY),
    "open-erases-ruling": ("OPEN never erases the ruling sector", [
        ("core/journal.c", "    } while (j->sector == j->ruling);", "    } while (false);\n    j->sector = j->ruling < j->n_sectors ? j->ruling : 0;")]),
    "no-second-head": ("the copy of the head", [
        ("core/journal.c", "    j->slot = 1;\n    j->stage = STAGE_COPY;\n    return FOTA_MORE;",
         "    j->slot = 1;\n    j->stage = STAGE_READY;\n    return FOTA_OK;")]),
    "head-alone-counts": ("a sector counts only with a bit beyond slot 0", [
        ("core/journal.c", "    if (!r->counts) return;", "    if (!r->has_head) return;")]),
    "stop-at-blank": ("scan all slots", [
        ("core/journal.c", "        if (slot.blank) continue;", "        if (slot.blank) break;")]),
    "no-recommit": ("recommit of a lonely copy", [
        ("core/journal.c", "r->has_other ? n_slots(j) : (uint16_t)(r->last_nonblank + 2U)", "n_slots(j)")]),
    "recommit-at-1": ("recommit two slots behind", [
        ("core/journal.c", "r->last_nonblank + 2U", "r->last_nonblank + 1U")]),
    "no-record-crc": ("CRC of a record", [
        ("core/journal.c", "           fota_le32(r + CRC_OFF) == fota_crc32(0, r, CRC_OFF) &&\n", "")]),
    "any-epoch": ("a record has the epoch of its head", [
        ("core/journal.c", "if (!slot->valid || fota_le32(record + EPOCH_OFF) != r->epoch) return;",
         "if (!slot->valid) return;")]),
    "epoch-of-ruling": ("new epochs above every head seen", [
        ("core/journal.c", "    return FOTA_OK;\n}\n\nconst struct fota_snapshot *fota_journal_last",
         "    j->epoch = j->ruling_epoch;\n    return FOTA_OK;\n}\n\nconst struct fota_snapshot *fota_journal_last")]),
    "skip-erase-if-blank": ("always erase, even what reads blank", [
        ("core/flash.c", "    err = area->flash->erase(area->flash->ctx, area->addr + sector.off);",
         "    if (check_content(area, sector.off, NULL, sector.n_bytes) == FOTA_OK) return FOTA_OK;\n"
         "    err = area->flash->erase(area->flash->ctx, area->addr + sector.off);")]),
    "no-idle-first": ("OPEN(IDLE) before the first erase of staging", [
        ("sim/powercut_device.c", "if (d->err < 0 || !open_idle(d))", "if (d->err < 0)"),
        ("sim/powercut_device.c", "    fota_journal_append(&d->journal, &ask);", "    (void)open_idle;\n    fota_journal_open(&d->journal, &ask);")]),
    "run-before-staging": ("RUN only when staging is complete and checked", [
        ("sim/powercut_device.c", "    if (!stage_package(d, package)) return FOTA_SIM_REFUSED;\n",
         "    { struct fota_package pkg; uint8_t h[512]; memcpy(h, package.at, 512);\n"
         "      d->err = fota_package_parse(&pkg, h, package.n_bytes < 512 ? package.n_bytes : 512);\n"
         "      memset(&d->check, 0, sizeof d->check); d->check.pkg = pkg;\n"
         "      if (d->device.area[FOTA_AREA_SLOT2].n_bytes != 0) {\n"
         "        struct fota_identity id;\n"
         "        d->err = fota_identity_read(&id, &d->device.area[FOTA_AREA_IDENTITY]);\n"
         "        d->check.target = (uint8_t)(1U - id.slot); }\n"
         "      fota_package_check_ask(&d->check, &ask);\n"
         "      fota_journal_append(&d->journal, &ask);\n"
         "      STEP_TO_END(d, fota_journal_step(&d->journal)); }\n"
         "    if (!stage_package(d, package)) return FOTA_SIM_REFUSED;\n"
         "    return FOTA_SIM_RESET;\n")]),
    "torn-page-built-on": ("a resumed transfer goes back to the begin of the last sector", [
        ("core/staging.c", "        *off = sector.off;\n        return err;",
         "        *off = sector.off + sector.n_bytes;\n        return err;")]),
    "no-staged-record": ("the record behind the last stash step", [
        ("core/updater_unit.c", "    if (u->now.step == u->n_stash) u->now.progress = FOTA_PROGRESS_TOUCHED;\n",
         "    if (u->now.step == u->n_stash) u->now.progress = FOTA_PROGRESS_TOUCHED;\n"
         "    if (u->now.step == u->n_stash) return enter_step(u);\n")]),
    "no-unit-record": ("the record behind a unit", [
        ("core/updater_unit.c", "    if (u->now.unit == u->check.pkg.n_units) u->now.progress = FOTA_PROGRESS_TOUCHED;\n    return fota_updater_record(u);",
         "    if (u->now.unit == u->check.pkg.n_units) u->now.progress = FOTA_PROGRESS_TOUCHED;\n"
         "    if (u->now.unit == u->check.pkg.n_units) return fota_updater_record(u);\n"
         "    u->stage = FOTA_UPDATER_UNIT;\n    return FOTA_MORE;")]),
    "no-step-records": ("the records between: they only shorten what is repeated", [
        ("core/updater_unit.c", "    u->now.step++;\n    return fota_updater_record(u);\n}\n\n/* ---- read back",
         "    u->now.step++;\n    u->stage = FOTA_UPDATER_DECODE;\n    return FOTA_MORE;\n}\n\n/* ---- read back")]),
    "old-from-slot": ("a unit's own old content comes from the ring, also before its sector is erased", [
        ("core/updater_source.c", "    bool gone = fota_sector_bit(u->written, index) || is_written_by_unit(u, index);",
         "    bool gone = fota_sector_bit(u->written, index) || (is_written_by_unit(u, index) && off < u->done_bytes);")]),
    "write-done-sectors": ("sectors that stand already are not written again: progress", [
        ("core/updater_unit.c", "           write_index(u, sector) >= u->now.step - u->n_stash;", "           write_index(u, sector) < u->unit.n_written;")]),
    "touched-not-noted": ("TOUCHED before the first erase of the base", [
        ("core/updater_unit.c", "    if (u->now.step == u->n_stash) u->now.progress = FOTA_PROGRESS_TOUCHED;\n", "")]),
    "end-not-noted": ("TOUCHED before the identity changes", [
        ("core/updater_unit.c", "    if (u->now.unit == u->check.pkg.n_units) u->now.progress = FOTA_PROGRESS_TOUCHED;\n", "")]),
    "single-result": ("RESULT twice", [
        ("core/updater_end.c", "    u->n_results = trial ? 1 : 2;\n", "    u->n_results = 1;\n"),
        ("core/journal.c", "    r->finished = is_final_phase(record[PHASE_OFF]) && say_the_same(record, last);",
         "    r->finished = is_final_phase(record[PHASE_OFF]) && (last != NULL);")]),
    "identity-if-different": ("the identity is written in every boot that ends an update", [
        ("core/updater_end.c", "    begin_identity(u);\n    return FOTA_MORE;",
         "    begin_identity(u);\n    struct fota_identity had;\n"
         "    if (fota_identity_read(&had, &u->device->area[FOTA_AREA_IDENTITY]) == FOTA_OK &&\n"
         "        memcmp(had.image_sha256, u->check.pkg.new_sha256, 32) == 0) {\n"
         "        u->now.phase = FOTA_PHASE_RESULT;\n        u->now.result = 0;\n        u->n_results = 2;\n"
         "        fota_journal_append(u->journal, &u->now);\n        u->stage = FOTA_UPDATER_RESULT;\n    }\n    return FOTA_MORE;")]),
    "identity-epoch": ("the identity's epoch is not below the journal's", [
        ("core/updater_end.c", "sizeof bytes, fota_journal_epoch(u->journal));", "sizeof bytes, 0);")]),
    "no-identity": ("the identity is written before RESULT", [
        ("core/updater_end.c", "    begin_identity(u);\n    return FOTA_MORE;",
         "    begin_identity(u);\n    u->now.phase = FOTA_PHASE_RESULT;\n    u->now.result = 0;\n    u->n_results = 2;\n"
         "    fota_journal_append(u->journal, &u->now);\n    u->stage = FOTA_UPDATER_RESULT;\n    return FOTA_MORE;")]),
    "record-store-same-sector": ("a record is written into the other sector", [
        ("core/record_store.c", "    w->sector = newest == 0 ? 1 : 0;", "    w->sector = newest == 1 ? 1 : 0;")]),
    "no-package-id": ("the package id in every record", [
        ("core/updater.c", "    if (memcmp(c->pkg.id, now->package_id, sizeof now->package_id) != 0)\n        return fota_updater_fail(u, FOTA_E_CODED);\n", "")]),
    "no-body-hash": ("hash of the body", [
        ("core/package_check.c", "    if (memcmp(digest, pkg->body_sha256, sizeof digest) != 0) return FOTA_E_BODY_HASH;\n", "")]),
    "no-base-hash": ("hash of the base before it is touched", [
        ("core/package_check.c", "        if (err < 0) return FOTA_E_BASE;\n", "")]),
    "no-coded-crc": ("CRC of the coded bytes before a unit's first erase", [
        ("core/updater_unit.c", "    if (u->crc != unit->coded_crc) return fota_updater_fail(u, FOTA_E_CODED);\n", "")]),
    "no-unit-read-back": ("CRC of the unit's new content", [
        ("core/updater_unit.c", "return u->crc == u->unit.new_crc ? end_unit(u) : redo_unit(u);", "return end_unit(u);")]),
    "no-image-hash": ("hash of the new image", [
        ("core/updater_end.c", "    if (err < 0) return fota_updater_fail(u, err);\n    begin_identity(u);", "    begin_identity(u);")]),
    "no-hash-at-boot": ("hash of the image at every boot", [
        ("core/boot.c", "b->stage = err == FOTA_OK ? STAGE_START : STAGE_RECOVER;", "b->stage = STAGE_START;")]),
    "start-before-count": ("a start on trial is recorded before it happens", [
        ("core/boot.c", "    now.trials--;\n    fota_journal_open(&b->journal, &now);\n    b->stage = STAGE_TRIAL;",
         "    now.trials--;\n    b->stage = STAGE_START;")]),
    "counter-rises-on-trial": ("the counter of a trial is the old one", [
        ("core/updater.c", "    if (!trial && c->pkg.security_counter > now->counter)", "    if (c->pkg.security_counter > now->counter)")]),
    "counter-of-identity": ("on trial the counter to write is in the record: the identity may be a torn one", [
        ("core/package_check.c", "pkg->trial_boots != 0 && c->image.known ? 0 : pkg->security_counter", "pkg->security_counter"),
        ("core/updater_end.c", "    id.security_counter = u->now.counter;\n",
         "    id.security_counter = u->now.counter;\n"
         "    if (pkg->trial_boots != 0 && u->now.phase != FOTA_PHASE_KEEP && u->check.image.known)\n"
         "        id.security_counter = u->check.image.security_counter;\n")]),
    "identity-before-keep": ("KEEP before the counter rises", [
        ("core/trial.c", "    fota_journal_open(journal, &t->now);\n}",
         "    struct fota_identity id;\n    uint8_t bytes[FOTA_IDENTITY_BYTES];\n"
         "    (void)!fota_identity_read(&id, identity);\n    id.security_counter = t->now.counter;\n"
         "    fota_identity_encode(&id, bytes);\n"
         "    fota_record_write_begin(&t->write, identity, bytes, sizeof bytes, j_epoch(journal));\n}"),
        ("core/trial.c", "enum stage { STAGE_KEEP,",
         "static uint32_t j_epoch(const struct fota_journal *j) { return j->epoch + 1; }\nenum stage { STAGE_KEEP,"),
        ("core/trial.c", "    t->stage = STAGE_KEEP;\n", "    t->stage = STAGE_IDENTITY;\n"),
        ("core/trial.c", "        return begin_identity(t);", "        return begin_result(t);"),
        ("core/trial.c", "        return begin_result(t);\n    case STAGE_RESULT:",
         "        fota_journal_open(t->journal, &t->now);\n        t->stage = STAGE_KEEP;\n        return FOTA_MORE;\n"
         "    case STAGE_RESULT:"),
        ("core/trial.c", "static enum fota_err begin_identity(", "static __attribute__((unused)) enum fota_err begin_identity(")]),
    "keep-from-identity": ("a cut confirmation is finished from the package, not from the identity", [
        ("core/updater_end.c", "    begin_identity(u);\n    return FOTA_MORE;",
         "    if (u->now.phase == FOTA_PHASE_KEEP && !u->check.image.known)\n"
         "        return fota_updater_fail(u, FOTA_E_NO_IMAGE);\n    begin_identity(u);\n    return FOTA_MORE;")]),
    "no-keep": ("a confirmation is finished once it is decided", [
        ("core/boot.c", "    case FOTA_PHASE_KEEP:\n        begin_update(b);\n        break;\n", "        begin_update(b);\n        break;\n    case FOTA_PHASE_KEEP:\n")]),
    "back-to-the-same-slot": ("the way back leads to the other slot", [
        ("core/updater.c", "    if (fota_device_has_two_slots(u->device)) now->target_slot = 1U - now->target_slot;\n", "")]),
    "no-base-counter": ("once confirmed there is no way back", [
        ("core/package.c", "    p->security_counter = p->back.security_counter;\n", "")]),
    "no-look-back": ("the way back is checked before the way forth is taken", [
        ("core/package_check.c", "    if (err < 0 || c->pkg.trial_boots == 0 || c->back || !c->check_base) return err;\n",
         "    return err;\n")]),
    "damaged-on-trial": ("a damaged image on trial is not started", [
        ("core/boot.c", "    if (!whole || last->trials == 0) {", "    if (last->trials == 0) {")]),
    "trial-for-ever": ("when the starts are used up the old image comes back", [
        ("core/boot.c", "    if (!whole || last->trials == 0) {", "    if (!whole) {")]),
    "no-program-read-back": ("every program is read back", [
        ("core/flash.c", "    return check_content(area, off, src, n_bytes);", "    return FOTA_OK;")]),
    "no-erase-read-back": ("every erase is read back", [
        ("core/flash.c", "    return check_content(area, sector.off, NULL, sector.n_bytes);", "    return FOTA_OK;")]),
}


def run(command, **kw):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)


def compile_one(source, out, include):
    done = run(["gcc", "-std=c11", "-O2", "-w", "-I", str(include), "-c", str(include / source), "-o", str(out)])
    if done.returncode != 0:
        sys.exit(f"{source} does not compile:\n{done.stdout}")


def objects_of(folder):
    sources = ([f"core/{n}.c" for n in CORE] + [f"sim/{n}.c" for n in SIM] + ["test/fake_codec.c"]
               + [f"test/test_{n}.c" for n in sorted({t[0] for t in TESTS})])
    return {s: folder / s.replace("/", "_").replace(".c", ".o") for s in sources}


def link(objects, program, out):
    parts = [str(o) for s, o in objects.items() if not s.startswith("test/test_")]
    done = run(["gcc", str(objects[f"test/test_{program}.c"]), *parts, "-lcmocka", "-o", str(out)])
    if done.returncode != 0:
        sys.exit(done.stdout)


def sabotaged_tree(changes, folder):
    for part in ("core", "sim", "test"):
        (folder / part).mkdir()
        for path in (ROOT / part).glob("*.[chd]*"):
            text = path.read_text()
            for name, old, new in changes:
                if name == f"{part}/{path.name}":
                    if text.count(old) != 1:
                        sys.exit(f"{name}: the text to change is there {text.count(old)} times:\n{old}")
                    text = text.replace(old, new)
            (folder / part / path.name).write_text(text)


def catch(name, clean):
    """Names of the tests that notice."""
    changes = SABOTAGES[name][1]
    with tempfile.TemporaryDirectory() as temp:
        folder = pathlib.Path(temp)
        sabotaged_tree(changes, folder)
        objects = dict(clean)
        for source in {c[0] for c in changes}:
            objects[source] = folder / (source.replace("/", "_") + ".o")
            compile_one(source, objects[source], folder)
        caught = []
        for index, (program, pattern, short) in enumerate(TESTS):
            if index >= POWERCUT_FIRST and any(TESTS.index(t) >= POWERCUT_FIRST for t in caught):
                break  # cuts have noticed: no need to look deeper
            out = folder / program
            if not out.exists():
                link(objects, program, out)
            try:
                done = run([str(out)] + ([pattern] if pattern else []), timeout=600)
                failed = done.returncode != 0
            except subprocess.TimeoutExpired:
                failed = True
            if failed:
                caught.append((program, pattern, short))
        return [t[2] for t in caught]


def main():
    names = sys.argv[1:] or list(SABOTAGES)
    with tempfile.TemporaryDirectory() as temp:
        clean = objects_of(pathlib.Path(temp))
        for source, out in clean.items():
            compile_one(source, out, ROOT)
        missed = 0
        with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
            results = pool.map(lambda n: catch(n, clean), names)
            for name, caught in zip(names, results):
                known = SABOTAGES[name][2] if len(SABOTAGES[name]) > 2 else None
                text = ", ".join(caught) or f"NOT CAUGHT ({known or '!'})"
                missed += not caught and len(SABOTAGES[name]) < 3
                print(f"| {name} | {SABOTAGES[name][0]} | {text} |", flush=True)
    print(f"{len(names)} sabotages, {missed} not caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
