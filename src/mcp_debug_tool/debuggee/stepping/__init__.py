"""What a step passes, which call it enters, and what comes back from those it passes."""
