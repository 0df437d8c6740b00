"""What runs in the program: threads, tasks of asyncio and trio, greenlets; and what of it the debugger itself uses."""
