"""The tables of a views file. What each means: docs/formats/views.md.

A views file is disposable: everything in it is folded from the journal and can be folded again. A change of these
tables or of what the cards hold is a new `SCHEMA_VERSION`, hence a new file beside the old one.
"""

from __future__ import annotations

from enum import IntEnum

SCHEMA_VERSION = 10


class Section(IntEnum):
    """Where a card belongs in a patient's record. Cards lie on disk in this order, so the bed list reads a prefix."""

    PATIENT = 1
    ENCOUNTER = 2
    ALLERGY = 3
    TRAIT = 4
    """Code status and isolation."""
    MEDICATION = 5
    CRITICAL = 6
    """A result flagged critical; all other results are under RESULT."""
    RESULT = 7
    REPORT = 8
    VITAL = 9
    CONDITION = 10
    ORDER = 11
    DOSE = 12
    NOTE = 13
    DRUG = 14
    """A Medication resource that orders point to; belongs to no patient."""
    LOCATION = 15
    """A ward, room or bed that visits point to; belongs to no patient."""
    PRINT = 16
    """A print report of the EHR, or pages of one; of nobody until it is tied."""
    UNIT_PRINT = 17
    """A print report about a unit (a census); belongs to no patient."""
    EVENT = 18
    """Bookings, goals, procedures, vaccines, what was dispensed, rejected specimens."""


BEDSIDE = Section.CRITICAL
"""The last section the bed list needs."""

TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL, position INTEGER NOT NULL,
  recorded_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE source(sid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE entry(position INTEGER PRIMARY KEY, recorded_us INTEGER NOT NULL, sid INTEGER NOT NULL,
  message_type TEXT NOT NULL, understood TEXT NOT NULL, topics TEXT NOT NULL,
  first_claim INTEGER NOT NULL, claims INTEGER NOT NULL, one_patient INTEGER NOT NULL, via INTEGER NOT NULL);
CREATE TABLE claim(claim INTEGER PRIMARY KEY, resource INTEGER NOT NULL, pid INTEGER NOT NULL,
  position INTEGER NOT NULL, path TEXT NOT NULL, op TEXT NOT NULL, rank BLOB NOT NULL, claimed_us INTEGER,
  cleared TEXT NOT NULL, prior INTEGER NOT NULL, same_as INTEGER, line INTEGER NOT NULL, body BLOB);
CREATE TABLE resource(key INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, type TEXT NOT NULL, id TEXT NOT NULL,
  pid INTEGER NOT NULL, section INTEGER NOT NULL, claims INTEGER NOT NULL, alive INTEGER NOT NULL,
  unreadable INTEGER NOT NULL, last_claim INTEGER NOT NULL, state BLOB);
CREATE INDEX resource_print ON resource(section, pid) WHERE section >= 16;
CREATE INDEX resource_unreadable ON resource(key) WHERE unreadable = 1;
CREATE INDEX resource_bare ON resource(pid, type) WHERE section = 0;
CREATE TABLE card(pid INTEGER NOT NULL, section INTEGER NOT NULL, key INTEGER NOT NULL, card BLOB NOT NULL,
  PRIMARY KEY(pid, section, key)) WITHOUT ROWID;

CREATE TABLE patient(pid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, alive INTEGER NOT NULL DEFAULT 0,
  words TEXT NOT NULL DEFAULT '', numbers TEXT NOT NULL DEFAULT '', found TEXT NOT NULL DEFAULT '',
  absorbed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX patient_alive ON patient(alive) WHERE alive = 1;
CREATE INDEX patient_absorbed ON patient(pid) WHERE absorbed = 1 AND alive = 1;
CREATE TABLE known(word TEXT NOT NULL, pid INTEGER NOT NULL, PRIMARY KEY(word, pid)) WITHOUT ROWID;
CREATE TABLE child(pid INTEGER PRIMARY KEY, mother TEXT NOT NULL);
CREATE INDEX child_mother ON child(mother);
CREATE TABLE link(key INTEGER PRIMARY KEY, absorbed INTEGER NOT NULL, survivor INTEGER NOT NULL, rank BLOB NOT NULL);
CREATE INDEX link_survivor ON link(survivor);
CREATE INDEX link_absorbed ON link(absorbed);
CREATE TABLE stay(key INTEGER PRIMARY KEY, pid INTEGER NOT NULL, unit TEXT NOT NULL, room TEXT NOT NULL,
  bed TEXT NOT NULL, locations TEXT NOT NULL);
CREATE INDEX stay_located ON stay(key) WHERE locations <> '';
CREATE INDEX stay_unit ON stay(unit);
CREATE INDEX stay_pid ON stay(pid);
CREATE TABLE bed(unit TEXT NOT NULL, room TEXT NOT NULL, bed TEXT NOT NULL, PRIMARY KEY(unit, room, bed)) WITHOUT ROWID;
CREATE TABLE agenda(key INTEGER NOT NULL, kind TEXT NOT NULL, pid INTEGER NOT NULL, at_us INTEGER NOT NULL,
  PRIMARY KEY(key, kind)) WITHOUT ROWID;
CREATE INDEX agenda_at ON agenda(kind, at_us);
CREATE TABLE critical(pid INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY(pid, key)) WITHOUT ROWID;
CREATE TABLE heard(pid INTEGER NOT NULL, topic TEXT NOT NULL, recorded_us INTEGER NOT NULL,
  PRIMARY KEY(pid, topic)) WITHOUT ROWID;
CREATE TABLE held(claim INTEGER PRIMARY KEY, pid INTEGER NOT NULL, allergy INTEGER NOT NULL);
CREATE INDEX held_pid ON held(pid);

CREATE TABLE worklist(item TEXT PRIMARY KEY, position INTEGER NOT NULL, recorded_us INTEGER NOT NULL,
  source TEXT NOT NULL, message_type TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL, hint TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open', pid INTEGER, allergy INTEGER NOT NULL DEFAULT 0, decided_by TEXT,
  decision TEXT, note TEXT) WITHOUT ROWID;
CREATE INDEX worklist_open ON worklist(state, position);
CREATE INDEX worklist_pid ON worklist(pid) WHERE pid IS NOT NULL;
CREATE TABLE unknown_kind(kind TEXT PRIMARY KEY, position INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE distrust(position INTEGER PRIMARY KEY, source TEXT NOT NULL, since_us INTEGER NOT NULL,
  until_us INTEGER, reason TEXT NOT NULL, reviewer TEXT NOT NULL DEFAULT '');
CREATE TABLE deed(position INTEGER PRIMARY KEY, recorded_us INTEGER NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL,
  about TEXT NOT NULL, before TEXT NOT NULL);
CREATE INDEX deed_source ON deed(source);
CREATE TABLE review(position INTEGER PRIMARY KEY, recorded_us INTEGER NOT NULL, person TEXT NOT NULL,
  undone INTEGER NOT NULL, how TEXT NOT NULL, note TEXT NOT NULL);
CREATE TABLE hold(source TEXT PRIMARY KEY, position INTEGER NOT NULL, since_us INTEGER NOT NULL,
  back_us INTEGER NOT NULL, person TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE flagged(position INTEGER NOT NULL, flagged_by INTEGER NOT NULL, reason TEXT NOT NULL,
  score REAL NOT NULL, PRIMARY KEY(position, flagged_by)) WITHOUT ROWID;
CREATE TABLE feed(feed TEXT PRIMARY KEY, last_heard_us INTEGER, received INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0, differing INTEGER NOT NULL DEFAULT 0, connects INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;

CREATE TABLE origin(ordinal INTEGER PRIMARY KEY, origin TEXT NOT NULL, statement TEXT NOT NULL, cites TEXT NOT NULL,
  opened_us INTEGER NOT NULL, position INTEGER NOT NULL);
CREATE TABLE adoption(position INTEGER PRIMARY KEY, origin TEXT NOT NULL, recorded_us INTEGER NOT NULL,
  author TEXT NOT NULL, approver TEXT NOT NULL);
CREATE TABLE fork(position INTEGER PRIMARY KEY, origin TEXT NOT NULL, recorded_us INTEGER NOT NULL,
  size INTEGER NOT NULL, witness TEXT NOT NULL);
CREATE TABLE account(person TEXT PRIMARY KEY, login TEXT NOT NULL, name TEXT NOT NULL, password TEXT NOT NULL,
  roles TEXT NOT NULL, active INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX account_login ON account(login);
CREATE TABLE session(session TEXT PRIMARY KEY, person TEXT NOT NULL, basis TEXT NOT NULL, unit TEXT NOT NULL,
  claimed_name TEXT NOT NULL, opened_us INTEGER NOT NULL, until_us INTEGER, closed_us INTEGER, device TEXT NOT NULL,
  witness TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE unit_card(unit TEXT PRIMARY KEY, card TEXT NOT NULL, recipient TEXT NOT NULL, codes TEXT NOT NULL,
  issued_us INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE custody(position INTEGER PRIMARY KEY, recorded_us INTEGER NOT NULL, deed TEXT NOT NULL,
  number INTEGER NOT NULL, recipient TEXT NOT NULL, failed INTEGER NOT NULL, tried INTEGER NOT NULL);
CREATE TABLE code_used(card TEXT NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY(card, idx)) WITHOUT ROWID;
CREATE TABLE proposal(proposal TEXT PRIMARY KEY, deed TEXT NOT NULL, arguments TEXT NOT NULL, person TEXT NOT NULL,
  position INTEGER NOT NULL, recorded_us INTEGER NOT NULL, decided INTEGER NOT NULL DEFAULT 0,
  approved INTEGER NOT NULL DEFAULT 0, by TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE read_log(position INTEGER PRIMARY KEY, recorded_us INTEGER NOT NULL, person TEXT NOT NULL,
  session TEXT NOT NULL, what TEXT NOT NULL, patient TEXT NOT NULL, unit TEXT NOT NULL, reason TEXT NOT NULL,
  fold TEXT NOT NULL, shown INTEGER NOT NULL);
CREATE TABLE pack(position INTEGER PRIMARY KEY, recorded_us INTEGER NOT NULL, unit TEXT NOT NULL, pack TEXT NOT NULL,
  kind TEXT NOT NULL, pages INTEGER NOT NULL, sha256 BLOB NOT NULL);
CREATE TABLE sheet(sheet TEXT NOT NULL, copy INTEGER NOT NULL, unit TEXT NOT NULL, pack TEXT NOT NULL,
  patient TEXT NOT NULL, form TEXT NOT NULL, page INTEGER NOT NULL, pages INTEGER NOT NULL, person TEXT NOT NULL,
  position INTEGER NOT NULL, recorded_us INTEGER NOT NULL, PRIMARY KEY(sheet, copy, page, position)) WITHOUT ROWID;
CREATE INDEX sheet_patient ON sheet(patient) WHERE form = 'mar';
"""
