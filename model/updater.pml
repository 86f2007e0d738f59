/* SPDX-License-Identifier: MIT */
/* The update protocol of doc/design.md 4 and 5 as a model for spin: one module in one slot that is
 * updated over and over between two versions, in place, and loses its power at any moment.
 *
 *   flash     journal of SECTORS sectors of SLOTS slots, staging, two slot sectors, one ring sector
 *   update    unit 0: stash slot sector 0, write it; unit 1: the same with sector 1
 *   cut       before, inside, or after any program or erase; inside leaves anything that doc/proof.md 2
 *             names, in whole sectors and slots: old, done, junk, blank but touched, and LIES times in a
 *             run a content that reads one way at the next boot and another way at later ones
 *   property  what is started is wholly one version (assert); nothing is programmed that was touched
 *             since its erase (assert); with CUTS cuts at most, updates go on being finished (ltl live)
 *
 * Not in the model: rot, failing operations, the identity record, the content of packages.
 * Each rule can be left out by -DNO_...: the assertions must then fail (model/check.py). */
#ifndef SECTORS
#define SECTORS 3
#endif
#ifndef SLOTS
#define SLOTS 4
#endif
#ifndef LIES
#define LIES 1
#endif
#ifndef CUTS
#define CUTS 255 /* as many as you like */
#endif

#define EPOCHS 24 /* more than a boot can reach */
#define CELLS  (SECTORS * SLOTS)

/* How a slot of the journal reads. */
#define BLANK  0
#define JUNK   1
#define RECORD 2

/* What a data sector holds: version 0, version 1, or */
#define EMPTY 2
#define WRECK 3
#define SLOT0   0
#define SLOT1   1
#define RING    2
#define STAGING 3

/* A recorded state: IDLE, RUN + step (0..4), RESULT. */
#define IDLE   0
#define RUN    1
#define END    5 /* RUN with all four steps done */
#define RESULT 6

byte reads[CELLS];  /* in this boot */
byte next[CELLS];   /* at the next one */
byte later[CELLS];  /* at those behind it */
bit touched[CELLS]; /* programmed, perhaps in part, since the last whole erase */
byte epoch_of[CELLS];
byte state_of[CELLS];
bit package_of[CELLS];
bit is_copy[CELLS];

byte d_reads[4];
byte d_next[4];
byte d_later[4];
bit d_touched[4];

/* Read once at boot (rule 2). */
byte ruling;  /* sector, or SECTORS */
byte ruling_epoch;
byte newest;  /* epoch of any head */
byte found;   /* state */
bit found_package;
bit finished;
byte recommit; /* slot, or SLOTS */

byte sector;   /* opened in this boot */
byte at;       /* next slot in it, 0: not opened */
byte epoch;
byte state;
bit package;
byte back;     /* where to go on behind a record */
byte lies = LIES;
byte cuts = CUTS;
bit ended;     /* an update has just ended: seen by `live` */

#define NEWER(a, b) ((a) > (b))

inline spend()
{
    if
    :: cuts != 255 -> cuts--
    :: else
    fi
}

inline settle(c, r, l)
{
    next[c] = r;
    later[c] = l
}

/* Program a slot of the journal: `ok`, or the power fails. */
inline program(c, e, s, p, y)
{
    atomic {
    assert(!touched[c]);
    epoch_of[c] = e; state_of[c] = s; package_of[c] = p; is_copy[c] = y;
    if
    :: atomic { reads[c] = RECORD; settle(c, RECORD, RECORD); touched[c] = 1 }
    :: cuts > 0 -> atomic { spend(); goto power_lost } /* before */
    :: cuts > 0 -> atomic { spend(); settle(c, RECORD, RECORD); touched[c] = 1; goto power_lost }
    :: cuts > 0 -> atomic { spend(); settle(c, JUNK, JUNK); touched[c] = 1; goto power_lost }
    :: cuts > 0 -> atomic { spend(); settle(c, BLANK, BLANK); touched[c] = 1; goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; settle(c, RECORD, BLANK); touched[c] = 1; goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; settle(c, RECORD, JUNK); touched[c] = 1; goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; settle(c, BLANK, RECORD); touched[c] = 1; goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; settle(c, JUNK, RECORD); touched[c] = 1; goto power_lost }
    fi
    }
}

/* Slots lo..hi-1 of a journal sector as a torn erase leaves them. */
inline wipe(s, lo, hi, r, l, whole)
{
    i = lo;
    do
    :: i < hi ->
        if
        :: r == JUNK && next[s * SLOTS + i] == BLANK && !touched[s * SLOTS + i]
        :: else ->
            if
            :: r != RECORD -> next[s * SLOTS + i] = r
            :: else /* as it was */
            fi;
            if
            :: l != RECORD -> later[s * SLOTS + i] = l
            :: else
            fi;
            touched[s * SLOTS + i] = !whole
        fi;
        i++
    :: else -> break
    od
}

inline erase(s)
{
    if
    :: d_step {
        wipe(s, 0, SLOTS, BLANK, BLANK, 1);
        i = 0;
        do
        :: i < SLOTS -> reads[s * SLOTS + i] = BLANK; i++
        :: else -> break
        od;
        i = 0
       }
    :: cuts > 0 -> atomic { spend(); goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_step { wipe(s, 0, SLOTS, BLANK, BLANK, 1); i = 0 } goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_step { wipe(s, 0, SLOTS, JUNK, JUNK, 0); i = 0 } goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_step { wipe(s, 0, SLOTS, BLANK, BLANK, 0); i = 0 } goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_step { wipe(s, 0, 1, BLANK, BLANK, 0); i = 0 } goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_step { wipe(s, 1, SLOTS, BLANK, BLANK, 0); i = 0 } goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; d_step { wipe(s, 0, SLOTS, RECORD, BLANK, 0); i = 0 } goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; d_step { wipe(s, 0, SLOTS, BLANK, RECORD, 0); i = 0 } goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; d_step { wipe(s, 1, SLOTS, BLANK, RECORD, 0); i = 0 } goto power_lost }
    fi
}

inline d_settle(d, r, l)
{
    d_next[d] = r;
    d_later[d] = l
}

/* Erase a data sector and program it with `v`: two operations, each of which may be cut. */
inline write(d, v)
{
    if
    :: atomic { d_reads[d] = EMPTY; d_settle(d, EMPTY, EMPTY); d_touched[d] = 0 }
    :: cuts > 0 -> atomic { spend(); goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_settle(d, WRECK, WRECK); d_touched[d] = 1; goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; d_settle(d, d_next[d], WRECK); d_touched[d] = 1; goto power_lost }
    fi;
    assert(!d_touched[d]);
    if
    :: atomic { d_reads[d] = v; d_settle(d, v, v); d_touched[d] = 1 }
    :: cuts > 0 -> atomic { spend(); goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_settle(d, v, v); d_touched[d] = 1; goto power_lost }
    :: cuts > 0 -> atomic { spend(); d_settle(d, WRECK, WRECK); d_touched[d] = 1; goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; d_settle(d, v, WRECK); d_touched[d] = 1; goto power_lost }
    :: cuts > 0 && lies > 0 ->
        atomic { spend(); lies--; d_settle(d, WRECK, v); d_touched[d] = 1; goto power_lost }
    fi
}

/* A new boot: what was marginal shows its next face. */
inline power_up()
{
    i = 0;
    do
    :: i < CELLS ->
        reads[i] = next[i]; next[i] = later[i];
        if
        :: reads[i] != RECORD && next[i] != RECORD ->
            epoch_of[i] = 0; state_of[i] = 0; package_of[i] = 0; is_copy[i] = 0
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < 4 -> d_reads[i] = d_next[i]; d_next[i] = d_later[i]; i++
    :: else -> break
    od;
    at = 0; state = 0; package = 0; back = 0; sector = 0; epoch = 0
}

/* Only the order of epochs counts: number them anew from 1.  (Of 32 bits, serially compared, they
 * would take 2^31 cuts to wrap.) */
inline renumber()
{
    k = 1; /* next number */
    h = 1; /* epoch looked for */
    do
    :: h < EPOCHS ->
        i = 0; counts = 0;
        do
        :: i < CELLS ->
            if
            :: epoch_of[i] == h -> epoch_of[i] = k; counts = 1
            :: else
            fi;
            i++
        :: else -> break
        od;
        k = k + counts;
        h++
    :: else -> break
    od
}

/* Rule 1: which sector rules, and what it says. */
inline load()
{
    ruling = SECTORS; newest = 0; found = IDLE; found_package = 0; finished = 1; recommit = SLOTS;
    any_head = 0;
    i = 0;
    do
    :: i < SECTORS ->
        h = i * SLOTS;
        if
        :: reads[h] == RECORD && !is_copy[h] ->
            if
            :: !any_head || NEWER(epoch_of[h], newest) -> newest = epoch_of[h]
            :: else
            fi;
            any_head = 1;
            counts = 0; other = 0; fin = 0; last = 0;
            s_state = state_of[h]; s_package = package_of[h];
            l_state = s_state; l_package = s_package;
            k = 1;
            do
            :: k < SLOTS ->
                if
                :: reads[h + k] == BLANK
#ifdef NO_SCAN_ALL
                    -> break
#endif
                :: else ->
                    counts = 1; last = k;
                    if
                    :: reads[h + k] == RECORD && epoch_of[h + k] == epoch_of[h] ->
                        fin = (state_of[h + k] == IDLE || state_of[h + k] == RESULT) &&
                              state_of[h + k] == l_state && package_of[h + k] == l_package;
                        l_state = state_of[h + k]; l_package = package_of[h + k];
                        if
                        :: !is_copy[h + k] -> other = 1; s_state = l_state; s_package = l_package
                        :: else
                        fi
                    :: else
                    fi
                fi;
                k++
            :: else -> break
            od;
#ifdef HEAD_ALONE_COUNTS
            counts = 1;
#endif
            if
            :: counts && (ruling == SECTORS || NEWER(epoch_of[h], ruling_epoch)) ->
                ruling = i; ruling_epoch = epoch_of[h];
                found = s_state; found_package = s_package; finished = fin;
                recommit = (other -> SLOTS : last + 2)
            :: else
            fi
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0; h = 0; k = 0; counts = 0; other = 0; fin = 0; last = 0; any_head = 0;
    s_state = 0; s_package = 0; l_state = 0; l_package = 0
}

/* Record `s` and go on at `b`. */
#define RECORD_AND(s, p, b) atomic { state = (s); package = (p); back = (b); goto record }

active proctype module()
{
    byte i, h, k, last, s_state, l_state, version, value;
    bit counts, other, fin, any_head, s_package, l_package;

    d_step {
        i = 0;
        do
        :: i < CELLS -> reads[i] = BLANK; i++
        :: else -> break
        od;
        d_next[RING] = EMPTY; d_later[RING] = EMPTY;
        d_next[STAGING] = EMPTY; d_later[STAGING] = EMPTY;
        i = 0
    }
    goto power_lost;

power_lost:
    atomic {
        d_step { ended = 0; value = 0; version = 0; power_up(); renumber(); load() }
        if
        :: ruling < SECTORS && found >= RUN && found <= END -> goto update
        :: ruling < SECTORS && found == RESULT && !finished -> RECORD_AND(RESULT, found_package, 1)
        :: else -> goto start
        fi
    }

start:
    atomic {
        assert(d_reads[SLOT0] == d_reads[SLOT1] && d_reads[SLOT0] < EMPTY);
        version = d_reads[SLOT0];
        ended = 1
    }
    ended = 0;

    /* The application: a package to the other version. */
#ifdef NO_IDLE_FIRST
    goto receive;
#else
    RECORD_AND(IDLE, 1 - version, 2);
#endif
receive:
#ifdef RUN_BEFORE_STAGING
    RECORD_AND(RUN, 1 - version, 3);
received:
    write(STAGING, 1 - version);
#else
    write(STAGING, 1 - version);
    RECORD_AND(RUN, 1 - version, 3);
received:
#endif
    goto power_lost; /* reset */

update:
    atomic {
        assert(d_reads[STAGING] == found_package);
        version = found_package;
        if
        :: found == RUN -> assert(d_reads[SLOT0] == 1 - version && d_reads[SLOT1] == 1 - version)
        :: else
        fi;
        RECORD_AND(found, version, 4)
    }
step:
    if
    :: state == RUN ->
#ifdef NO_STASH
        d_reads[RING] = d_reads[SLOT0]; d_settle(RING, d_reads[SLOT0], d_reads[SLOT0]);
#else
        value = d_reads[SLOT0];
        write(RING, value);
#endif
#ifndef NO_STASH_RECORD
        RECORD_AND(RUN + 1, version, 4)
#else
        state = RUN + 1
#endif
    :: state == RUN + 1 ->
        assert(d_reads[SLOT1] == 1 - version); /* other sectors are read where they lie */
        value = (d_reads[RING] == 1 - version -> version : WRECK);
        write(SLOT0, value);
#ifndef NO_WRITE_RECORD
        RECORD_AND(RUN + 2, version, 4)
#else
        state = RUN + 2
#endif
    :: state == RUN + 2 ->
        value = d_reads[SLOT1];
        write(RING, value);
        RECORD_AND(RUN + 3, version, 4)
    :: state == RUN + 3 ->
        assert(d_reads[SLOT0] == version);
        value = (d_reads[RING] == 1 - version -> version : WRECK);
        write(SLOT1, value);
        RECORD_AND(END, version, 4)
    :: state == END ->
        assert(d_reads[SLOT0] == version && d_reads[SLOT1] == version);
        RECORD_AND(RESULT, version, 5)
    fi;
    goto step;
result:
#ifdef SINGLE_RESULT
    goto power_lost;
#else
    RECORD_AND(RESULT, version, 6);
#endif

    /* Rule 3: OPEN at the first record of a boot and when the sector is full; then append. */
record:
    if
    :: at > 0 && at < SLOTS -> goto append
    :: at == SLOTS -> atomic { ruling = sector; recommit = SLOTS }
#ifdef NO_OPEN
    :: at == 0 && ruling < SECTORS -> atomic { sector = ruling; epoch = ruling_epoch; at = 0 }
        d_step {
            k = SLOTS;
            do
            :: k > 0 && reads[sector * SLOTS + k - 1] == BLANK -> k--
            :: else -> break
            od;
            at = k; k = 0
        }
        if
        :: at > 0 && at < SLOTS -> goto append
        :: else -> at = 0
        fi
    :: at == 0 && ruling == SECTORS -> atomic { epoch = newest; sector = SECTORS - 1 }
#else
    :: at == 0 -> atomic { epoch = newest; sector = (ruling < SECTORS -> ruling : SECTORS - 1) }
#endif
    fi;
#ifndef NO_RECOMMIT
    if
    :: ruling < SECTORS && recommit < SLOTS ->
        if
        :: touched[ruling * SLOTS + recommit] -> recommit++ /* it reads back wrong: the next slot */
        :: else ->
            program(ruling * SLOTS + recommit, ruling_epoch, found, found_package, 1);
            recommit = SLOTS
        fi
    :: else
    fi;
#endif
    d_step {
        do
        :: sector = (sector + 1) % SECTORS;
            if
            :: sector == ruling
            :: else -> break
            fi
        od;
        epoch++;
        assert(epoch < EPOCHS);
        newest = epoch
    }
#ifdef NO_ERASE_WHEN_BLANK
    d_step {
        k = 0;
        do
        :: k < SLOTS && reads[sector * SLOTS + k] == BLANK -> k++
        :: else -> break
        od
    }
    if
    :: k == SLOTS -> k = 0
    :: else -> k = 0; erase(sector)
    fi;
#else
    erase(sector);
#endif
    program(sector * SLOTS, epoch, state, package, 0);
    at = 1;
#ifndef NO_SECOND_HEAD
    program(sector * SLOTS + 1, epoch, state, package, 1);
    at = 2;
#endif
    goto done;
append:
    program(sector * SLOTS + at, epoch, state, package, 0);
    at++;
done:
    atomic {
        if
        :: back == 1 -> goto start
        :: back == 2 -> goto receive
        :: back == 3 -> goto received
        :: back == 4 -> goto step
        :: back == 5 -> goto result
        :: back == 6 -> goto power_lost
        fi
    }
}

#ifdef LIVE
ltl live { []<> ended }
#endif
