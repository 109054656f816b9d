"""``manage.py mango_index_numbers``: the phone index after bulk updates, or whether it is right."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from tqdm import tqdm

from ...services.phone_fields import phone_models
from ...services.phone_index import IndexReport
from ...services.phone_rebuild import IndexProgress, index_numbers
from ..base import FAILED, NOT_TRIED, MangoCommand
from ..streams import RawStream


class Bar(IndexProgress):
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._bar: tqdm[Any] | None = None

    def started(self, objects: int) -> None:
        self._bar = tqdm(
            total=objects,
            file=RawStream(self._out),
            unit=_("object"),
            dynamic_ncols=True,
            leave=False,
        )

    def read(self, objects: int) -> None:
        if self._bar is not None:
            self._bar.update(objects)
            self._bar.refresh()  # tqdm skips what follows too closely, the last part too

    def close(self) -> None:
        """Leave the terminal clean."""
        if self._bar is not None:
            self._bar.close()


class Command(MangoCommand):
    summary = gettext_lazy(
        "Bring the phone index up to date with the models of PHONE_FIELDS, or compare them."
    )
    after_interrupt = gettext_lazy("What was indexed is stored; the command can be repeated.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--verify",
            action="store_true",
            help=_("change nothing; exit code 1 when the index differs from the objects"),
        )
        parser.add_argument(
            "--model",
            action="append",
            metavar="APP.MODEL",
            help=_("only this model; may be given several times"),
        )

    def handle(
        self,
        *args: Any,
        verify: bool = False,
        model: list[str] | str | None = None,
        verbosity: int = 1,
        **options: Any,
    ) -> None:
        chosen = _chosen([model] if isinstance(model, str) else model)
        self.work_begins()
        bar = Bar(self.stderr) if verbosity and self.stderr.isatty() else None
        try:
            report = index_numbers(chosen, verify=verify, progress=bar)
        finally:
            if bar is not None:
                bar.close()
        if verbosity:
            self._tell(report)
        self._judge(report, verify=verify)

    def _tell(self, report: IndexReport) -> None:
        self.stdout.write(
            _("Objects: %(objects)d, numbers: %(numbers)d.")
            % {"objects": report.objects, "numbers": report.numbers}
        )
        self.stdout.write(
            _(
                "Added: %(added)d, retired: %(retired)d, corrected: %(corrected)d,"
                " removed: %(removed)d."
            )
            % {
                "added": report.added,
                "retired": report.retired,
                "corrected": report.corrected,
                "removed": report.removed,
            }
        )

    def _judge(self, report: IndexReport, *, verify: bool) -> None:
        differs = verify and report.changes
        if differs or report.bad:
            for line in report.examples:
                self.stderr.write(f"  {line}")
        if report.bad:
            raise CommandError(
                ngettext(
                    "%(count)d object could not be read.",
                    "%(count)d objects could not be read.",
                    report.bad,
                )
                % {"count": report.bad},
                returncode=FAILED,
            )
        if differs:
            raise CommandError(
                _("The phone index differs from the objects: run mango_index_numbers."),
                returncode=FAILED,
            )


def _chosen(labels: list[str] | None) -> list[type[Model]] | None:
    known = {model._meta.label_lower: model for model in phone_models()}
    if not known:
        raise CommandError(
            _("No model is configured: set MANGO['PHONE_FIELDS']."), returncode=NOT_TRIED
        )
    if not labels:
        return None
    chosen = []
    for label in labels:
        if label.lower() not in known:
            raise CommandError(
                _("MANGO['PHONE_FIELDS'] has no model %(model)s, only: %(known)s.")
                % {
                    "model": label,
                    "known": ", ".join(one._meta.label for one in known.values()),
                },
                returncode=NOT_TRIED,
            )
        chosen.append(known[label.lower()])
    return chosen
