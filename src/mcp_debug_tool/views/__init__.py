"""What an agent reads: every answer as compact data and as text, made from the same parts. Pure functions.

Some hosts show their model only the text, others only the data, so each stands alone. Text of the program is data
here: it stands in fields of its own, on bounded lines, with control characters made visible.
"""

from .answer import Answer, cut, cut_path, cut_source, cut_value, path, visible
from .asked import (
    assigned_page,
    breakpoint_line,
    breakpoints_page,
    evaluation_page,
    is_cut,
    output_page,
    sessions_page,
    stack_page,
    variables_page,
)
from .further import completions_page, modules_page
from .masked import masked
from .overview import overview_page
from .state import (
    ALL_OUTPUT,
    NEXT_AT_CRASH,
    NEXT_AT_STOP,
    NEXT_EXITED,
    NEXT_LOST,
    NEXT_RUNNING,
    PAGE_BYTES,
    STACK_SHOWN,
    WHOLE_VALUE,
    Scene,
    exception_line,
    exit_page,
    exit_reason,
    lost_page,
    progress_line,
    running_page,
    source,
    stack_lines,
    stop_page,
    stop_reason,
    tail,
)

__all__ = [
    "ALL_OUTPUT",
    "NEXT_AT_CRASH",
    "NEXT_AT_STOP",
    "NEXT_EXITED",
    "NEXT_LOST",
    "NEXT_RUNNING",
    "PAGE_BYTES",
    "STACK_SHOWN",
    "WHOLE_VALUE",
    "Answer",
    "Scene",
    "assigned_page",
    "breakpoint_line",
    "breakpoints_page",
    "completions_page",
    "cut",
    "cut_path",
    "cut_source",
    "cut_value",
    "evaluation_page",
    "exception_line",
    "exit_page",
    "exit_reason",
    "is_cut",
    "lost_page",
    "masked",
    "modules_page",
    "output_page",
    "overview_page",
    "path",
    "progress_line",
    "running_page",
    "sessions_page",
    "source",
    "stack_lines",
    "stack_page",
    "stop_page",
    "stop_reason",
    "tail",
    "variables_page",
    "visible",
]
