"""What an agent sees and changes of a program: frames, expressions, modules, and where a thread is to go on."""
