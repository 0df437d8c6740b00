"""Where code stands: functions, sources of every kind, and the lines a traceback has come through."""
