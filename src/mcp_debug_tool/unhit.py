"""Why a breakpoint was not hit, from what the processes of a run have told of it."""

from __future__ import annotations

from .breakpoints import Breakpoint


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
    if any(report.loaded for report in reports):
        return "its line was never reached; the file was imported"
    place = breakpoint.place
    file = place.in_program if place is not None else breakpoint.spec.file
    others = sorted({other for report in reports for other in report.same_name})
    if others:
        moved = place is not None and place.remote not in ("", place.file)
        cure = "the path_map leads elsewhere" if moved else "map it with path_map, or set the breakpoint there"
        return f"{file} was never imported; the program ran {', '.join(others)} of the same name: {cure}"
    return f"{file} was never imported"
