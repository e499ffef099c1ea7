"""Faults in what reports brought to light: odd names, numbers, folders and files."""

from __future__ import annotations

from tests.mutants.mutation import Faults

NAMES = ("tests/gui/test_names_as_written.py",)
FOLDERS = ("tests/gui/test_opening_folders.py",)
DECODERS = ("tests/core/images/test_decoders.py",)
CONFINEMENT = ("tests/core/images/test_decoder_confinement.py",)
NO_ANSWER = ("tests/reports/test_files_that_do_not_answer.py",)

FAULTS = [
    Faults("gui/widgets/plain_text.py", *NAMES)
    .plant("names in tooltips are laid out", 'if "<" not in text and "&" not in text:', "if True:")
    .plant("an & in a menu is gone", 'return text.replace("&", "&&")', "return text"),
    Faults("gui/widgets/labels.py", *NAMES).plant(
        "names in labels are laid out",
        "        self.setTextFormat(Qt.PlainText)\n        self.setFont(text_font(pixels",
        "        self.setFont(text_font(pixels",
    ),
    Faults("gui/controllers/opening.py", *FOLDERS)
    .plant(
        "a folder beside a net is dropped",
        "        self._waiting_folder = found.folder or self._waiting_folder\n",
        "",
    )
    .plant(
        "a folder is indexed for ever after",
        "folder, self._waiting_folder = self._waiting_folder, None",
        "folder = self._waiting_folder",
    ),
    Faults("gui/widgets/number_fields.py", "tests/gui/test_decimal_points.py")
    .plant("a point is skipped", "    QLocale.setDefault(locale)\n", "")
    .plant(
        "a comma can't be typed",
        'super().validate(text.replace(",", "."), position)',
        "super().validate(text, position)",
    ),
    Faults("gui/dialogs/files.py", "tests/gui/test_file_dialogs.py").plant(
        "the folder of the typed one is opened",
        "max(dialog.selectedFiles(), key=len)",
        "min(dialog.selectedFiles(), key=len)",
    ),
    Faults("core/screen.py", "tests/reports/test_no_font.py").plant(
        "no font is no matter", "if _count_fonts() != 0:", "if True:"
    ),
    Faults("core/images/formats.py", *NO_ANSWER).plant(
        "sockets are opened", '    (stat.S_ISSOCK, "is a socket, no image"),\n', ""
    ),
    Faults("core/images/decoders/ahead.py", *DECODERS)
    .plant("a stuck file can't be cancelled", "        yield None\n", "        pass\n")
    .plant(
        "what was to be decoded ahead stays", "            task.let_go()\n", "            pass\n"
    ),
    Faults("core/images/decoders/pool.py", *DECODERS)
    .plant("a file may take for ever", "time.monotonic() + DECODE_SECONDS", "math.inf")
    .plant("a killed decoder costs a picture", "_N_TRIES = 2", "_N_TRIES = 1")
    .plant("who waits comes last", "(is_ahead, next", "(False, next")
    .plant(
        "cancelling is not heard", "                check_cancelled()\n", "                pass\n"
    ),
    Faults("core/images/decoders/process.py", *DECODERS)
    .plant(
        "a decoder that hangs lives on",
        "            self.kill()\n            is_dead",
        "            is_dead",
    )
    .plant(
        "a killed one is forgotten",
        "is_dead = self._has_died()\n        if",
        "is_dead = True\n        if",
    ),
    Faults("core/images/decoders/confinement.py", *CONFINEMENT)
    .plant("programs may start", "(1, 0x1FFF & ~0b1100)", "(1, 0x1FFE & ~0b1100)")
    .plant("the processor is anybody's", "resource.RLIMIT_CPU, (", "resource.RLIMIT_NOFILE, ("),
    Faults("core/images/picture_file.py", *DECODERS)
    .plant("pipes are waited for", 'getattr(os, "O_NONBLOCK", 0)', "0")
    .plant("files grow while they are read", "self._n_bytes - self._file.tell()", "1 << 40")
    .plant("files may be of any size", "status.st_size > MAX_FILE_BYTES", "status.st_size < 0"),
]
