"""Why a breakpoint was not hit, from what the processes of a run have told of it."""

from __future__ import annotations

from collections.abc import Sequence

from .breakpoints import Breakpoint, Place, Report


def why_not_hit(breakpoint: Breakpoint) -> str:
    """The likeliest reason, in a sentence."""
    if breakpoint.problem is not None:
        return breakpoint.problem
    if breakpoint.waits:
        return "no program has connected"
    reports = list(breakpoint.reports.values())
    passed = sum(report.passed for report in reports)
    if passed:
        return f"its condition was false {passed} time{'s' if passed != 1 else ''}"
    if breakpoint.spec.exception is not None:
        return "no such exception was raised where it could be seen"
    if not reports:
        return "the program ended without telling more (os._exit, a signal or a lost connection)"
    place = breakpoint.place
    if place is None:
        return f"{breakpoint.spec.file} was never imported"
    return _never_reached(place, reports) if any(r.loaded for r in reports) else _never_run(place, reports)


def _never_reached(place: Place, reports: Sequence[Report]) -> str:
    if any(report.nothing_there for report in reports):
        return "the template was rendered, and nothing from this line on can be stopped at"
    ran = "the template was rendered" if place.is_template else "the file was imported"
    return f"its line was never reached; {'code of that name has run' if _is_made_up(place) else ran}"


def _never_run(place: Place, reports: Sequence[Report]) -> str:
    file = place.remote or place.file
    if _is_made_up(place):
        return f"no code that was compiled as {file} has run"
    never = f"{file} was never {'rendered by Django or Jinja2' if place.is_template else 'imported'}"
    others = sorted({other for report in reports for other in report.same_name})
    if not others:
        return never
    moved = place.remote not in ("", place.file)
    cure = "the path_map leads elsewhere" if moved else "map it with path_map, or set the breakpoint there"
    return f"{never}; the program ran {', '.join(others)} of the same name: {cure}"


def _is_made_up(place: Place) -> bool:
    return place.file.startswith("<")
