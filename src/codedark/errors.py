"""Every error codedark raises on purpose, in one tree.

    CodedarkError
    ├── ConfigError                codedark.toml or a setting is wrong                        exit 10
    ├── JournalError               the record itself                                          exit 20
    │   ├── AppendFailed           nothing was kept: the sender must send again               exit 21
    │   ├── ChainBroken(position)  an entry, checkpoint or derived row is not what was signed exit 22
    │   ├── ForkFound(position)    two histories with one name                                exit 23
    │   ├── CannotUnseal           no key here opens this entry                               exit 24
    │   ├── UnknownFormat          written by a codedark this one does not know               exit 25
    │   └── Locked                 another node has this folder                               exit 26
    ├── MessageError               something that arrived; its bytes are kept                 exit 30
    │   ├── BadFrame               not an MLLP frame                                          exit 31
    │   ├── Unparsable             not HL7 ER7, FHIR JSON or NDJSON                           exit 32
    │   └── Uninterpretable        read, but its meaning is not known                         exit 33
    ├── ActionRefused              a person may not do this, or not alone                     exit 40
    ├── PackError                  a pack could not be drawn                                  exit 50
    ├── UpdateRefused              an update bundle is not taken; nothing was changed         exit 55
    ├── EhrError                   the EHR's FHIR server                                      exit 70
    │   ├── EhrSilent              no answer, or none in time: ask again later                exit 71
    │   └── EhrRefused             it said no, or something that cannot be right              exit 72
    │       └── EhrDenied          it does not take us for who we are, or not for this        exit 73
    ├── CageError                  a file of others could not be opened safely                exit 80
    │   ├── NoCage                 this machine cannot cage a decoder                         exit 81
    │   └── FileRefused            the file is damaged, locked, too large or takes too long   exit 82
    └── NotFound                   no such unit, patient, entry or file                       exit 60

Each class has an exit code, a slug (its heading in docs/reference/errors.md) and a hint: the next step for the
person who reads it. No message carries patient data: say the position, the path or the file line instead.
"""

from __future__ import annotations


class CodedarkError(Exception):
    """The root of the tree. `str(error)` says what and where; `error.hint` says what to do next."""

    exit_code = 1
    slug = "codedark-error"
    default_hint = "Run `codedark doctor`."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint or self.default_hint


class ConfigError(CodedarkError):
    """codedark.toml, a flag or a folded setting is wrong."""

    exit_code = 10
    slug = "config-error"
    default_hint = "Correct codedark.toml; `codedark doctor` checks it line by line."


class JournalError(CodedarkError):
    """The record itself."""

    exit_code = 20
    slug = "journal-error"
    default_hint = "Run `codedark journal verify`; keep the folder as it is."


class AppendFailed(JournalError):
    """Nothing was kept. The caller must not acknowledge; the sender sends again."""

    exit_code = 21
    slug = "append-failed"
    default_hint = "Free space on the journal's disk; capture resumes by itself."


class ChainBroken(JournalError):
    """An entry, checkpoint or derived row is not what was written. `position` is the first bad one (-1: none known)."""

    exit_code = 22
    slug = "chain-broken"
    default_hint = "Keep this folder untouched as evidence; restore from a pulled copy."

    def __init__(self, position: int, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"chain broken at {position}: {reason}", hint=hint)
        self.position = position
        self.reason = reason


class ForkFound(JournalError):
    """Two histories carry one origin's name. `position` is the first entry where they can differ."""

    exit_code = 23
    slug = "fork-found"
    default_hint = "Both copies keep capturing; neither may ship. Two people decide which is adopted."

    def __init__(self, position: int, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"fork found at {position}: {reason}", hint=hint)
        self.position = position
        self.reason = reason


class CannotUnseal(JournalError):
    """No key given here opens this entry, or its seal is broken."""

    exit_code = 24
    slug = "cannot-unseal"
    default_hint = "Use the facility key of this node, or restore it from three of the five cards."


class UnknownFormat(JournalError):
    """A volume, header or export of a format this codedark does not know."""

    exit_code = 25
    slug = "unknown-format"
    default_hint = "Use the codedark version that wrote it, or a newer one."


class Locked(JournalError):
    """Another node holds this folder."""

    exit_code = 26
    slug = "locked"
    default_hint = "Stop the other node, or give the command its folder so that it talks to that node."


class MessageError(CodedarkError):
    """Something that arrived. Its bytes are kept whatever is wrong with it."""

    exit_code = 30
    slug = "message-error"
    default_hint = "Look at `codedark worklist`."


class BadFrame(MessageError):
    """Bytes outside an MLLP frame, or a frame over the limit."""

    exit_code = 31
    slug = "bad-frame"
    default_hint = "Check that the sender speaks MLLP (0x0B … 0x1C 0x0D) and the frame limit in codedark.toml."


class Unparsable(MessageError):
    """Not HL7 ER7, FHIR JSON or NDJSON; `place` says where (segment, offset or line)."""

    exit_code = 32
    slug = "unparsable"
    default_hint = "The bytes are kept; show the entry to the interface engineer of that feed."

    def __init__(self, message: str, *, place: str = "", hint: str | None = None) -> None:
        super().__init__(f"{message} at {place}" if place else message, hint=hint)
        self.place = place


class Uninterpretable(MessageError):
    """Read, but its meaning is not known here; `place` says where."""

    exit_code = 33
    slug = "uninterpretable"
    default_hint = "It stands on the worklist with its reason; a later version may understand it after a rebuild."

    def __init__(self, message: str, *, place: str = "", hint: str | None = None) -> None:
        super().__init__(f"{message} at {place}" if place else message, hint=hint)
        self.place = place


class ActionRefused(CodedarkError):
    """A person may not do this, or not alone."""

    exit_code = 40
    slug = "action-refused"
    default_hint = "Ask a person whose role allows it, or open the unit envelope."


class PackError(CodedarkError):
    """A pack could not be drawn."""

    exit_code = 50
    slug = "pack-error"
    default_hint = "The last pack of the unit is still in the packs folder; print that one."


class UpdateRefused(CodedarkError):
    """An update bundle is not taken: its signatures, its version or what it would do. Nothing was changed."""

    exit_code = 55
    slug = "update-refused"
    default_hint = "Do not use this bundle; docs/operate/update.md says what to ask the maintainers."


class EhrError(CodedarkError):
    """The EHR's FHIR server, when we ask it. What was taken before is kept."""

    exit_code = 70
    slug = "ehr-error"
    default_hint = "Look at docs/operate/ehr.md; what was taken is kept."


class EhrSilent(EhrError):
    """The EHR's server does not answer, stays busy, or ends within an answer. Nothing is lost by asking again."""

    exit_code = 71
    slug = "ehr-silent"
    default_hint = "Run the same command again: it goes on where it stopped."


class EhrRefused(EhrError):
    """The EHR's server said no, or gave what cannot be right."""

    exit_code = 72
    slug = "ehr-refused"
    default_hint = "Ask the EHR's people; docs/operate/ehr.md says what they have to allow."


class EhrDenied(EhrRefused):
    """The EHR's server gives no token, or ours is not allowed what was asked. An export that was begun waits."""

    exit_code = 73
    slug = "ehr-denied"
    default_hint = "Ask the EHR's people whether client id, key and scopes are registered; check this node's clock."


class CageError(CodedarkError):
    """A file of others could not be opened safely: decoders run in a cage (docs/why/threat-model.md)."""

    exit_code = 80
    slug = "cage-error"
    default_hint = "The original is kept as it came; open it on a machine that is not the node."


class NoCage(CageError):
    """This machine's kernel cannot keep a decoder from network, files and processes, so none is started."""

    exit_code = 81
    slug = "no-cage"
    default_hint = "Use a kernel with seccomp and Landlock (docs/operate/install.md); see `codedark doctor`."


class FileRefused(CageError):
    """A file was not opened: damaged, locked, of no known kind, too large, too slow. The message says which."""

    exit_code = 82
    slug = "file-refused"
    default_hint = "Print or export it again from where it came; the next file is not affected."


class NotFound(CodedarkError):
    """No such unit, patient, entry or file."""

    exit_code = 60
    slug = "not-found"
    default_hint = "Check the name; `codedark status` lists units and feeds."
