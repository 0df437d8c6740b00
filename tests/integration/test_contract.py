"""The private points of pydevd that `debuggee/` leans on: a debugpy in which one is gone fails here, by name.

Where one is missing the product goes on without that patch; this test is how we notice.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from pythons import VERSIONS, find

from mcp_debug_tool.interpreters import DEBUGPY

POINTS = (
    "pydevd.start_client",
    "pydevd.settrace",
    "pydevd.time.sleep",
    "pydevd.get_global_debugger",
    "pydevd.CheckAliveThread.__init__",
    "pydevd.PyDB.initialize_network",
    "pydevd.PyDB.get_internal_queue_and_event",
    "pydevd.PyDB._PyDB__wait_for_threads_to_finish",
    "pydevd.PyDB.on_disconnect",
    "pydevd.PyDB.has_user_threads_alive",
    "pydevd.PyDB.set_exclude_filters",
    "pydevd.PyDB.get_use_libraries_filter",
    "pydevd.PyDB.trigger_exception_handler",
    "pydevd.PyDB.apply_files_filter",
    "pydevd.PyDB.do_wait_suspend",
    "pydevd.PyDB.set_suspend",
    "pydevd.PyDB.handle_breakpoint_condition",
    "pydevd.PyDB.set_trace_for_frame_and_parents",
    "pydevd.PyDB.in_project_scope",
    "pydevd.PyDB.get_file_type",
    "pydevd.PYDEV_FILE",
    "pydevd.AbstractSingleNotificationBehavior.on_thread_suspend",
    "pydevd.AbstractSingleNotificationBehavior.increment_suspend_time",
    "pydevd.PyDB.enable_tracing",
    "pydevd.PyDB.set_next_statement",
    "pydevd.PyDevdAPI.set_dont_trace_start_end_patterns",
    "_pydevd_bundle.pydevd_constants.after_fork",
    "_pydevd_bundle.pydevd_custom_frames.custom_frames_container_init",
    "_pydevd_sys_monitoring.pydevd_sys_monitoring.reset_thread_local_info",
    "_pydevd_bundle.pydevd_filtering.USER_CODE_BASENAMES_STARTING_WITH",
    "pydevd_tracing.TracingFunctionHolder._warn",
    "_pydevd_bundle.pydevd_comm.ReaderThread._terminate_on_socket_close",
    "_pydevd_bundle.pydevd_comm._queue.Queue",
    "_pydevd_bundle.pydevd_thread_lifecycle.internal_run_thread",
    "_pydevd_bundle.pydevd_thread_lifecycle.resume_threads",
    "_pydevd_bundle.pydevd_thread_lifecycle.mark_thread_suspended",
    "_pydevd_bundle.pydevd_thread_lifecycle.suspend_all_threads",
    "_pydevd_bundle.pydevd_thread_lifecycle.suspend_threads_lock",
    "_pydevd_bundle.pydevd_utils.get_non_pydevd_threads",
    "_pydevd_bundle.pydevd_constants.get_thread_id",
    "_pydevd_bundle._debug_adapter.pydevd_base_schema.BaseSchema._translate_id_to_dap",
    "_pydevd_bundle._debug_adapter.pydevd_base_schema.BaseSchema._translate_id_from_dap",
    "_pydevd_bundle.pydevd_suspended_frames.SuspendedFramesManager.find_frame",
    "_pydevd_bundle.pydevd_suspended_frames.SuspendedFramesManager.get_thread_id_for_variable_reference",
    "_pydevd_bundle._debug_adapter.pydevd_base_schema.BaseSchema._dap_id_to_obj_id",
    "_pydevd_bundle.pydevd_vars.evaluate_expression",
    "_pydevd_bundle.pydevd_breakpoints.get_exception_breakpoint",
    "_pydevd_bundle.pydevd_trace_dispatch.should_stop_on_exception",
    "_pydevd_bundle.pydevd_trace_dispatch.handle_exception",
    "_pydevd_bundle.pydevd_trace_dispatch_regular.is_unhandled_exception",
    "_pydevd_bundle.pydevd_frame_utils.create_frames_list_from_exception_cause",
    "_pydevd_bundle.pydevd_net_command_factory_json.build_exception_info_response",
    "_pydevd_bundle.pydevd_net_command_factory_json.NetCommandFactoryJson.make_get_thread_stack_message",
    "_pydevd_bundle.pydevd_suspended_frames.SuspendedFramesManager.get_frames_list",
    "_pydevd_bundle.pydevd_constants.get_current_thread_id",
    "_pydevd_bundle.pydevd_daemon_thread.PyDBDaemonThread.__init__",
    "_pydevd_bundle.pydevd_daemon_thread.threading.Thread.__init__",
    "_pydev_bundle.pydev_is_thread_alive.threading.Thread",
    "pydevd.PyDB.is_attached",
    "pydevd.PyDB.on_breakpoints_changed",
    "_pydevd_bundle.pydevd_timeout.TimeoutTracker.call_on_timeout",
    "_pydevd_bundle.pydevd_filtering.ExcludeFilter",
    "_pydevd_bundle.pydevd_filtering.FilesFiltering.in_project_roots",
    "_pydevd_bundle.pydevd_net_command.NetCommand",
    "_pydevd_bundle.pydevd_constants.GlobalDebuggerHolder.global_dbg",
    "_pydevd_bundle.pydevd_constants.HTTP_JSON_PROTOCOL",
    "_pydevd_bundle.pydevd_constants.STATE_SUSPEND",
    "_pydevd_bundle.pydevd_defaults.PydevdCustomization.DEFAULT_PROTOCOL",
    "_pydevd_bundle.pydevd_comm_constants.CMD_STEP_CAUGHT_EXCEPTION",
    "_pydevd_bundle.pydevd_comm_constants.CMD_STEP_OVER",
    "_pydevd_bundle.pydevd_comm_constants.CMD_STEP_OVER_MY_CODE",
    "_pydevd_bundle.pydevd_comm_constants.CMD_STEP_RETURN",
    "_pydevd_bundle.pydevd_comm_constants.CMD_STEP_RETURN_MY_CODE",
    "_pydev_bundle.pydev_log._LoggingGlobals._debug_stream_initialized",
    "_pydevd_bundle.pydevd_frame_utils.create_frames_list_from_frame",
    "_pydevd_bundle.pydevd_frame_utils.create_frames_list_from_traceback",
    "_pydevd_bundle.pydevd_plugin_utils.PluginManager.activate",
    "_pydevd_bundle.pydevd_plugin_utils.PluginManager.has_line_breaks",
    "_pydevd_bundle.pydevd_save_locals.save_locals",
    "_pydevd_bundle.pydevd_constants.IGNORE_BASENAMES_STARTING_WITH",
    "_pydevd_bundle.pydevd_additional_thread_info.PyDBAdditionalThreadInfo.update_stepping_info",
    "pydevd.PyDB.get_cache_file_type",
    "pydevd.PyDB.get_plugin_lazy_init",
    "pydevd.PyDB._clear_caches",
    "pydevd_file_utils.exists",
    "pydevd_file_utils._get_relative_filename_abs_path",
    "pydevd_tracing.SetTrace",
    "pydevd_tracing.restore_sys_set_trace_func",
    "pydevd.PyDB._do_wait_suspend",
    "pydevd.PyDB.set_tracing_for_untraced_contexts",
    "pydevd.PyDB._create_check_output_thread",
    "pydevd.PyDevdAPI.request_step",
    "pydevd.stop_on_unhandled_exception",
    "pydevd.fix_top_level_trace_and_get_trace_func",
    "_pydev_bundle.pydev_monkey.threading_modules_to_patch",
    "_pydev_bundle._pydev_saved_modules.threading",
    "_pydevd_bundle.pydevd_xml._create_default_type_map",
    "_pydevd_bundle.pydevd_utils.SUPPORT_GEVENT",
)

CHECK = """
import importlib, os, sys
os.environ["PYDEVD_USE_FRAME_EVAL"] = "NO"
sys.path.insert(0, os.path.join(sys.argv[1], "_vendored", "pydevd"))
import inspect, pydevd
from _pydevd_bundle import pydevd_constants, pydevd_frame
for name, value in (("STATE_SUSPEND", 2), ("EXCEPTION_TYPE_USER_UNHANDLED", "USER_UNHANDLED")):
    if getattr(pydevd_constants, name) != value:
        print(name)
wanted = ["py_db", "info", "frame", "thread", "arg", "prev_user_uncaught_exc_info", "is_unwind"]
if list(inspect.signature(pydevd_frame.should_stop_on_exception).parameters) != wanted:
    print("should_stop_on_exception()")
if len(inspect.signature(pydevd_frame.handle_exception).parameters) != 5:
    print("handle_exception()")
for point in sys.argv[2:]:
    parts = point.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
            break
        except ImportError:
            continue
    for name in parts[cut:]:
        if not hasattr(found, name):
            print(point)
            break
        found = getattr(found, name)
debugger = pydevd.PyDB(set_as_global=False)
for name in ("get_exception_breakpoint", "break_on_caught_exceptions", "break_on_uncaught_exceptions", "mtime",
             "suspended_frames_manager", "timeout_tracker", "_files_filtering", "created_pydb_daemon_threads",
             "check_alive_thread", "writer", "is_files_filter_enabled", "file_to_id_to_plugin_breakpoint",
             "has_plugin_line_breaks", "set_additional_thread_info", "break_on_user_uncaught_exceptions"):
    if not hasattr(debugger, name):
        print("PyDB()." + name)
from _pydevd_bundle.pydevd_additional_thread_info import PyDBAdditionalThreadInfo
for name in ("pydev_step_cmd", "pydev_original_step_cmd", "pydev_step_stop", "pydev_state"):
    if not hasattr(PyDBAdditionalThreadInfo(), name):
        print("PyDBAdditionalThreadInfo()." + name)
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_pydevd_still_has_what_the_patches_lean_on(version: str) -> None:
    python = find(version)
    if python is None:
        pytest.skip(f"no CPython {version} on this machine")
    run = subprocess.run(
        [python, "-c", CHECK, DEBUGPY, *POINTS], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_the_check_itself_notices_a_missing_point() -> None:
    run = subprocess.run(
        [sys.executable, "-c", CHECK, DEBUGPY, "pydevd.no_such_point"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout.split() == ["pydevd.no_such_point"]
